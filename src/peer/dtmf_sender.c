/* SPDX-License-Identifier: MIT */
/* RTCDTMFSender (webrtc-pc 7.2); see dtmf_sender.h. */
#include "dtmf_sender.h"

#include "direction.h"
#include "peer.h"
#include "peer_transport.h"
#include "transport.h"

enum { DURATION_MIN_MS = 40, DURATION_MAX_MS = 6000, GAP_MIN_MS = 30, GAP_MAX_MS = 6000, PAUSE_MS = 2000, MS = 1000 };

static const char keys[] = "0123456789*#ABCD"; /* in the order of their events (RFC 4733 section 3.2) */

static rtc_rtp_transceiver *owner_of(const rtc_dtmf_sender *dtmf)
{
    return link_owner((uintptr_t)dtmf, rtc_rtp_transceiver, sender.dtmf);
}

static bool sends(const rtc_rtp_transceiver *t)
{
    return t->state == TRANSCEIVER_LIVE && t->has_current_direction && direction_sends(t->current_direction);
}

/* webrtc-pc 7.2, "determine if DTMF can be sent"; why not, or NULL. */
static const char *obstacle(const rtc_rtp_transceiver *t)
{
    if (!t->connection || t->connection->states.connection != RTC_PEER_CONNECTION_CONNECTED)
        return "the connection is not connected";
    if (t->state != TRANSCEIVER_LIVE)
        return "the transceiver is stopped";
    if (!t->sender.track)
        return "the sender has no track";
    if (!sends(t))
        return "the sender does not send";
    if (t->sender.encodings[0].settings.inactive)
        return "the sender's encoding is not active";
    return t->sender.takes_tones ? NULL : "the peer does not take telephone events";
}

/* ---- The playout task ---- */

static void play(rtc_rtp_transceiver *t, rtc_time_t now, char tone)
{
    uint8_t event = (uint8_t)(strchr(keys, tone) - keys);
    uint32_t stream = t->sender.encodings[0].stream;
    if (t->transport && stream)
        (void)rtp_session_send_tone(transport_media(t->transport), now, stream, event, (rtc_time_t)t->sender.dtmf.duration_ms * MS);
    t->connection->output_waits = true;
}

rtc_time_t dtmf_sender_deadline(const rtc_rtp_transceiver *t)
{
    return t->sender.dtmf.scheduled ? t->sender.dtmf.next : RTC_TIME_NEVER;
}

void dtmf_sender_tick(rtc_rtp_transceiver *t, rtc_time_t now)
{
    rtc_dtmf_sender *dtmf = &t->sender.dtmf;
    if (!dtmf->scheduled || now < dtmf->next)
        return;
    dtmf->scheduled = false;
    if (obstacle(t))
        return;
    char tone = dtmf->tones ? dtmf->tones[dtmf->played] : '\0';
    if (tone) {
        dtmf->played++;
        dtmf->scheduled = true;
        dtmf->next = now + (rtc_time_t)(tone == ',' ? PAUSE_MS : dtmf->duration_ms + dtmf->gap_ms) * MS;
    }
    if (tone && tone != ',')
        play(t, now, tone);
    (void)transceiver_tell(t, TRANSCEIVER_TONE_CHANGE, tone);
}

/* ---- Public ---- */

rtc_dtmf_sender *rtc_rtp_sender_dtmf(rtc_rtp_sender *sender)
{
    const rtc_rtp_transceiver *t = sender ? link_owner(sender, rtc_rtp_transceiver, sender) : NULL;
    return t && t->kind == RTC_MEDIA_AUDIO ? &sender->dtmf : NULL;
}

rtc_dtmf_sender *rtc_dtmf_sender_ref(rtc_dtmf_sender *dtmf)
{
    if (dtmf)
        (void)rtc_rtp_transceiver_ref(owner_of(dtmf));
    return dtmf;
}

void rtc_dtmf_sender_unref(rtc_dtmf_sender *dtmf)
{
    if (dtmf)
        rtc_rtp_transceiver_unref(owner_of(dtmf));
}

int rtc_dtmf_sender_set_callbacks(rtc_dtmf_sender *dtmf, const rtc_dtmf_sender_callbacks *callbacks, void *user)
{
    if (!dtmf)
        return error_say(RTC_ERR_TYPE, "rtc_dtmf_sender_set_callbacks: dtmf is NULL");
    int error = peer_options(owner_of(dtmf)->connection, &dtmf->callbacks, sizeof dtmf->callbacks, callbacks, "rtc_dtmf_sender_callbacks");
    if (!error)
        dtmf->user = user;
    return error;
}

bool rtc_dtmf_sender_can_insert(const rtc_dtmf_sender *dtmf)
{
    return !obstacle(owner_of(dtmf));
}

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'd' ? c - 'a' + 'A' : c);
}

static uint32_t within(uint32_t value, uint32_t least, uint32_t most)
{
    return value < least ? least : value > most ? most : value;
}

int rtc_dtmf_sender_insert(rtc_dtmf_sender *dtmf, const char *tones, uint32_t duration_ms, uint32_t gap_ms)
{
    if (!dtmf || !tones)
        return error_say(RTC_ERR_TYPE, "rtc_dtmf_sender_insert: %s is NULL", dtmf ? "tones" : "dtmf");
    rtc_rtp_transceiver *t = owner_of(dtmf);
    rtc_peer_connection *pc = t->connection;
    const char *why = obstacle(t);
    if (why)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "tones can not be sent: %s", why);
    for (const char *c = tones; *c; c++)
        if (*c != ',' && !strchr(keys, upper(*c)))
            return peer_fail(pc, RTC_ERR_INVALID_CHARACTER, "'%c' at %zu is no tone", *c, (size_t)(c - tones));
    int error = peer_begin(pc);
    char *copy = error ? NULL : memory_text(pc->context, tones, strlen(tones));
    if (!copy)
        return peer_end(pc, error ? error : RTC_ERR_NO_MEMORY);
    for (char *c = copy; *c; c++)
        *c = upper(*c);
    memory_free(pc->context, dtmf->tones);
    dtmf->tones = copy;
    dtmf->played = 0;
    dtmf->duration_ms = within(duration_ms, DURATION_MIN_MS, DURATION_MAX_MS);
    dtmf->gap_ms = within(gap_ms, GAP_MIN_MS, GAP_MAX_MS);
    if (!copy[0] || dtmf->scheduled)
        return RTC_OK;
    dtmf->scheduled = true;
    dtmf->next = pc->now;
    peer_settle(pc);
    return RTC_OK;
}

const char *rtc_dtmf_sender_tone_buffer(const rtc_dtmf_sender *dtmf)
{
    return dtmf->tones ? dtmf->tones + dtmf->played : "";
}
