/* SPDX-License-Identifier: MIT */
/* The members of a session and their streams: see rtp_members.h. */
#include "rtp_members.h"

#include "memory.h"
#include "text.h"

int rtp_members_init(struct rtp_members *ms, rtc_context *context)
{
    *ms = (struct rtp_members){.context = context};
    return rtp_demux_new(context, &ms->demux);
}

static void free_member(struct rtp_members *ms, struct rtp_member *m)
{
    for (struct rtp_receive_stream *rs; (rs = m->received) != NULL;) {
        m->received = rs->next;
        rtp_receive_stream_free(rs);
    }
    for (struct rtp_send_stream *st; (st = m->streams) != NULL;) {
        m->streams = st->next;
        rtp_send_stream_free(st);
    }
    memory_free(ms->context, m);
}

void rtp_members_forget_reserved(struct rtp_members *ms)
{
    for (struct rtp_member *m; (m = ms->reserved) != NULL;) {
        ms->reserved = m->next;
        free_member(ms, m);
    }
}

void rtp_members_fini(struct rtp_members *ms)
{
    for (size_t i = 0; i < ms->count; i++)
        free_member(ms, ms->all[i]);
    rtp_members_forget_reserved(ms);
    memory_free(ms->context, ms->all);
    rtp_demux_free(ms->demux);
}

/* ---- Finding ---- */

struct rtp_member *rtp_members_find(const struct rtp_members *ms, uint32_t handle)
{
    for (size_t i = 0; i < ms->count; i++)
        if (ms->all[i]->handle == handle)
            return ms->all[i];
    return NULL;
}

struct rtp_member *rtp_members_by_mid(const struct rtp_members *ms, const char *mid)
{
    for (size_t i = 0; i < ms->count; i++)
        if (strcmp(ms->all[i]->config.mid, mid) == 0)
            return ms->all[i];
    return NULL;
}

struct rtp_send_stream *rtp_members_next_stream(const struct rtp_members *ms, const struct rtp_send_stream *after)
{
    if (after && after->next)
        return after->next;
    for (size_t i = after ? after->member->position + 1 : 0; i < ms->count; i++)
        if (ms->all[i]->streams)
            return ms->all[i]->streams;
    return NULL;
}

struct rtp_receive_stream *rtp_members_next_received(const struct rtp_members *ms, const struct rtp_receive_stream *after)
{
    if (after && after->next)
        return after->next;
    size_t i = after ? after->member->position + 1 : 0;
    return i < ms->count ? ms->all[i]->received : NULL;
}

struct rtp_receive_stream *rtp_members_received(const struct rtp_members *ms, uint32_t handle)
{
    struct rtp_receive_stream *rs = NULL;
    while ((rs = rtp_members_next_received(ms, rs)) != NULL && (rs->handle == 0 || rs->handle != handle))
        ;
    return rs;
}

static struct rtp_receive_stream *find_received(const struct rtp_member *m, const char *rid)
{
    struct rtp_receive_stream *rs = m->received;
    while (rs && strcmp(rs->rid, rid) != 0)
        rs = rs->next;
    return rs;
}

struct rtp_receive_stream *rtp_member_received(const struct rtp_member *m, const char *rid)
{
    struct rtp_receive_stream *rs = m->config.receive_rid_count > 0 ? find_received(m, rid) : m->received;
    return rs && rs->named ? rs : NULL;
}

struct rtp_receive_stream *rtp_member_receiver_of(const struct rtp_member *m, uint32_t ssrc)
{
    struct rtp_receive_stream *rs = m->received;
    while (rs && !rtp_receive_stream_source(rs, ssrc))
        rs = rs->next;
    return rs;
}

struct rtp_send_stream *rtp_members_stream(const struct rtp_members *ms, uint32_t handle)
{
    struct rtp_send_stream *st = NULL;
    while ((st = rtp_members_next_stream(ms, st)) != NULL && (st->handle == 0 || st->handle != handle)) /* 0: reserved, not set yet */
        ;
    return st;
}

struct rtp_send_stream *rtp_members_stream_of(const struct rtp_members *ms, uint32_t ssrc)
{
    struct rtp_send_stream *st = NULL;
    while ((st = rtp_members_next_stream(ms, st)) != NULL && !rtp_send_stream_owns(st, ssrc))
        ;
    return st;
}

struct rtp_send_stream *rtp_member_stream(const struct rtp_member *m, const char *rid)
{
    struct rtp_send_stream *st = m->streams;
    while (st && strcmp(st->encoding.rid, rid) != 0)
        st = st->next;
    return st;
}

