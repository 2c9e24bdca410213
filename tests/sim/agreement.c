/* SPDX-License-Identifier: MIT */
/* What two connections must agree on that negotiated with each other and are both stable: sections, directions, payload types, credentials,
 * what is rejected, and which transports carry what. */
#include "agreement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { SECTIONS_MAX = 64 };

static struct {
    rtc_peer_connection *const *pc;
    uint64_t seed, agreed;
} w;

#define AGREE(is)                                                               \
    do {                                                                        \
        if (!(is))                                                              \
            fail_msg("seed %llu: not so: %s", (unsigned long long)w.seed, #is); \
    } while (0)

struct section {
    char kind[16], mid[64], formats[256], direction[16], ufrag[300];
    bool rejected;
};

static void copy_line(char *to, size_t size, const char *from)
{
    size_t len = strcspn(from, "\r\n");
    (void)snprintf(to, size, "%.*s", (int)(len < size ? len : size - 1), from);
}

static size_t read_sections(const char *sdp, struct section out[SECTIONS_MAX])
{
    size_t count = 0;
    int port;
    AGREE(sdp != NULL);
    for (const char *line = sdp; *line; line += strcspn(line, "\n") + 1) {
        struct section *s = count > 0 ? &out[count - 1] : NULL;
        if (strncmp(line, "m=", 2) == 0) {
            AGREE(count < SECTIONS_MAX);
            s = &out[count++];
            memset(s, 0, sizeof *s);
            AGREE(sscanf(line, "m=%15s %d %*s %255[^\r\n]", s->kind, &port, s->formats) == 3);
            s->rejected = port == 0;
        } else if (!s) {
            continue;
        } else if (strncmp(line, "a=mid:", 6) == 0) {
            copy_line(s->mid, sizeof s->mid, line + 6);
        } else if (strncmp(line, "a=ice-ufrag:", 12) == 0) {
            copy_line(s->ufrag, sizeof s->ufrag, line + 12);
        } else if (strncmp(line, "a=bundle-only", 13) == 0) {
            s->rejected = false;
        } else if (strncmp(line, "a=send", 6) == 0 || strncmp(line, "a=recv", 6) == 0 || strncmp(line, "a=inactive", 10) == 0) {
            copy_line(s->direction, sizeof s->direction, line + 2);
        }
    }
    return count;
}

static rtc_rtp_transceiver *by_mid(const rtc_peer_connection *pc, const char *mid)
{
    for (size_t i = 0; i < rtc_peer_connection_transceiver_count(pc); i++) {
        rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(pc, i);
        const char *its = rtc_rtp_transceiver_mid(t);
        if (its && strcmp(its, mid) == 0)
            return t;
    }
    return NULL;
}

/* What one said is what the other heard. */
static void compare_texts(rtc_peer_connection *speaker, rtc_peer_connection *hearer)
{
    static struct section said[SECTIONS_MAX], heard[SECTIONS_MAX];
    size_t count = read_sections(rtc_peer_connection_local_description(speaker, NULL), said);
    AGREE(count == read_sections(rtc_peer_connection_remote_description(hearer, NULL), heard));
    for (size_t i = 0; i < count; i++) {
        AGREE(strcmp(said[i].kind, heard[i].kind) == 0 && strcmp(said[i].mid, heard[i].mid) == 0);
        AGREE(said[i].rejected == heard[i].rejected && strcmp(said[i].formats, heard[i].formats) == 0);
        AGREE(strcmp(said[i].direction, heard[i].direction) == 0 && strcmp(said[i].ufrag, heard[i].ufrag) == 0);
    }
}

/* The first of `wanted` is one of `formats`. */
static bool has_format(const char *formats, const char *wanted)
{
    char first[16];
    (void)snprintf(first, sizeof first, "%.*s", (int)strcspn(wanted, " "), wanted);
    size_t len = strlen(first);
    for (const char *at = formats; (at = strstr(at, first)) != NULL; at++)
        if ((at == formats || at[-1] == ' ') && (at[len] == ' ' || at[len] == 0))
            return true;
    return false;
}

/* Whatever one may send with, the other takes under that payload type, if it receives at all. */
static void compare_codecs(rtc_rtp_transceiver *from, rtc_rtp_transceiver *to)
{
    rtc_rtp_parameters *sent, *taken;
    rtc_rtp_direction direction = RTC_DIRECTION_INACTIVE;
    (void)rtc_rtp_transceiver_current_direction(to, &direction);
    bool receives = direction == RTC_DIRECTION_RECVONLY || direction == RTC_DIRECTION_SENDRECV;
    AGREE(rtc_rtp_sender_get_parameters(rtc_rtp_transceiver_sender(from), &sent) == RTC_OK);
    AGREE(rtc_rtp_receiver_get_parameters(rtc_rtp_transceiver_receiver(to), &taken) == RTC_OK);
    AGREE(sent->codec_count > 0 && (taken->codec_count > 0) == receives);
    for (size_t i = 0; receives && i < sent->codec_count; i++) {
        bool found = false;
        for (size_t k = 0; k < taken->codec_count; k++)
            found = found || (sent->codecs[i]->payload_type == taken->codecs[k]->payload_type &&
                              strcmp(sent->codecs[i]->mime_type, taken->codecs[k]->mime_type) == 0);
        AGREE(found);
    }
    rtc_rtp_parameters_free(sent);
    rtc_rtp_parameters_free(taken);
}

/* Each hears what the other says of itself. */
static void compare_transports(rtc_dtls_transport *a, rtc_dtls_transport *b)
{
    rtc_ice_transport *ice[2] = {rtc_dtls_transport_ice_transport(a), rtc_dtls_transport_ice_transport(b)};
    AGREE(rtc_dtls_transport_get_state(a) == rtc_dtls_transport_get_state(b));
    AGREE(rtc_ice_transport_role(ice[0]) != rtc_ice_transport_role(ice[1]));
    for (int i = 0; i < 2; i++) {
        const rtc_ice_parameters *said = rtc_ice_transport_local_parameters(ice[i]);
        const rtc_ice_parameters *heard = rtc_ice_transport_remote_parameters(ice[1 - i]);
        AGREE(said && heard && strcmp(said->username_fragment, heard->username_fragment) == 0);
        AGREE(strcmp(said->password, heard->password) == 0);
    }
}

/* What shares a transport here does so there. */
static void compare_carriers(rtc_rtp_transceiver *const t[2], rtc_dtls_transport *shared[2])
{
    rtc_dtls_transport *its[2];
    for (int i = 0; i < 2; i++) {
        its[i] = rtc_rtp_sender_transport(rtc_rtp_transceiver_sender(t[i]));
        AGREE(its[i] && its[i] == rtc_rtp_receiver_transport(rtc_rtp_transceiver_receiver(t[i])));
    }
    compare_transports(its[0], its[1]);
    if (shared[0])
        AGREE((its[0] == shared[0]) == (its[1] == shared[1]));
    memcpy(shared, its, sizeof its);
}

static void compare_sctp(void)
{
    rtc_sctp_transport *s[2] = {rtc_peer_connection_sctp(w.pc[0]), rtc_peer_connection_sctp(w.pc[1])};
    AGREE(!s[0] == !s[1]);
    if (!s[0])
        return;
    AGREE(rtc_sctp_transport_get_state(s[0]) == rtc_sctp_transport_get_state(s[1]));
    compare_transports(rtc_sctp_transport_transport(s[0]), rtc_sctp_transport_transport(s[1]));
}

static void compare_transceivers(const struct section *s, rtc_dtls_transport *shared[2])
{
    rtc_rtp_direction direction[2];
    rtc_rtp_transceiver *t[2] = {by_mid(w.pc[0], s->mid), by_mid(w.pc[1], s->mid)};
    if (s->rejected) {
        for (int i = 0; i < 2; i++)
            AGREE(!t[i] || rtc_rtp_transceiver_direction(t[i]) == RTC_DIRECTION_STOPPED);
        return;
    }
    AGREE(t[0] && t[1]);
    AGREE(rtc_rtp_transceiver_kind(t[0]) == rtc_rtp_transceiver_kind(t[1]));
    for (int i = 0; i < 2; i++)
        AGREE(rtc_rtp_transceiver_current_direction(t[i], &direction[i]));
    AGREE((direction[0] & 1) == (direction[1] >> 1 & 1) && (direction[1] & 1) == (direction[0] >> 1 & 1));
    compare_codecs(t[0], t[1]);
    compare_codecs(t[1], t[0]);
    compare_carriers(t, shared);
    w.agreed++;
}

static void compare_descriptions(void)
{
    rtc_dtls_transport *shared[2] = {NULL, NULL};
    static struct section ours[SECTIONS_MAX], theirs[SECTIONS_MAX];
    rtc_peer_connection *pc = w.pc[0];
    if (!rtc_peer_connection_local_description(pc, NULL))
        return; /* nothing was ever to be negotiated */
    compare_texts(w.pc[0], w.pc[1]);
    compare_texts(w.pc[1], w.pc[0]);
    size_t count = read_sections(rtc_peer_connection_local_description(pc, NULL), ours);
    AGREE(count == read_sections(rtc_peer_connection_remote_description(pc, NULL), theirs));
    for (size_t i = 0; i < count; i++) {
        AGREE(strcmp(ours[i].mid, theirs[i].mid) == 0 && strcmp(ours[i].kind, theirs[i].kind) == 0);
        for (size_t k = 0; k < i; k++)
            AGREE(strcmp(ours[i].mid, ours[k].mid) != 0);
        if (strcmp(ours[i].kind, "application") == 0)
            continue;
        bool rejected = ours[i].rejected || theirs[i].rejected;
        AGREE(rejected || has_format(ours[i].formats, theirs[i].formats) || has_format(theirs[i].formats, ours[i].formats));
        ours[i].rejected = rejected;
        compare_transceivers(&ours[i], shared);
    }
}

uint64_t agreement_compare(rtc_peer_connection *const pc[2], uint64_t seed)
{
    w.pc = pc;
    w.seed = seed;
    w.agreed = 0;
    compare_descriptions();
    compare_sctp();
    return w.agreed;
}
