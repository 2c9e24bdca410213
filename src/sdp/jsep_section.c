/* SPDX-License-Identifier: MIT */
/* Reads one m= section (RFC 9429 section 5.8.2): it starts as a copy of what the session part says for all, and its own attributes go over
 * that. A table says which reader takes which attribute; attributes that are not in it are none of offer and answer's business and pass
 * unread. */
#include "fmtp.h"
#include "jsep_internal.h"
#include "sdp_attributes.h"

/* One section while it is read. On the stack, written by this file; `out` and the lists are borrowed from who reads the description. */
struct reading {
    struct jsep_section *out;
    struct jsep_lists *lists; /* what the lists of `out` are */
    struct slice *candidates;
    struct sdp_error *error;
    bool in_session;
    bool own_fingerprints; /* the section has its own: the session's no longer count */
    bool own_extensions;
    bool rtx[JSEP_CODECS_MAX]; /* codecs that are rtx formats, with the format they repair */
    uint64_t apt[JSEP_CODECS_MAX];
    uint32_t repair[2 * JSEP_SSRCS_MAX]; /* SSRCs that repair others */
    size_t repair_count;
    struct sdp_msid fallback; /* of a=ssrc:n msid */
    struct sdp_rid rids[2 * JSEP_RIDS_MAX];
    size_t rid_count;
    struct sdp_simulcast simulcast;
    size_t other_track; /* line of an a=ssrc:n msid that names another track than the first; 0: none does */
    bool msid;
};

/* What stands in a section of a kind that we do not know may follow another grammar than ours: the section is rejected, not the whole. */
static int bad(struct reading *r, const struct sdp_line *line)
{
    if (r->out->type == MEDIA_OTHER)
        return 0;
    return sdp_fail(r->error, RTC_ERR_SYNTAX, line->number, "a=%.*s does not follow its grammar",
                    line->name.len < 40 ? (int)line->name.len : 40, (const char *)line->name.data);
}

static struct jsep_codec *codec_of(struct reading *r, uint8_t payload_type)
{
    for (size_t i = 0; i < r->out->rtp.codec_count; i++)
        if (r->lists->codecs[i].payload_type == payload_type)
            return &r->lists->codecs[i];
    return NULL;
}

static int read_ufrag(struct reading *r, const struct sdp_line *line)
{
    r->out->transport.ice_ufrag = line->value;
    return sdp_is_ice_credential(line->value, 4) ? 0 : bad(r, line);
}

static int read_pwd(struct reading *r, const struct sdp_line *line)
{
    r->out->transport.ice_pwd = line->value;
    return sdp_is_ice_credential(line->value, 22) ? 0 : bad(r, line); /* RFC 8839 section 5.4 */
}

static int read_ice_options(struct reading *r, const struct sdp_line *line)
{
    r->out->transport.ice_trickle = r->out->transport.ice_trickle || sdp_ice_options_has(line->value, "trickle");
    return 0;
}

static int read_flag(struct reading *r, const struct sdp_line *line)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {{"ice-lite", &r->out->transport.ice_lite},      {"end-of-candidates", &r->out->transport.end_of_candidates},
                 {"rtcp-mux", &r->out->transport.rtcp_mux},      {"rtcp-mux-only", &r->out->transport.rtcp_mux},
                 {"rtcp-rsize", &r->out->rtp.rtcp_reduced_size}, {"extmap-allow-mixed", &r->out->rtp.extmap_allow_mixed},
                 {"bundle-only", &r->out->bundle.only}};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (slice_is(line->name, flags[i].name))
            *flags[i].flag = true;
    return 0;
}

/* Of the formats of extended reports (RFC 3611 section 5.1) round trips of all receivers; those of receivers that send are not enough. */
static int read_rtcp_xr(struct reading *r, const struct sdp_line *line)
{
    static const char wanted[] = "rcvr-rtt=all";
    const uint8_t *at = line->value.data, *end = at + line->value.len;
    while (at < end) {
        const uint8_t *space = memchr(at, ' ', (size_t)(end - at));
        struct slice format = slice_of(at, (size_t)((space ? space : end) - at));
        bool begins = format.len >= sizeof wanted - 1 && memcmp(format.data, wanted, sizeof wanted - 1) == 0;
        if (begins && (format.len == sizeof wanted - 1 || format.data[sizeof wanted - 1] == ':')) /* a largest size may follow */
            r->out->rtp.rtcp_reference_times = true;
        at = space ? space + 1 : end;
    }
    return 0;
}

