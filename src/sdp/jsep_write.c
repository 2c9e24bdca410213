/* SPDX-License-Identifier: MIT */
/* Prints session parts and m= sections (RFC 9429 sections 5.2.1 and 5.3.1). Whatever the application or a snapshot gives is checked before
 * it is printed: no CR, LF or space leaves its place. */
#include "jsep_write.h"

#include "sdp_attributes.h"

static bool is_id(const char *text)
{
    return text && strlen(text) < JSEP_ID_MAX && sdp_is_token(slice_str(text));
}

/* Seven bits (RFC 3550 section 5.1), and with rtcp-mux not those that look like RTCP (RFC 5761 section 4). */
static bool is_payload_type(uint8_t number)
{
    return number <= 127 && !jsep_looks_like_rtcp(number);
}

static bool codecs_ok(const struct jsep_local_section *s)
{
    bool ok = s->codec_count <= JSEP_CODECS_MAX;
    for (size_t i = 0; ok && i < s->codec_count; i++) {
        const struct jsep_codec *c = &s->codecs[i];
        ok = sdp_is_token(slice_str(c->name)) && sdp_is_text(slice_str(c->fmtp)) && c->clock_rate > 0 && c->channels > 0 &&
             is_payload_type(c->payload_type) && (is_payload_type(c->rtx_payload_type) || c->rtx_payload_type == JSEP_NO_PAYLOAD_TYPE);
    }
    return ok;
}

/* Ids have one byte in the longer form (RFC 8285 section 4.3). */
static bool extensions_ok(const struct jsep_local_section *s)
{
    bool ok = s->extension_count <= JSEP_EXTENSIONS_MAX;
    for (size_t i = 0; ok && i < s->extension_count; i++)
        ok = sdp_is_visible(slice_str(s->extensions[i].uri)) && s->extensions[i].id <= 255;
    return ok;
}

static bool section_ok(const struct jsep_local_section *s)
{
    bool ok = (s->mid[0] == 0 || is_id(s->mid)) && (!s->track_id || is_id(s->track_id)) && codecs_ok(s) && extensions_ok(s) &&
              s->stream_count <= JSEP_STREAMS_MAX;
    for (size_t i = 0; ok && i < s->stream_count; i++)
        ok = is_id(s->stream_ids[i]);
    return ok;
}

/* RFC 8839 section 5.4: at least 4 and 22 characters. */
static bool transport_ok(const struct jsep_local_transport *t)
{
    return t->ice_ufrag && t->ice_pwd && sdp_is_ice_credential(slice_str(t->ice_ufrag), 4) &&
           sdp_is_ice_credential(slice_str(t->ice_pwd), 22);
}

int jsep_check_snapshot(const struct jsep_snapshot *s)
{
    bool ok = transport_ok(&s->transport) && s->fingerprint && sdp_is_token(slice_str(s->fingerprint->hash)) && s->fingerprint->len > 0 &&
              s->fingerprint->len <= sizeof(s->fingerprint->value);
    ok = ok && (!s->cname || (s->cname[0] != 0 && strlen(s->cname) < JSEP_ID_MAX && sdp_is_visible(slice_str(s->cname))));
    for (size_t i = 0; ok && i < s->section_count; i++)
        ok = section_ok(&s->sections[i]) && (!s->sections[i].transport || transport_ok(s->sections[i].transport));
    return ok ? 0 : RTC_ERR_TYPE;
}

void jsep_write_group(struct text *groups, const struct text *mids)
{
    if (mids->data)
        text_print(groups, "a=group:BUNDLE%s\r\n", mids->data);
}

/* RFC 9429 section 5.2.1: no user name, an address without meaning, and a session without end. */
void jsep_write_session(struct text *out, const struct jsep_snapshot *s, const struct text *groups, bool allow_mixed)
{
    text_print(out, "v=0\r\no=- %llu %llu IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", (unsigned long long)s->session_id,
               (unsigned long long)s->version);
    if (groups->data)
        text_print(out, "%s", groups->data);
    if (allow_mixed)
        text_print(out, "a=extmap-allow-mixed\r\n");
    text_print(out, "a=msid-semantic:WMS *\r\n");
    if (s->ice_lite)
        text_print(out, "a=ice-lite\r\n");
    text_print(out, "a=ice-options:trickle\r\n");
}

