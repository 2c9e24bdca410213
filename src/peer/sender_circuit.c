/* SPDX-License-Identifier: MIT */
/* See sender_circuit.h. */
#include "sender_circuit.h"

#include "peer.h"
#include "rtp_breaker.h"
#include "send_pipeline.h"

rtc_circuit rtc_rtp_sender_circuit(const rtc_rtp_sender *sender)
{
    rtc_circuit worst = RTC_CIRCUIT_CLOSED;
    for (size_t i = 0; i < sender->encoding_count; i++)
        worst = sender->encodings[i].circuit > worst ? sender->encodings[i].circuit : worst;
    return worst;
}

const char *sender_circuit_reason(const struct sender_encoding *encoding)
{
    static const char *const reasons[] = {
        [RTP_BREAKER_CLOSED] = "",
        [RTP_BREAKER_MEDIA_TIMEOUT] = "none of its packets arrive",
        [RTP_BREAKER_RTCP_TIMEOUT] = "the receiver does not report about it",
        [RTP_BREAKER_CONGESTION] = "the network loses far too much of it",
    };
    return reasons[encoding->circuit_reason];
}

void sender_circuit_changed(rtc_rtp_transceiver *t, struct sender_encoding *encoding, enum rtp_circuit circuit, uint32_t reason)
{
    rtc_circuit now = (rtc_circuit)circuit;
    encoding->circuit = now;
    encoding->circuit_reason = reason;
    sender_heard_of_stream(&t->sender);
    if (t->sender.pipeline)
        send_pipeline_set_stopped(t->sender.pipeline, sender_is_stopped(&t->sender));
    if (!t->connection)
        return;
    peer_log(t->connection, now == RTC_CIRCUIT_CLOSED ? RTC_LOG_INFO : RTC_LOG_WARNING, "section '%s': the circuit breaker is %s%s%s",
             t->mid, rtc_circuit_name(now), now == RTC_CIRCUIT_CLOSED ? "" : ": ",
             now == RTC_CIRCUIT_CLOSED ? "" : sender_circuit_reason(encoding));
    (void)transceiver_tell(t, TRANSCEIVER_CIRCUIT, (int)rtc_rtp_sender_circuit(&t->sender));
}