static bool direction_from(struct slice name, rtc_rtp_direction *out)
{
    static const char *const names[] = {"inactive", "sendonly", "recvonly", "sendrecv"};
    for (unsigned i = 0; i < 4; i++)
        if (slice_is(name, names[i])) {
            *out = (rtc_rtp_direction)i;
            return true;
        }
    return false;
}

/* A direction is one of media streams; SCTP has none (RFC 8841). */
static int read_direction(struct reading *r, const struct sdp_line *line)
{
    if (r->out->type != MEDIA_APPLICATION)
        (void)direction_from(line->name, &r->out->direction);
    return 0;
}

static int read_fingerprint(struct reading *r, const struct sdp_line *line)
{
    struct jsep_section *s = r->out;
    struct sdp_fingerprint read;
    if (!sdp_read_fingerprint(line->value, &read))
        return bad(r, line);
    if (!r->in_session && !r->own_fingerprints)
        s->transport.fingerprint_count = 0;
    r->own_fingerprints = r->own_fingerprints || !r->in_session;
    if (s->transport.fingerprint_count == JSEP_FINGERPRINTS_MAX)
        return 0;
    struct jsep_fingerprint *f = &r->lists->fingerprints[s->transport.fingerprint_count];
    memset(f, 0, sizeof *f); /* they are compared whole */
    if (!jsep_copy(f->hash, sizeof(f->hash), read.hash))
        return 0;
    for (char *c = f->hash; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
    memcpy(f->value, read.value, read.len);
    f->len = read.len;
    s->transport.fingerprint_count++;
    return 0;
}

static int read_setup(struct reading *r, const struct sdp_line *line)
{
    static const char *const names[] = {"", "actpass", "active", "passive"};
    if (slice_is(line->value, "holdconn"))
        return sdp_fail(r->error, RTC_ERR_INVALID_ACCESS, line->number, "a=setup:holdconn is not allowed");
    for (unsigned i = SETUP_ACTPASS; i <= SETUP_PASSIVE; i++)
        if (slice_is(line->value, names[i])) {
            r->out->transport.setup = (enum setup_role)i;
            return 0;
        }
    return bad(r, line);
}

static int read_tls_id(struct reading *r, const struct sdp_line *line)
{
    r->out->transport.tls_id = line->value;
    return 0;
}

static int read_extmap(struct reading *r, const struct sdp_line *line)
{
    struct jsep_section *s = r->out;
    struct sdp_extmap read;
    if (!sdp_read_extmap(line->value, &read))
        return bad(r, line);
    if (!r->in_session && !r->own_extensions)
        s->rtp.extension_count = 0;
    r->own_extensions = r->own_extensions || !r->in_session;
    struct jsep_extension *e = &r->lists->extensions[s->rtp.extension_count < JSEP_EXTENSIONS_MAX ? s->rtp.extension_count : 0];
    if (s->rtp.extension_count == JSEP_EXTENSIONS_MAX)
        return 0;
    *e = (struct jsep_extension){.id = read.id, .direction = RTC_DIRECTION_SENDRECV};
    if (read.direction.len > 0 && !direction_from(read.direction, &e->direction))
        return bad(r, line);
    /* One id and one URI each name one extension: what comes later is ignored. A URI that is too long can not be one of ours. */
    for (size_t i = 0; i < s->rtp.extension_count; i++)
        if (s->rtp.extensions[i].id == read.id || slice_is(read.uri, s->rtp.extensions[i].uri))
            return 0;
    s->rtp.extension_count += jsep_copy(e->uri, sizeof(e->uri), read.uri) ? 1 : 0;
    return 0;
}

static int read_mid(struct reading *r, const struct sdp_line *line)
{
    if (!sdp_is_token(line->value) || !jsep_copy(r->out->mid, sizeof(r->out->mid), line->value))
        return bad(r, line);
    return 0;
}

static int read_candidate(struct reading *r, const struct sdp_line *line)
{
    r->candidates[r->out->transport.candidate_count++] = line->text;
    return 0;
}

static int read_rtpmap(struct reading *r, const struct sdp_line *line)
{
    struct sdp_rtpmap read;
    if (!sdp_read_rtpmap(line->value, &read))
        return bad(r, line);
    struct jsep_codec *codec = codec_of(r, read.payload_type);
    if (!codec || codec->clock_rate != 0 || !jsep_copy(codec->name, sizeof(codec->name), read.encoding))
        return 0;
    codec->clock_rate = read.clock_rate;
    codec->channels = read.channels;
    r->rtx[codec - r->lists->codecs] = slice_is_nocase(read.encoding, "rtx");
    return 0;
}

static int read_fmtp(struct reading *r, const struct sdp_line *line)
{
    struct sdp_fmtp read;
    if (!sdp_read_fmtp(line->value, &read))
        return r->out->type == MEDIA_APPLICATION ? 0 : bad(r, line);
    struct jsep_codec *codec = codec_of(r, read.payload_type);
    if (!codec)
        return 0;
    (void)jsep_copy(codec->fmtp, sizeof(codec->fmtp), read.parameters);
    if (!slice_to_u64(fmtp_value(codec->fmtp, "apt"), 127, &r->apt[codec - r->lists->codecs]))
        r->apt[codec - r->lists->codecs] = JSEP_NO_PAYLOAD_TYPE;
    return 0;
}

static void apply_feedback(struct jsep_codec *codec, const struct sdp_rtcp_fb *fb)
{
    codec->nack |= slice_is(fb->type, "nack") && fb->parameter.len == 0;
    codec->nack_pli |= slice_is(fb->type, "nack") && slice_is(fb->parameter, "pli");
    codec->ccm_fir |= slice_is(fb->type, "ccm") && slice_is(fb->parameter, "fir");
    codec->goog_remb |= slice_is(fb->type, "goog-remb");
    codec->transport_cc |= slice_is(fb->type, "transport-cc");
    codec->ccfb |= fb->any && slice_is(fb->type, "ack") && slice_is(fb->parameter, "ccfb");
}

static int read_rtcp_fb(struct reading *r, const struct sdp_line *line)
{
    struct sdp_rtcp_fb read;
    if (!sdp_read_rtcp_fb(line->value, &read))
        return bad(r, line);
    for (size_t i = 0; i < r->out->rtp.codec_count; i++)
        if (read.any || r->lists->codecs[i].payload_type == read.payload_type)
            apply_feedback(&r->lists->codecs[i], &read);
    return 0;
}

static bool add_stream(struct jsep_section *s, struct slice stream)
{
    if (slice_is(stream, "-") || s->rtp.stream_count == JSEP_STREAMS_MAX)
        return true;
    for (size_t i = 0; i < s->rtp.stream_count; i++)
        if (slice_is(stream, s->rtp.stream_ids[i]))
            return true;
    if (!sdp_is_visible(stream) || !jsep_copy(s->rtp.stream_ids[s->rtp.stream_count], JSEP_ID_MAX, stream))
        return false;
    s->rtp.stream_count++;
    return true;
}

static bool add_msid(struct jsep_section *s, const struct sdp_msid *msid)
{
    s->rtp.says_msid = true;
    bool first = s->rtp.track_id[0] == 0 && msid->track.len > 0;
    if (first && (!sdp_is_visible(msid->track) || !jsep_copy(s->rtp.track_id, sizeof(s->rtp.track_id), msid->track)))
        return false;
    return add_stream(s, msid->stream);
}

static int read_msid(struct reading *r, const struct sdp_line *line)
{
    struct sdp_msid read;
    r->msid = true;
    return sdp_read_msid(line->value, &read) && add_msid(r->out, &read) ? 0 : bad(r, line);
}

static bool is_repair(const struct reading *r, uint32_t ssrc)
{
    for (size_t i = 0; i < r->repair_count; i++)
        if (r->repair[i] == ssrc)
            return true;
    return false;
}

/* Index of a media SSRC, which is added when it is new; JSEP_SSRCS_MAX when there is no room. */
static size_t ssrc_index(struct jsep_section *s, uint32_t ssrc)
{
    for (size_t i = 0; i < s->rtp.ssrc_count; i++)
        if (s->rtp.ssrcs[i] == ssrc)
            return i;
    if (s->rtp.ssrc_count == JSEP_SSRCS_MAX)
        return JSEP_SSRCS_MAX;
    s->rtp.ssrcs[s->rtp.ssrc_count] = ssrc;
    return s->rtp.ssrc_count++;
}

static int read_ssrc_group(struct reading *r, const struct sdp_line *line)
{
    struct sdp_ssrc_group read;
    uint32_t media, repair;
    if (!sdp_read_ssrc_group(line->value, &read))
        return bad(r, line);
    bool fid = slice_is(read.semantics, "FID");
    if ((!fid && !slice_is(read.semantics, "FEC-FR")) || !sdp_next_ssrc(&read.ssrcs, &media) || !sdp_next_ssrc(&read.ssrcs, &repair))
        return 0;
    if (media == repair || is_repair(r, media) || is_repair(r, repair) || r->repair_count == 2 * JSEP_SSRCS_MAX)
        return 0;
    r->repair[r->repair_count++] = repair;
    size_t index = ssrc_index(r->out, media);
    if (fid && index < JSEP_SSRCS_MAX && r->out->rtp.rtx_ssrcs[index] == 0)
        r->out->rtp.rtx_ssrcs[index] = repair;
    if (!fid && index < JSEP_SSRCS_MAX && r->out->rtp.fec_ssrcs[index] == 0)
        r->out->rtp.fec_ssrcs[index] = repair;
    return 0;
}

static int read_ssrc(struct reading *r, const struct sdp_line *line)
{
    struct sdp_ssrc read;
    if (!sdp_read_ssrc(line->value, &read))
        return bad(r, line);
    if (!is_repair(r, read.ssrc))
        (void)ssrc_index(r->out, read.ssrc);
    if (slice_is(read.attribute, "cname") && r->out->rtp.cname[0] == 0)
        (void)jsep_copy(r->out->rtp.cname, sizeof(r->out->rtp.cname), read.value);
    struct sdp_msid msid;
    if (!slice_is(read.attribute, "msid") || !sdp_read_msid(read.value, &msid))
        return 0;
    if (r->fallback.stream.len == 0)
        r->fallback = msid;
    else if (r->other_track == 0 && !slice_eq(msid.track, r->fallback.track))
        r->other_track = line->number;
    return 0;
}

static int read_rid(struct reading *r, const struct sdp_line *line)
{
    struct sdp_rid read;
    if (!sdp_read_rid(line->value, &read))
        return bad(r, line);
    if (r->rid_count < 2 * JSEP_RIDS_MAX)
        r->rids[r->rid_count++] = read;
    return 0;
}

static int read_simulcast(struct reading *r, const struct sdp_line *line)
{
    r->out->rtp.simulcast = true;
    return sdp_read_simulcast(line->value, &r->simulcast) ? 0 : bad(r, line);
}

static int read_sctp_port(struct reading *r, const struct sdp_line *line)
{
    uint64_t port = 0;
    if (!slice_to_u64(line->value, UINT16_MAX, &port))
        return bad(r, line);
    r->out->sctp.port = (uint16_t)port;
    return 0;
}

static int read_sctpmap(struct reading *r, const struct sdp_line *line)
{
    struct sdp_sctpmap read;
    if (!sdp_read_sctpmap(line->value, &read))
        return bad(r, line);
    r->out->sctp.port = read.port;
    r->out->sctp.data_channel = r->out->sctp.data_channel || slice_is(read.application, "webrtc-datachannel");
    return 0;
}

static int read_sctp_init(struct reading *r, const struct sdp_line *line)
{
    r->out->sctp.init = line->value;
    return 0;
}

/* How long packets are (RFC 8866 section 6.4). Parts of a millisecond are nobody's. */
static int read_packet_time(struct reading *r, const struct sdp_line *line)
{
    enum { LONGEST_MS = 1000 };
    uint64_t ms;
    bool most = slice_is(line->name, "maxptime");
    if (slice_to_u64(line->value, LONGEST_MS, &ms))
        *(most ? &r->out->rtp.packet_most_ms : &r->out->rtp.packet_ms) = (uint32_t)ms;
    return 0;
}

static int read_max_message_size(struct reading *r, const struct sdp_line *line)
{
    return slice_to_u64(line->value, UINT64_MAX, &r->out->sctp.max_message_size) ? 0 : bad(r, line);
}

/* SSRC groups are read before SSRCs, so that repair SSRCs are known as such whatever the order of the lines. */
enum scope { SECTION = 1, INHERITED = 2, FIRST_PASS = 4 };
static const struct attribute_reader {
    const char *name;
    int (*read)(struct reading *r, const struct sdp_line *line);
    unsigned scope;
} readers[] = {
    {"rtcp-fb", read_rtcp_fb, SECTION},
    {"rtpmap", read_rtpmap, SECTION},
    {"fmtp", read_fmtp, SECTION},
    {"candidate", read_candidate, SECTION},
    {"extmap", read_extmap, SECTION | INHERITED},
    {"ssrc", read_ssrc, SECTION},
    {"ssrc-group", read_ssrc_group, SECTION | FIRST_PASS},
    {"ice-ufrag", read_ufrag, SECTION | INHERITED},
    {"ice-pwd", read_pwd, SECTION | INHERITED},
    {"ice-options", read_ice_options, SECTION | INHERITED},
    {"ice-lite", read_flag, INHERITED},
    {"end-of-candidates", read_flag, SECTION | INHERITED},
    {"fingerprint", read_fingerprint, SECTION | INHERITED},
    {"setup", read_setup, SECTION | INHERITED},
    {"tls-id", read_tls_id, SECTION | INHERITED},
    {"mid", read_mid, SECTION},
    {"sendrecv", read_direction, SECTION | INHERITED},
    {"sendonly", read_direction, SECTION | INHERITED},
    {"recvonly", read_direction, SECTION | INHERITED},
    {"inactive", read_direction, SECTION | INHERITED},
    {"msid", read_msid, SECTION},
    {"rtcp-mux", read_flag, SECTION},
    {"rtcp-mux-only", read_flag, SECTION},
    {"rtcp-rsize", read_flag, SECTION},
    {"rtcp-xr", read_rtcp_xr, SECTION | INHERITED},
    {"extmap-allow-mixed", read_flag, SECTION | INHERITED},
    {"bundle-only", read_flag, SECTION},
    {"rid", read_rid, SECTION},
    {"simulcast", read_simulcast, SECTION},
    {"ptime", read_packet_time, SECTION},
    {"maxptime", read_packet_time, SECTION},
    {"sctp-port", read_sctp_port, SECTION},
    {"sctpmap", read_sctpmap, SECTION},
    {"max-message-size", read_max_message_size, SECTION},
    {"sctp-init", read_sctp_init, SECTION},
};

static int read_block(struct reading *r, const struct sdp_block *block, unsigned scope, bool first_pass)
{
    size_t cursor = 0;
    const struct sdp_line *line;
    while ((line = sdp_next_line(block, 'a', &cursor)) != NULL)
        for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
            if (!(readers[i].scope & scope) || ((readers[i].scope & FIRST_PASS) != 0) != first_pass ||
                !slice_is(line->name, readers[i].name))
                continue;
            int result = readers[i].read(r, line);
            if (result != 0)
                return result;
            break;
        }
    return 0;
}