static const char *direction_name(rtc_rtp_direction d)
{
    static const char *const names[] = {"inactive", "sendonly", "recvonly", "sendrecv"};
    return names[d & 3];
}

static void write_formats(struct text *out, const struct jsep_plan *plan)
{
    if (plan->formats.len > 0) {
        text_print(out, " %.*s", (int)plan->formats.len, (const char *)plan->formats.data);
        return;
    }
    for (size_t i = 0; i < plan->codec_count; i++) {
        text_print(out, " %u", plan->codecs[i].payload_type);
        if (plan->codecs[i].rtx_payload_type != JSEP_NO_PAYLOAD_TYPE)
            text_print(out, " %u", plan->codecs[i].rtx_payload_type);
    }
    if (plan->codec_count == 0)
        text_print(out, " 0");
}

static void write_media_line(struct text *out, const struct jsep_plan *plan)
{
    text_print(out, "m=%.*s %d %.*s", (int)plan->media.len, (const char *)plan->media.data, plan->rejected || plan->bundle_only ? 0 : 9,
               (int)plan->protocol.len, (const char *)plan->protocol.data);
    write_formats(out, plan);
    text_print(out, "\r\nc=IN IP4 0.0.0.0\r\n");
}

static void write_transport(struct text *out, const struct jsep_snapshot *s, const struct jsep_plan *plan)
{
    static const char *const setups[] = {"actpass", "actpass", "active", "passive"};
    const struct jsep_local_transport *t = jsep_transport_of(s, plan->rejected ? NULL : plan->local);
    text_print(out, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s ", t->ice_ufrag, t->ice_pwd, s->fingerprint->hash);
    for (size_t i = 0; i < s->fingerprint->len; i++)
        text_print(out, "%s%02X", i > 0 ? ":" : "", s->fingerprint->value[i]);
    text_print(out, "\r\na=setup:%s\r\n", setups[plan->setup]);
    if (t->tls_id.len > 0 && !plan->rejected && !plan->no_tls_id)
        text_print(out, "a=tls-id:%.*s\r\n", (int)t->tls_id.len, (const char *)t->tls_id.data);
}

static void write_extension(struct text *out, const struct jsep_extension *e)
{
    text_print(out, "a=extmap:%u%s%s %s\r\n", e->id, e->direction == RTC_DIRECTION_SENDRECV ? "" : "/",
               e->direction == RTC_DIRECTION_SENDRECV ? "" : direction_name(e->direction), e->uri);
}

static void write_msid(struct text *out, const struct jsep_plan *plan)
{
    const struct jsep_local_section *local = plan->local;
    if (!local->track_id || !direction_sends(plan->direction))
        return;
    for (size_t i = 0; i < local->stream_count; i++)
        text_print(out, "a=msid:%s %s\r\n", local->stream_ids[i], local->track_id);
    if (local->stream_count == 0)
        text_print(out, "a=msid:- %s\r\n", local->track_id);
}

static void write_feedback(struct text *out, const struct jsep_codec *c)
{
    const struct {
        bool wanted;
        const char *text;
    } feedback[] = {{c->goog_remb, "goog-remb"},
                    {c->transport_cc, "transport-cc"},
                    {c->ccm_fir, "ccm fir"},
                    {c->nack, "nack"},
                    {c->nack_pli, "nack pli"}};
    for (size_t i = 0; i < sizeof(feedback) / sizeof(feedback[0]); i++)
        if (feedback[i].wanted)
            text_print(out, "a=rtcp-fb:%u %s\r\n", c->payload_type, feedback[i].text);
}

/* Of redundancy: the number of the codec that stands in its blocks, as often as there are at most (RFC 2198 section 5). */
static void write_parameters(struct text *out, const struct jsep_plan *plan, const struct jsep_codec *c)
{
    const struct jsep_codec *wrapped = jsep_codec_is_redundancy(c) ? jsep_codec_wrapped(plan->codecs, plan->codec_count) : NULL;
    if (wrapped)
        text_print(out, "a=fmtp:%u %u/%u\r\n", c->payload_type, wrapped->payload_type, wrapped->payload_type);
    else if (c->fmtp[0])
        text_print(out, "a=fmtp:%u %s\r\n", c->payload_type, c->fmtp);
}

static void write_codec(struct text *out, const struct jsep_plan *plan, const struct jsep_codec *c)
{
    text_print(out, "a=rtpmap:%u %s/%u", c->payload_type, c->name, c->clock_rate);
    if (c->channels > 1)
        text_print(out, "/%u", c->channels);
    text_print(out, "\r\n");
    write_feedback(out, c);
    write_parameters(out, plan, c);
    if (c->rtx_payload_type != JSEP_NO_PAYLOAD_TYPE)
        text_print(out, "a=rtpmap:%u rtx/%u\r\na=fmtp:%u apt=%u\r\n", c->rtx_payload_type, c->clock_rate, c->rtx_payload_type,
                   c->payload_type);
}

static void write_codecs(struct text *out, const struct jsep_plan *plan)
{
    bool ccfb = false;
    for (size_t i = 0; i < plan->codec_count; i++) {
        write_codec(out, plan, &plan->codecs[i]);
        ccfb = ccfb || plan->codecs[i].ccfb;
    }
    if (ccfb) /* RFC 8888 section 6: of all formats or of none */
        text_print(out, "a=rtcp-fb:* ack ccfb\r\n");
}

static bool has_rtx(const struct jsep_plan *plan)
{
    for (size_t i = 0; i < plan->codec_count; i++)
        if (plan->codecs[i].rtx_payload_type != JSEP_NO_PAYLOAD_TYPE)
            return true;
    return false;
}

static bool has_flexfec(const struct jsep_plan *plan)
{
    for (size_t i = 0; i < plan->codec_count; i++)
        if (jsep_codec_is_flexfec(&plan->codecs[i]))
            return true;
    return false;
}

/* A source that was sent once stays named while nothing is sent. Chromium takes a stream whose lines go for one that has ended, and shows
 * no picture of the next one. */
static void write_ssrcs(struct text *out, const struct jsep_snapshot *s, const struct jsep_plan *plan)
{
    const struct jsep_local_section *local = plan->local;
    if (local->ssrc == 0 || !s->cname || (!direction_sends(plan->direction) && !local->has_sent))
        return;
    bool rtx = local->rtx_ssrc != 0 && has_rtx(plan), fec = local->fec_ssrc != 0 && has_flexfec(plan);
    if (rtx)
        text_print(out, "a=ssrc-group:FID %u %u\r\n", local->ssrc, local->rtx_ssrc);
    if (fec)
        text_print(out, "a=ssrc-group:FEC-FR %u %u\r\n", local->ssrc, local->fec_ssrc);
    text_print(out, "a=ssrc:%u cname:%s\r\n", local->ssrc, s->cname);
    if (rtx)
        text_print(out, "a=ssrc:%u cname:%s\r\n", local->rtx_ssrc, s->cname);
    if (fec)
        text_print(out, "a=ssrc:%u cname:%s\r\n", local->fec_ssrc, s->cname);
}

static void write_rids(struct text *out, const struct jsep_rids *rids, const char *direction)
{
    for (size_t i = 0; i < rids->count; i++) {
        const struct slice *r = &rids->all[i].restrictions;
        text_print(out, "a=rid:%s %s%s%.*s\r\n", rids->all[i].id, direction, r->len > 0 ? " " : "", (int)r->len, (const char *)r->data);
    }
}

static void write_rid_list(struct text *out, const struct jsep_rids *rids, const char *direction)
{
    for (size_t i = 0; i < rids->count; i++)
        text_print(out, "%s%s", i > 0 ? ";" : direction, rids->all[i].id);
}

static void write_simulcast(struct text *out, const struct jsep_plan *plan)
{
    if (plan->send_rids.count + plan->recv_rids.count == 0)
        return;
    write_rids(out, &plan->send_rids, "send");
    write_rids(out, &plan->recv_rids, "recv");
    text_print(out, "a=simulcast:");
    write_rid_list(out, &plan->send_rids, "send ");
    write_rid_list(out, &plan->recv_rids, plan->send_rids.count > 0 ? " recv " : "recv ");
    text_print(out, "\r\n");
}

static void write_media_attributes(struct text *out, const struct jsep_snapshot *s, const struct jsep_plan *plan)
{
    if (plan->allow_mixed)
        text_print(out, "a=extmap-allow-mixed\r\n");
    for (size_t i = 0; i < plan->extension_count; i++)
        write_extension(out, &plan->extensions[i]);
    text_print(out, "a=%s\r\n", direction_name(plan->direction));
    write_msid(out, plan);
    text_print(out, "a=rtcp-mux\r\n");
    if (plan->reduced_size)
        text_print(out, "a=rtcp-rsize\r\n");
    if (plan->reference_times)
        text_print(out, "a=rtcp-xr:rcvr-rtt=all\r\n");
    write_codecs(out, plan);
    if (plan->send_rids.count == 0) /* of several, rids tell (RFC 8853 section 5.5) */
        write_ssrcs(out, s, plan);
    write_simulcast(out, plan);
}

static void write_sctp_attributes(struct text *out, const struct jsep_plan *plan)
{
    if (plan->legacy_sctp) /* of the form before RFC 8841, with the most streams that there can be */
        text_print(out, "a=sctpmap:%u webrtc-datachannel 65535\r\n", plan->local->sctp_port);
    else
        text_print(out, "a=sctp-port:%u\r\n", plan->local->sctp_port);
    text_print(out, "a=max-message-size:%llu\r\n", (unsigned long long)plan->local->max_message_size);
    if (plan->local->sctp_init.len > 0 && !plan->legacy_sctp)
        text_print(out, "a=sctp-init:%.*s\r\n", (int)plan->local->sctp_init.len, (const char *)plan->local->sctp_init.data);
}

static void write_mid(struct text *out, const struct jsep_plan *plan)
{
    if (plan->mid[0])
        text_print(out, "a=mid:%s\r\n", plan->mid);
}

/* Some peers refuse any section without transport attributes or rtcp-mux, so that even rejected ones have them. */
static void write_rejected(struct text *out, const struct jsep_snapshot *snapshot, const struct jsep_plan *plan)
{
    bool rtp = plan->type == MEDIA_AUDIO || plan->type == MEDIA_VIDEO;
    write_transport(out, snapshot, plan);
    write_mid(out, plan);
    text_print(out, "%s", rtp ? "a=inactive\r\na=rtcp-mux\r\n" : "");
    write_codecs(out, plan);
}

void jsep_write_section(struct text *out, const struct jsep_snapshot *snapshot, const struct jsep_plan *plan)
{
    write_media_line(out, plan);
    if (plan->rejected) {
        write_rejected(out, snapshot, plan);
        return;
    }
    if (plan->type != MEDIA_APPLICATION) /* RFC 9429 section 5.2.1: a dummy value, with rtcp-mux nobody reads it */
        text_print(out, "a=rtcp:9 IN IP4 0.0.0.0\r\n");
    /* RFC 9429 section 5.2.1 wants none of these in bundle-only sections; libwebrtc then rejects data (docs/decisions/0004). */
    write_transport(out, snapshot, plan);
    write_mid(out, plan);
    if (plan->bundle_only)
        text_print(out, "a=bundle-only\r\n");
    if (plan->type == MEDIA_APPLICATION)
        write_sctp_attributes(out, plan);
    else
        write_media_attributes(out, snapshot, plan);
}

int jsep_written(struct text *out)
{
    if (!out->failed)
        return 0;
    text_fini(out);
    return RTC_ERR_NO_MEMORY;
}
