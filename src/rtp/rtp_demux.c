/* SPDX-License-Identifier: MIT */
/* Demultiplexing by mid, SSRC and payload type: see rtp_demux.h. */
#include "rtp_demux.h"

#include "fec_header.h"
#include "memory.h"

enum { SECTIONS_MAX = 128 }; /* a bound on what is walked for an unknown SSRC */

/* A remote SSRC and what is known of it. A part of the demultiplexer, as the next. */
struct source {
    uint32_t ssrc;
    uint32_t member;
    uint32_t media_ssrc; /* of an RTX stream, 0 while unknown */
    bool rtx;
    bool described; /* from the description: stays until the section changes, or nothing else can make room */
    uint64_t used;  /* the count of packets when its last one came */
    char rid[RTP_RID_MAX + 1];
};

/* A section, by the handle of its member. */
struct entry {
    uint32_t handle;
    uint32_t last_media_ssrc; /* the latest that sent media: what an unassociated RTX stream repairs */
    struct rtp_section section;
};

/* Owned by the table of members (rtp_members.h); only this file sees it. */
struct rtp_demux {
    rtc_context *context;
    struct entry *sections;
    size_t section_count, section_capacity;
    struct source *sources;
    size_t source_count, source_capacity, source_limit;
    uint64_t packets; /* routed */
    uint8_t ids[RTP_EXTENSIONS];
};

int rtp_demux_new(rtc_context *context, struct rtp_demux **out)
{
    struct rtp_demux *d = memory_zeroed(context, sizeof *d);
    if (!d)
        return RTC_ERR_NO_MEMORY;
    d->context = rtc_context_ref(context);
    d->source_limit = context_limits(context)->ssrcs;
    *out = d;
    return RTC_OK;
}

void rtp_demux_free(struct rtp_demux *d)
{
    if (!d)
        return;
    rtc_context *context = d->context;
    memory_free(context, d->sources);
    memory_free(context, d->sections);
    memory_free(context, d);
    rtc_context_unref(context);
}

static struct entry *find_section(const struct rtp_demux *d, uint32_t handle)
{
    for (size_t i = 0; i < d->section_count; i++) {
        if (d->sections[i].handle == handle)
            return &d->sections[i];
    }
    return NULL;
}

static struct source *find_source(const struct rtp_demux *d, uint32_t ssrc)
{
    for (size_t i = 0; i < d->source_count; i++) {
        if (d->sources[i].ssrc == ssrc)
            return &d->sources[i];
    }
    return NULL;
}

static void drop_source(struct rtp_demux *d, struct source *s)
{
    *s = d->sources[--d->source_count];
}

static bool yields(const struct source *s, const struct source *to)
{
    return s->described == to->described ? s->used < to->used : to->described;
}

/* A place for one more: the table grows up to its limit; then who was silent for longest makes room, of those that no description names
 * if there are any. NULL when out of memory. */
static struct source *add_source(struct rtp_demux *d)
{
    void *array = d->sources;
    if (d->source_count < d->source_limit) {
        if (!memory_grow(d->context, &array, &d->source_capacity, d->source_count + 1, sizeof *d->sources))
            return NULL;
        d->sources = array;
        return &d->sources[d->source_count++];
    }
    struct source *place = &d->sources[0];
    for (size_t i = 1; i < d->source_count; i++) {
        if (yields(&d->sources[i], place))
            place = &d->sources[i];
    }
    return place;
}

/* The SSRC's entry, made if need be; NULL when out of memory. */
static struct source *latch(struct rtp_demux *d, uint32_t ssrc, uint32_t member)
{
    struct source *s = find_source(d, ssrc);
    if (s && s->member == member)
        return s;
    if (!s)
        s = add_source(d);
    if (s)
        *s = (struct source){.ssrc = ssrc, .member = member};
    return s;
}

static bool names(const struct rtp_section *section, uint32_t ssrc)
{
    for (size_t i = 0; i < section->remote_ssrc_count && i < RTP_SSRCS_MAX; i++) {
        if (section->remote_ssrcs[i] == ssrc || section->remote_rtx_ssrcs[i] == ssrc || section->fec.remote_ssrcs[i] == ssrc)
            return true;
    }
    return false;
}

/* Those that the last description named and `next` does not; all of them when it is NULL. Who stays keeps the rid that was learned: a peer
 * stops telling it once it is known. */
static void drop_sources(struct rtp_demux *d, uint32_t handle, const struct rtp_section *next)
{
    for (size_t i = d->source_count; i-- > 0;) {
        const struct source *s = &d->sources[i];
        if (s->member == handle && (!next || (s->described && !names(next, s->ssrc))))
            drop_source(d, &d->sources[i]);
    }
}

static void describe(struct rtp_demux *d, uint32_t handle, uint32_t ssrc, bool rtx, uint32_t media_ssrc)
{
    struct source *s = ssrc ? latch(d, ssrc, handle) : NULL;
    if (!s)
        return;
    s->described = true;
    s->rtx = rtx;
    s->media_ssrc = media_ssrc;
}