static bool is_carried_rid(struct slice id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!((id.data[i] >= '0' && id.data[i] <= '9') || ((id.data[i] | 0x20) >= 'a' && (id.data[i] | 0x20) <= 'z')))
            return false;
    return id.len > 0 && id.len <= JSEP_RID_MAX;
}

static const struct sdp_rid *line_of_rid(const struct reading *r, struct slice id, bool send)
{
    for (size_t i = 0; i < r->rid_count; i++)
        if (r->rids[i].send == send && slice_eq(r->rids[i].id, id))
            return &r->rids[i];
    return NULL;
}

const struct jsep_rid *jsep_rids_find(const struct jsep_rids *rids, const char *id)
{
    for (size_t i = 0; i < rids->count; i++)
        if (strcmp(rids->all[i].id, id) == 0)
            return &rids->all[i];
    return NULL;
}

/* Once all lines are read: a=rid may stand behind a=simulcast. */
static void name_rids(const struct reading *r, struct slice streams, bool send, struct jsep_rids *out)
{
    while (streams.len > 0 && out->count < JSEP_RIDS_MAX) {
        struct slice alternatives = sdp_until(&streams, ';'), id = sdp_until(&alternatives, ',');
        if (id.len > 0 && id.data[0] == '~')
            id = slice_of(id.data + 1, id.len - 1);
        const struct sdp_rid *line = is_carried_rid(id) ? line_of_rid(r, id, send) : NULL;
        struct jsep_rid *rid = &out->all[out->count];
        if (!line || !jsep_copy(rid->id, sizeof rid->id, id) || jsep_rids_find(out, rid->id))
            continue;
        rid->restrictions = line->restrictions;
        out->count++;
    }
}

