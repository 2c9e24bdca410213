/* SPDX-License-Identifier: MIT */
/* RTCP as our writers write it, a compound datagram as a line of hexadecimal digits: on the wire it is encrypted, so that tools can not
 * judge it there. */
#include "rtcp.h"

#include <stdio.h>

enum { SSRC = 0x11223344, MEDIA = 0x55667788 };

static const struct rtcp_sender_info sender = {.ntp = 0xe8a1b2c300000000u, .timestamp = 90000, .packets = 100, .octets = 100000};
static const struct rtcp_report reports[] = {
    {.ssrc = MEDIA,
     .fraction_lost = 25,
     .lost = -3,
     .highest_sequence = 0x00010005,
     .jitter = 17,
     .last_sr = 0x12345678,
     .delay_since_last_sr = 65536},
    {.ssrc = MEDIA + 1, .lost = 0x7fffff},
};
static const uint32_t sources[] = {SSRC, MEDIA};

static void write_sender_report(struct writer *w)
{
    rtcp_write_sr(w, SSRC, &sender, reports, 2);
    rtcp_write_sdes(w, SSRC, slice_str("name"));
    rtcp_write_bye(w, sources, 2);
}

static void write_receiver_report(struct writer *w)
{
    rtcp_write_rr(w, SSRC, reports, 1);
    rtcp_write_sdes(w, SSRC, slice_str("another name"));
}

static void write_bare_report(struct writer *w)
{
    rtcp_write_rr(w, SSRC, NULL, 0);
    rtcp_write_sdes(w, SSRC, slice_str(""));
}

static void write_nack(struct writer *w)
{
    static const uint16_t sequences[] = {1, 2, 5, 17, 18, 100, 65535};
    write_bare_report(w);
    rtcp_write_nack(w, SSRC, MEDIA, sequences, 6);
    rtcp_write_nack(w, SSRC, MEDIA, sequences + 6, 1);
}

static void write_requests(struct writer *w)
{
    write_bare_report(w);
    rtcp_write_pli(w, SSRC, MEDIA);
    rtcp_write_fir(w, SSRC, MEDIA, 7);
}

static void write_estimate(struct writer *w)
{
    write_bare_report(w);
    rtcp_write_remb(w, SSRC, 1234567, sources, 2);
}

static bool print(void (*write)(struct writer *w))
{
    uint8_t bytes[1200];
    struct writer w = writer_of(bytes, sizeof bytes);
    write(&w);
    for (size_t i = 0; i < writer_len(&w); i++)
        printf("%02x", bytes[i]);
    printf("\n");
    return writer_ok(&w);
}

int main(void)
{
    static void (*const samples[])(struct writer *) = {write_sender_report, write_receiver_report, write_bare_report,
                                                       write_nack,          write_requests,        write_estimate};
    bool ok = true;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        ok = print(samples[i]) && ok;
    return ok ? 0 : 1;
}