static void collect_ids(struct rtp_demux *d)
{
    static const uint8_t early[] = {RTP_EXTENSION_MID, RTP_EXTENSION_RID, RTP_EXTENSION_REPAIRED_RID, RTP_EXTENSION_TRANSPORT_SEQUENCE,
                                    RTP_EXTENSION_ABS_SEND_TIME};
    memset(d->ids, 0, sizeof d->ids);
    for (size_t i = 0; i < d->section_count; i++) {
        for (size_t j = 0; j < sizeof early; j++) {
            uint8_t id = d->sections[i].section.extension_ids[early[j]];
            if (id != 0 && d->ids[early[j]] == 0)
                d->ids[early[j]] = id;
        }
    }
}

int rtp_demux_reserve(struct rtp_demux *d, size_t more)
{
    void *array = d->sections;
    if (d->section_count + more > SECTIONS_MAX ||
        !memory_grow(d->context, &array, &d->section_capacity, d->section_count + more, sizeof *d->sections))
        return RTC_ERR_NO_MEMORY;
    d->sections = array;
    return RTC_OK;
}

int rtp_demux_reserve_sources(struct rtp_demux *d, size_t more)
{
    void *array = d->sources;
    size_t need = d->source_count + more < d->source_limit ? d->source_count + more : d->source_limit;
    if (!memory_grow(d->context, &array, &d->source_capacity, need, sizeof *d->sources))
        return RTC_ERR_NO_MEMORY;
    d->sources = array;
    return RTC_OK;
}

static struct entry *add_section(struct rtp_demux *d, uint32_t handle)
{
    if (rtp_demux_reserve(d, 1))
        return NULL;
    struct entry *e = &d->sections[d->section_count++];
    *e = (struct entry){.handle = handle};
    return e;
}

int rtp_demux_set_section(struct rtp_demux *d, uint32_t handle, const struct rtp_section *section)
{
    struct entry *e = find_section(d, handle);
    if (!e)
        e = add_section(d, handle);
    if (!e)
        return RTC_ERR_NO_MEMORY;
    e->section = *section;
    drop_sources(d, handle, section);
    for (size_t i = 0; i < section->remote_ssrc_count && i < RTP_SSRCS_MAX; i++) {
        describe(d, handle, section->remote_ssrcs[i], false, 0);
        describe(d, handle, section->remote_rtx_ssrcs[i], true, section->remote_ssrcs[i]);
        describe(d, handle, section->fec.remote_ssrcs[i], true, section->remote_ssrcs[i]);
    }
    collect_ids(d);
    return RTC_OK;
}

void rtp_demux_remove_member(struct rtp_demux *d, uint32_t handle)
{
    struct entry *e = find_section(d, handle);
    if (!e)
        return;
    drop_sources(d, handle, NULL);
    *e = d->sections[--d->section_count];
    collect_ids(d);
}

const uint8_t *rtp_demux_ids(const struct rtp_demux *d)
{
    return d->ids;
}

static const struct rtp_codec *find_codec(const struct entry *e, uint8_t payload_type, bool *rtx)
{
    for (size_t i = 0; i < e->section.receive_codec_count && i < RTP_CODECS_MAX; i++) {
        const struct rtp_codec *codec = &e->section.receive_codecs[i];
        *rtx = codec->rtx_payload_type == payload_type && payload_type != RTP_NO_PAYLOAD_TYPE;
        if (*rtx || codec->payload_type == payload_type)
            return codec;
    }
    return NULL;
}

static enum rtp_parity parity_of(const struct entry *e, uint8_t payload_type)
{
    const struct rtp_fec_formats *f = &e->section.fec.receive;
    if (payload_type == 0)
        return RTP_NO_PARITY;
    return payload_type == f->ulpfec ? RTP_ULPFEC : payload_type == f->flexfec ? RTP_FLEXFEC : RTP_NO_PARITY;
}

static bool is_red(const struct entry *e, uint8_t payload_type)
{
    const struct rtp_fec_formats *f = &e->section.fec.receive;
    return payload_type != 0 && (payload_type == f->red || payload_type == f->red_rtx);
}

static bool takes(const struct entry *e, uint8_t payload_type)
{
    bool rtx;
    return find_codec(e, payload_type, &rtx) || parity_of(e, payload_type) || is_red(e, payload_type);
}

static struct entry *section_by_mid(const struct rtp_demux *d, struct slice mid)
{
    for (size_t i = 0; i < d->section_count; i++) {
        if (slice_is(mid, d->sections[i].section.mid))
            return &d->sections[i];
    }
    return NULL;
}