/* m= */
static bool ends_with(struct slice s, const char *end)
{
    size_t n = strlen(end);
    return s.len >= n && slice_is(slice_of(s.data + s.len - n, n), end);
}

static bool is_rtp(struct slice protocol)
{
    return ends_with(protocol, "RTP/SAVPF") || ends_with(protocol, "RTP/SAVP") || ends_with(protocol, "RTP/AVPF") ||
           ends_with(protocol, "RTP/AVP");
}

static enum media_type type_of(const struct sdp_media *media)
{
    if (slice_is(media->media, "audio") && is_rtp(media->protocol))
        return MEDIA_AUDIO;
    if (slice_is(media->media, "video") && is_rtp(media->protocol))
        return MEDIA_VIDEO;
    if (slice_is(media->media, "application") && ends_with(media->protocol, "DTLS/SCTP"))
        return MEDIA_APPLICATION;
    return MEDIA_OTHER;
}

static int read_formats(struct reading *r, const struct sdp_media *media)
{
    struct slice rest = media->formats;
    while (rest.len > 0) {
        struct slice word = sdp_word(&rest);
        uint64_t number = 0;
        if (word.len == 0)
            break;
        if (!slice_to_u64(word, 127, &number))
            return sdp_fail(r->error, RTC_ERR_SYNTAX, media->block.lines[0].number,
                            "the formats of an RTP section must be numbers from 0 to 127");
        if (r->out->rtp.codec_count == JSEP_CODECS_MAX || codec_of(r, (uint8_t)number))
            continue;
        r->apt[r->out->rtp.codec_count] = JSEP_NO_PAYLOAD_TYPE;
        r->lists->codecs[r->out->rtp.codec_count++] =
            (struct jsep_codec){.payload_type = (uint8_t)number, .rtx_payload_type = JSEP_NO_PAYLOAD_TYPE, .channels = 1};
    }
    return 0;
}

