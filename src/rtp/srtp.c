/* SPDX-License-Identifier: MIT */
/* SRTP over libsrtp2: see srtp.h. With srtp_crypto.c the only file that includes it. */
#include "srtp.h"

#include "memory.h"
#include "reader.h"
#include "rtp_packet.h"
#include "srtp_crypto.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <srtp2/srtp.h>

enum { KEY_MAX = 46, RTCP_HEADER_LEN = 8, RTCP_INDEX_LEN = 4, REMEMBERED_AT_FIRST = 8 };

/* What a profile means: lengths in bytes, and how libsrtp calls it. */
struct profile {
    uint16_t id;
    uint8_t key_len, rtp_tag_len, rtcp_tag_len;
    void (*set)(srtp_crypto_policy_t *);
};

static const struct profile profiles[] = {
    {SRTP_PROFILE_AES128_CM_SHA1_80, 30, 10, 10, srtp_crypto_policy_set_rtp_default},
    {SRTP_PROFILE_AEAD_AES_128_GCM, 28, 16, 16, srtp_crypto_policy_set_aes_gcm_128_16_auth},
    {SRTP_PROFILE_AEAD_AES_256_GCM, 44, 16, 16, srtp_crypto_policy_set_aes_gcm_256_16_auth},
};

/* A remote SSRC that libsrtp has state for. A part of the list below. */
struct source {
    uint32_t ssrc;
    uint64_t used; /* the count of packets when its last one came */
};

/* libsrtp makes state for every SSRC that proved authentic; the list of them bounds it. Owner: the outlet of a session
 * (rtp_outlet.h). Written by this file alone. */
struct srtp_transport {
    rtc_context *context;
    const struct profile *profile;
    srtp_t inbound, outbound;
    struct source *sources;
    size_t source_count, source_capacity, source_limit;
    uint64_t packets; /* authentic ones */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool ready;

/* Process-wide and never undone: libsrtp's shutdown would take it from other users in the process. */
static void init_library(void)
{
    ready = srtp_init() == srtp_err_status_ok;
    if (ready)
        (void)srtp_crypto_install(); /* else it works on with its own */
}

static const struct profile *find_profile(uint16_t id)
{
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        if (profiles[i].id == id)
            return &profiles[i];
    }
    return NULL;
}

static int create(const struct profile *profile, struct slice key, srtp_ssrc_type_t direction, srtp_t *out)
{
    uint8_t bytes[KEY_MAX] = {0};
    memcpy(bytes, key.data, key.len);
    srtp_policy_t policy = {.ssrc = {.type = direction}, .key = bytes, .window_size = SRTP_REPLAY_WINDOW};
    profile->set(&policy.rtp);
    profile->set(&policy.rtcp);
    srtp_err_status_t status = srtp_create(out, &policy);
    memory_wipe(bytes, sizeof bytes);
    if (status != srtp_err_status_ok)
        *out = NULL;
    return status == srtp_err_status_ok ? RTC_OK : status == srtp_err_status_alloc_fail ? RTC_ERR_NO_MEMORY : RTC_ERR_NOT_SUPPORTED;
}

int srtp_transport_new(rtc_context *context, uint16_t profile_id, struct slice local, struct slice remote, struct srtp_transport **out)
{
    const struct profile *profile = find_profile(profile_id);
    (void)pthread_once(&once, init_library);
    if (!profile || !ready)
        return RTC_ERR_NOT_SUPPORTED;
    if (local.len != profile->key_len || remote.len != profile->key_len)
        return RTC_ERR_TYPE;
    struct srtp_transport *t = memory_zeroed(context, sizeof *t);
    if (!t)
        return RTC_ERR_NO_MEMORY;
    t->context = rtc_context_ref(context);
    t->profile = profile;
    t->source_limit = context_limits(context)->ssrcs;
    int error = create(profile, local, ssrc_any_outbound, &t->outbound);
    if (!error)
        error = create(profile, remote, ssrc_any_inbound, &t->inbound);
    if (error)
        srtp_transport_free(t);
    else
        *out = t;
    return error;
}

void srtp_transport_free(struct srtp_transport *t)
{
    if (!t)
        return;
    if (t->inbound)
        (void)srtp_dealloc(t->inbound);
    if (t->outbound)
        (void)srtp_dealloc(t->outbound);
    rtc_context *context = t->context;
    memory_free(context, t->sources);
    memory_free(context, t);
    rtc_context_unref(context);
}

size_t srtp_transport_overhead(const struct srtp_transport *t)
{
    return t->profile->rtp_tag_len;
}

static struct source *find_source(const struct srtp_transport *t, uint32_t ssrc)
{
    for (size_t i = 0; i < t->source_count; i++) {
        if (t->sources[i].ssrc == ssrc)
            return &t->sources[i];
    }
    return NULL;
}

/* Room to remember one more, made before libsrtp makes its state. */
static bool make_room(struct srtp_transport *t, uint32_t ssrc)
{
    if (t->source_count >= t->source_limit || find_source(t, ssrc))
        return true;
    void *array = t->sources;
    if (!memory_grow(t->context, &array, &t->source_capacity, t->source_count + 1, sizeof *t->sources))
        return false;
    t->sources = array;
    return true;
}