uint32_t rtp_member_ssrc(const struct rtp_member *m)
{
    return m->config.encodings[0].ssrc;
}

struct rtp_event *rtp_member_event(struct out *out, enum rtp_event_type type, const struct rtp_send_stream *st)
{
    struct rtp_event *e = rtp_event(out, type, st->member->handle);
    if (e)
        e->stream = st->handle;
    return e;
}

bool rtp_member_sends(const struct rtp_send_stream *st)
{
    return st->named && st->member->config.send && !rtp_send_stream_is_stopped(st);
}

/* ---- Sections ---- */

static int add_stream(struct rtp_members *ms, struct rtp_member *m, const struct rtp_section *config, const struct rtp_encoding *encoding,
                      size_t max_rtp)
{
    struct rtp_send_stream **at = &m->streams;
    while (*at)
        at = &(*at)->next;
    int error = rtp_send_stream_new(ms->context, config, encoding, max_rtp, at);
    if (!error)
        (*at)->member = m;
    return error;
}

static int prepare_streams(struct rtp_members *ms, struct rtp_member *m, const struct rtp_section *config, size_t max_rtp)
{
    int error = RTC_OK;
    if (!config->send || config->send_codec.payload_type == RTP_NO_PAYLOAD_TYPE)
        return RTC_OK;
    for (size_t i = 0; i < config->encoding_count && !error; i++) {
        struct rtp_send_stream *st = rtp_member_stream(m, config->encodings[i].rid);
        error = st ? rtp_send_stream_prepare(st, config, &config->encodings[i]) : add_stream(ms, m, config, &config->encodings[i], max_rtp);
    }
    return error;
}

static bool names(const struct rtp_section *config, const char *rid)
{
    for (size_t i = 0; i < config->receive_rid_count; i++)
        if (strcmp(config->receive_rids[i], rid) == 0)
            return true;
    return rid[0] == '\0';
}

/* Frees the streams of rids that are no longer named, but for as many as a section may have: their counters stand for what may be named
 * again. Of those that were got ready and never set none is kept. */
static void sweep_received(struct rtp_member *m, const struct rtp_section *config, bool old)
{
    size_t idle = 0;
    for (const struct rtp_receive_stream *rs = m->received; rs; rs = rs->next)
        idle += rs->handle != 0 && !names(config, rs->rid);
    for (struct rtp_receive_stream **at = &m->received; *at;) {
        struct rtp_receive_stream *rs = *at;
        bool goes = !names(config, rs->rid) && (rs->handle == 0 || (old && idle > RTP_RIDS_MAX));
        if (!goes) {
            at = &rs->next;
            continue;
        }
        idle -= rs->handle != 0;
        *at = rs->next;
        rtp_receive_stream_free(rs);
    }
}

/* The same of those that are received. */
static int prepare_received(struct rtp_members *ms, struct rtp_member *m, const struct rtp_section *config)
{
    int error = RTC_OK;
    sweep_received(m, config, false);
    for (size_t i = 0; i < config->receive_rid_count && !error; i++) {
        struct rtp_receive_stream **at = &m->received;
        while (*at && strcmp((*at)->rid, config->receive_rids[i]) != 0)
            at = &(*at)->next;
        if (!*at)
            error = rtp_receive_stream_new(ms->context, m, config->receive_rids[i], at);
    }
    return error;
}

/* An SSRC is a stream's for good: nobody else may be taken for it (RFC 3550 section 8). */
static void keep_ssrcs(const struct rtp_member *m, struct rtp_section *config)
{
    for (size_t i = 0; i < config->encoding_count; i++)
        for (size_t k = 0; k < m->config.encoding_count; k++) {
            struct rtp_encoding *e = &config->encodings[i];
            const struct rtp_encoding *before = &m->config.encodings[k];
            if (strcmp(e->rid, before->rid) != 0)
                continue;
            e->ssrc = before->ssrc;
            e->rtx_ssrc = before->rtx_ssrc ? before->rtx_ssrc : e->rtx_ssrc;
            e->fec_ssrc = before->fec_ssrc ? before->fec_ssrc : e->fec_ssrc;
        }
}

/* Where the one that is reserved for this mid hangs in the list, or its end. */
static struct rtp_member **find_reserved(struct rtp_members *ms, const char *mid)
{
    struct rtp_member **at = &ms->reserved;
    while (*at && strcmp((*at)->config.mid, mid) != 0)
        at = &(*at)->next;
    return at;
}