bool jsep_is_legacy_sctp(const struct sdp_media *media)
{
    return sdp_attribute(&media->block, "sctpmap") && !sdp_attribute(&media->block, "sctp-port");
}

static void read_sctp_format(struct jsep_section *s, const struct sdp_media *media)
{
    struct slice rest = media->formats, word = sdp_word(&rest);
    uint64_t port = 0;
    s->sctp.data_channel = slice_is(word, "webrtc-datachannel");
    s->sctp.port = slice_to_u64(word, UINT16_MAX, &port) ? (uint16_t)port : 0; /* RFC 8841 5.1: a=sctp-port has no default */
}

/* RFC 3551 section 6: the static payload types that need no rtpmap. */
static void name_static_formats(struct reading *r)
{
    static const struct {
        uint8_t payload_type;
        const char *name;
    } known[] = {{0, "PCMU"}, {3, "GSM"}, {8, "PCMA"}, {9, "G722"}, {13, "CN"}};
    struct jsep_codec *codecs = r->lists->codecs;
    for (size_t i = 0; i < r->out->rtp.codec_count; i++)
        for (size_t k = 0; k < sizeof(known) / sizeof(known[0]) && codecs[i].clock_rate == 0; k++)
            if (known[k].payload_type == codecs[i].payload_type) {
                (void)jsep_copy(codecs[i].name, sizeof(codecs[i].name), slice_str(known[k].name));
                codecs[i].clock_rate = 8000; /* of G722, too (RFC 3551 section 4.5.2) */
            }
}