/* The one section that receives this payload type; NULL when there is none or more than one. */
static struct entry *section_by_payload_type(const struct rtp_demux *d, uint8_t payload_type)
{
    struct entry *only = NULL;
    for (size_t i = 0; i < d->section_count; i++) {
        if (!d->sections[i].section.receive || !takes(&d->sections[i], payload_type))
            continue;
        if (only)
            return NULL;
        only = &d->sections[i];
    }
    return only;
}

static struct entry *section_of(const struct rtp_demux *d, const struct rtp_header *header)
{
    if (header->extensions[RTP_EXTENSION_MID].data)
        return section_by_mid(d, header->extensions[RTP_EXTENSION_MID]);
    const struct source *s = find_source(d, header->ssrc);
    return s ? find_section(d, s->member) : section_by_payload_type(d, header->payload_type);
}

static void learn_rid(struct source *s, struct slice rid)
{
    if (!rid.data || rid.len > RTP_RID_MAX)
        return;
    memset(s->rid, 0, sizeof s->rid);
    memcpy(s->rid, rid.data, rid.len);
}

/* The latest that had it: a peer may change its SSRC (RFC 3550 section 8.2). */
static uint32_t source_with_rid(const struct rtp_demux *d, uint32_t member, const char *rid)
{
    const struct source *latest = NULL;
    for (size_t i = 0; i < d->source_count; i++) {
        const struct source *s = &d->sources[i];
        if (s->member == member && !s->rtx && strcmp(s->rid, rid) == 0 && (!latest || s->used > latest->used))
            latest = s;
    }
    return latest ? latest->ssrc : 0;
}

/* A repair stream that no a=ssrc-group names: by its repaired-rid (RFC 8852), else it belongs to what plays. Where several may play it must
 * say so: another's packet would be taken for the one that is missing. */
static uint32_t repaired_ssrc(const struct rtp_demux *d, const struct entry *e, const struct source *s)
{
    if (s->media_ssrc)
        return s->media_ssrc;
    if (s->rid[0])
        return source_with_rid(d, s->member, s->rid);
    return e->section.receive_rid_count == 0 ? e->last_media_ssrc : 0;
}

bool rtp_demux_route(struct rtp_demux *d, const struct rtp_header *header, struct rtp_route *out)
{
    struct entry *e = section_of(d, header);
    bool rtx = false, receives = e && e->section.receive;
    enum rtp_parity parity = receives ? parity_of(e, header->payload_type) : RTP_NO_PARITY;
    const struct rtp_codec *codec = receives && !parity ? find_codec(e, header->payload_type, &rtx) : NULL;
    struct source *s = codec || parity ? latch(d, header->ssrc, e->handle) : NULL;
    if (!s)
        return false;
    bool repairs = rtx || parity == RTP_FLEXFEC;
    s->rtx = repairs;
    s->used = ++d->packets;
    learn_rid(s, header->extensions[repairs ? RTP_EXTENSION_REPAIRED_RID : RTP_EXTENSION_RID]);
    if (!repairs)
        e->last_media_ssrc = s->ssrc;
    *out = (struct rtp_route){e->handle, s->ssrc, rtx, parity, repairs ? repaired_ssrc(d, e, s) : s->ssrc, codec, s->rid};
    return true;
}

bool rtp_demux_is_red(const struct rtp_demux *d, const struct rtp_header *header, size_t *at, uint8_t *payload_type)
{
    const struct entry *e = section_of(d, header);
    bool rtx;
    if (!e || !e->section.receive || !is_red(e, header->payload_type))
        return false;
    const struct rtp_fec_formats *f = &e->section.fec.receive;
    *at = header->payload_type == f->red ? 0 : 2; /* behind the original number */
    *payload_type = RTP_NO_PAYLOAD_TYPE;
    struct slice red = header->payload.len > *at ? slice_of(header->payload.data + *at, header->payload.len - *at) : slice_of(NULL, 0);
    int type = red_read(red);
    const struct rtp_codec *codec = type >= 0 ? find_codec(e, (uint8_t)type, &rtx) : NULL;
    if (*at == 0 && type > 0 && type == f->ulpfec)
        *payload_type = f->ulpfec;
    else if (codec && !rtx)
        *payload_type = *at > 0 ? codec->rtx_payload_type : (uint8_t)type;
    return true;
}

const struct rtp_codec *rtp_demux_codec(const struct rtp_demux *d, uint32_t member, uint8_t payload_type)
{
    const struct entry *e = find_section(d, member);
    bool rtx;
    const struct rtp_codec *codec = e ? find_codec(e, payload_type, &rtx) : NULL;
    return codec && !rtx ? codec : NULL;
}

uint32_t rtp_demux_member_of(const struct rtp_demux *d, uint32_t remote_ssrc)
{
    const struct source *s = find_source(d, remote_ssrc);
    return s ? s->member : 0;
}

void rtp_demux_forget(struct rtp_demux *d, uint32_t remote_ssrc)
{
    struct source *s = find_source(d, remote_ssrc);
    if (s && !s->described)
        drop_source(d, s);
}