static int reserve_member(struct rtp_members *ms, const char *mid, struct rtp_member **out)
{
    size_t more = 1;
    for (const struct rtp_member *m = ms->reserved; m; m = m->next)
        more++;
    if (!memory_grow(ms->context, (void **)&ms->all, &ms->capacity, ms->count + more, sizeof *ms->all) ||
        rtp_demux_reserve(ms->demux, more))
        return RTC_ERR_NO_MEMORY;
    struct rtp_member *m = memory_zeroed(ms->context, sizeof *m);
    if (!m)
        return RTC_ERR_NO_MEMORY;
    if (rtp_receive_stream_new(ms->context, m, "", &m->received)) {
        memory_free(ms->context, m);
        return RTC_ERR_NO_MEMORY;
    }
    text_copy(m->config.mid, sizeof m->config.mid, mid);
    m->next = ms->reserved;
    ms->reserved = *out = m;
    return RTC_OK;
}

int rtp_members_reserve(struct rtp_members *ms, const struct rtp_section *section, size_t max_rtp)
{
    struct rtp_section config = *section;
    struct rtp_member *m = rtp_members_by_mid(ms, section->mid);
    if (m)
        keep_ssrcs(m, &config);
    else
        m = *find_reserved(ms, section->mid);
    int error = m ? RTC_OK : reserve_member(ms, section->mid, &m);
    if (!error)
        error = prepare_received(ms, m, &config);
    return error ? error : prepare_streams(ms, m, &config, max_rtp);
}

static struct rtp_member *take_reserved(struct rtp_members *ms, const char *mid)
{
    struct rtp_member **at = find_reserved(ms, mid), *m = *at;
    *at = m->next;
    m->next = NULL;
    return m;
}

static void configure_streams(struct rtp_members *ms, struct rtp_member *m)
{
    for (struct rtp_send_stream *st = m->streams; st; st = st->next) {
        st->named = false;
        for (size_t i = 0; i < m->config.encoding_count; i++)
            if (strcmp(m->config.encodings[i].rid, st->encoding.rid) == 0) {
                rtp_send_stream_configure(st, &m->config, &m->config.encodings[i]);
                st->named = true;
            }
        if (st->handle == 0)
            st->handle = ++ms->last_handle;
    }
}

static void configure_received(struct rtp_members *ms, struct rtp_member *m)
{
    sweep_received(m, &m->config, true);
    for (struct rtp_receive_stream *rs = m->received; rs; rs = rs->next) {
        rs->named = names(&m->config, rs->rid);
        if (rs->handle == 0)
            rs->handle = ++ms->last_handle;
        if (m->config.receive && rs->named)
            continue;
        rtp_receive_stream_forget_all(rs);
        rs->muted = true; /* the peer layer says so itself; what comes later unmutes */
    }
}

static void configure(struct rtp_members *ms, struct rtp_member *m, const struct rtp_section *config)
{
    m->config = *config;
    configure_streams(ms, m);
    configure_received(ms, m);
}

int rtp_members_set(struct rtp_members *ms, const struct rtp_section *section, struct rtp_member **out)
{
    struct rtp_member *m = rtp_members_by_mid(ms, section->mid), *added = NULL;
    struct rtp_section config = *section;
    if (!m) {
        m = added = take_reserved(ms, section->mid);
        m->handle = ++ms->last_handle;
    } else {
        keep_ssrcs(m, &config);
    }
    int error = rtp_demux_set_section(ms->demux, m->handle, &config);
    if (error) {
        if (added)
            free_member(ms, added);
        return error;
    }
    configure(ms, m, &config);
    if (added) {
        added->position = ms->count;
        ms->all[ms->count++] = added;
    }
    *out = m;
    return RTC_OK;
}

void rtp_members_quiet(struct rtp_members *ms, struct rtp_member *m)
{
    m->config.send = m->config.receive = false;
    configure_streams(ms, m);
    configure_received(ms, m);
}

void rtp_members_remove(struct rtp_members *ms, struct rtp_member *m)
{
    size_t i = m->position;
    rtp_demux_remove_member(ms->demux, m->handle);
    memmove(&ms->all[i], &ms->all[i + 1], (ms->count - i - 1) * sizeof *ms->all);
    ms->count--;
    for (; i < ms->count; i++)
        ms->all[i]->position = i;
    free_member(ms, m);
}