/* RFC 5761 section 4: with rtcp-mux, which we require, these payload types can not be told from RTCP. In a section that is not taken such a
 * format is as if it were not there. */
static int refuse_like_rtcp(struct reading *r, const struct sdp_media *media)
{
    struct jsep_section *s = r->out;
    struct jsep_codec *codecs = r->lists->codecs;
    for (size_t i = 0; i < s->rtp.codec_count; i++) {
        if (!jsep_looks_like_rtcp(codecs[i].payload_type))
            continue;
        if (!s->rejected && s->transport.rtcp_mux)
            return sdp_fail(r->error, RTC_ERR_INVALID_ACCESS, media->block.lines[0].number,
                            "payload type %u can not be told from RTCP, which shares its port", codecs[i].payload_type);
        codecs[i].clock_rate = 0; /* as one without a name */
    }
    return 0;
}

/* Folds rtx formats into what they repair (RFC 4588 section 8.6) and drops what has no name. */
static void fold_formats(struct reading *r)
{
    struct jsep_section *s = r->out;
    struct jsep_codec *codecs = r->lists->codecs;
    for (size_t i = 0; i < s->rtp.codec_count; i++) {
        struct jsep_codec *repaired = r->rtx[i] && codecs[i].clock_rate != 0 && r->apt[i] <= 127 ? codec_of(r, (uint8_t)r->apt[i]) : NULL;
        if (repaired && !r->rtx[repaired - codecs] && repaired->rtx_payload_type == JSEP_NO_PAYLOAD_TYPE)
            repaired->rtx_payload_type = codecs[i].payload_type;
    }
    size_t kept = 0;
    for (size_t i = 0; i < s->rtp.codec_count; i++)
        if (!r->rtx[i] && codecs[i].clock_rate != 0) {
            struct jsep_codec codec = codecs[i];
            codecs[kept++] = codec;
        }
    s->rtp.codec_count = kept;
}