/* The place of the source that was silent for longest. A peer may change its SSRCs for as long as a call lasts. */
static struct source *evict(struct srtp_transport *t)
{
    struct source *oldest = &t->sources[0];
    for (size_t i = 1; i < t->source_count; i++) {
        if (t->sources[i].used < oldest->used)
            oldest = &t->sources[i];
    }
    (void)srtp_remove_stream(t->inbound, htonl(oldest->ssrc));
    return oldest;
}

static void remember(struct srtp_transport *t, uint32_t ssrc)
{
    struct source *s = find_source(t, ssrc);
    if (!s)
        s = t->source_count < t->source_limit ? &t->sources[t->source_count++] : evict(t);
    *s = (struct source){ssrc, ++t->packets};
}

static int error_of(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return RTC_OK;
    case srtp_err_status_auth_fail:
        return RTC_ERR_NOT_ALLOWED;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
    case srtp_err_status_key_expired:
        return RTC_ERR_INVALID_STATE;
    case srtp_err_status_parse_err:
    case srtp_err_status_bad_param:
        return RTC_ERR_TYPE;
    case srtp_err_status_alloc_fail:
        return RTC_ERR_NO_MEMORY;
    default:
        return RTC_ERR_OPERATION;
    }
}

/* Length of the fixed header, CSRCs and extension; 0 when they do not fit. libsrtp trusts them. */
static size_t rtp_header_len(struct slice packet)
{
    struct reader r = reader_of(packet);
    uint8_t first = reader_u8(&r);
    reader_skip(&r, RTP_HEADER_LEN - 1 + (size_t)(first & 0x0f) * 4);
    if (first & 0x10) {
        reader_skip(&r, 2);
        reader_skip(&r, (size_t)reader_u16(&r) * 4);
    }
    return reader_ok(&r) && first >> 6 == 2 ? packet.len - reader_left(&r) : 0;
}

static uint32_t rtcp_ssrc(struct slice packet)
{
    struct reader r = reader_of(packet);
    reader_skip(&r, 4);
    return reader_u32(&r);
}

static int finish(struct packet *packet, srtp_err_status_t status, int len)
{
    if (status == srtp_err_status_ok)
        packet->len = (uint32_t)len;
    return error_of(status);
}

int srtp_unprotect_packet(struct srtp_transport *t, struct packet *packet)
{
    struct slice bytes = packet_slice(packet);
    size_t header = rtp_header_len(bytes);
    if (header == 0 || bytes.len < header + t->profile->rtp_tag_len)
        return RTC_ERR_TYPE;
    uint32_t ssrc = rtp_ssrc(bytes);
    if (!make_room(t, ssrc))
        return RTC_ERR_NO_MEMORY;
    int len = (int)packet->len;
    srtp_err_status_t status = srtp_unprotect(t->inbound, packet_data(packet), &len);
    int error = finish(packet, status, len);
    if (!error)
        remember(t, ssrc);
    return error;
}

int srtcp_unprotect_packet(struct srtp_transport *t, struct packet *packet)
{
    struct slice bytes = packet_slice(packet);
    /* Header, tag and index: with GCM libsrtp computes a negative length from 20 to 27 bytes. */
    if (bytes.len < (size_t)RTCP_HEADER_LEN + t->profile->rtcp_tag_len + RTCP_INDEX_LEN || bytes.data[0] >> 6 != 2)
        return RTC_ERR_TYPE;
    uint32_t ssrc = rtcp_ssrc(bytes);
    if (!make_room(t, ssrc))
        return RTC_ERR_NO_MEMORY;
    int len = (int)packet->len;
    srtp_err_status_t status = srtp_unprotect_rtcp(t->inbound, packet_data(packet), &len);
    int error = finish(packet, status, len);
    if (!error)
        remember(t, ssrc);
    return error;
}

/* libsrtp writes its trailer behind the packet without asking for room; it wants the start of the bytes aligned to 32 bits. */
static bool has_room(const struct packet *packet, size_t trailer)
{
    return packet_tailroom(packet) >= trailer;
}

int srtp_protect_packet(struct srtp_transport *t, struct packet *packet)
{
    if (rtp_header_len(packet_slice(packet)) == 0 || !has_room(packet, SRTP_OVERHEAD_MAX))
        return RTC_ERR_TYPE;
    int len = (int)packet->len;
    srtp_err_status_t status = srtp_protect(t->outbound, packet_data(packet), &len);
    return finish(packet, status, len);
}

int srtcp_protect_packet(struct srtp_transport *t, struct packet *packet)
{
    if (packet->len < RTCP_HEADER_LEN || !has_room(packet, SRTCP_OVERHEAD_MAX))
        return RTC_ERR_TYPE;
    int len = (int)packet->len;
    srtp_err_status_t status = srtp_protect_rtcp(t->outbound, packet_data(packet), &len);
    return finish(packet, status, len);
}