static void use_lists(struct jsep_section *s, const struct jsep_lists *lists)
{
    s->rtp.codecs = lists->codecs;
    s->rtp.extensions = lists->extensions;
    s->transport.fingerprints = lists->fingerprints;
    s->rtp.send_rids = &lists->send_rids;
    s->rtp.recv_rids = &lists->recv_rids;
}

int jsep_read_session(const struct sdp *sdp, struct jsep_lists *lists, struct jsep_section *out, struct sdp_error *error)
{
    struct reading r = {.out = out, .lists = lists, .error = error, .in_session = true};
    use_lists(out, lists);
    out->direction = RTC_DIRECTION_SENDRECV;
    out->sctp.max_message_size = 65536;
    return read_block(&r, &sdp->session, INHERITED, false);
}

static int read_media(struct reading *r, const struct sdp_media *media)
{
    int result = r->out->type == MEDIA_AUDIO || r->out->type == MEDIA_VIDEO ? read_formats(r, media) : 0;
    if (result == 0)
        result = read_block(r, &media->block, SECTION, true);
    return result == 0 ? read_block(r, &media->block, SECTION, false) : result;
}

int jsep_read_section(const struct sdp *sdp, size_t index, struct slice *candidates, struct jsep_lists *lists, struct jsep_section *out,
                      struct sdp_error *error)
{
    const struct sdp_media *media = &sdp->media[index];
    struct reading r = {.out = out, .lists = lists, .candidates = candidates, .error = error};
    memcpy(lists->extensions, out->rtp.extensions, out->rtp.extension_count * sizeof(lists->extensions[0]));
    memcpy(lists->fingerprints, out->transport.fingerprints, out->transport.fingerprint_count * sizeof(lists->fingerprints[0]));
    lists->send_rids = lists->recv_rids = (struct jsep_rids){.count = 0};
    use_lists(out, lists);
    out->type = type_of(media);
    out->media = media->media;
    out->port = media->port;
    out->transport.candidates = candidates;
    if (out->type == MEDIA_APPLICATION) {
        out->direction = RTC_DIRECTION_SENDRECV; /* a session-level direction speaks of media streams only */
        read_sctp_format(out, media);
    }
    int result = read_media(&r, media);
    if (result != 0)
        return result;
    out->bandwidth_bps = sdp_bandwidth(&media->block);
    name_static_formats(&r);
    out->rejected = out->port == 0 && !out->bundle.only;
    result = refuse_like_rtcp(&r, media);
    if (result != 0)
        return result;
    fold_formats(&r);
    if (!r.msid && r.fallback.stream.len > 0)
        (void)add_msid(out, &r.fallback);
    name_rids(&r, r.simulcast.send, true, &lists->send_rids);
    name_rids(&r, r.simulcast.recv, false, &lists->recv_rids);
    if (!r.msid && r.other_track > 0 && !out->rejected && out->type != MEDIA_OTHER)
        return sdp_fail(error, RTC_ERR_INVALID_ACCESS, r.other_track,
                        "the section has several tracks (\"plan B\"): each needs a section of its own (RFC 9429 section 5.2.1)");
    return 0;
}
