/* SPDX-License-Identifier: MIT */
/* What a connection would write into a description: its wishes as the plain structs that the offer/answer functions take. */
#include "snapshot.h"

#include "capabilities.h"
#include "restart.h"
#include "transceiver.h"
#include "transport.h"

#include <stdio.h>

struct snapshot {
    struct jsep_snapshot jsep;
    struct jsep_fingerprint fingerprint;
    struct jsep_local_section *sections;
    const char *(*streams)[JSEP_STREAMS_MAX]; /* one row per section */
    size_t capacity;
    bool offers;
    struct capabilities audio, video; /* what the sections' lists point into */
};

static void read_fingerprint(const char *text, struct jsep_fingerprint *out)
{
    memset(out, 0, sizeof *out);
    memcpy(out->hash, "sha-256", sizeof "sha-256");
    for (; text[0] && text[1] && out->len < sizeof out->value; text += text[2] ? 3 : 2) {
        unsigned value = 0;
        for (int i = 0; i < 2; i++)
            value = value * 16 + (unsigned)(text[i] <= '9' ? text[i] - '0' : (text[i] | 32) - 'a' + 10);
        out->value[out->len++] = (uint8_t)value;
    }
}

static int begin(rtc_peer_connection *pc, size_t capacity, const struct ice_credentials *credentials, struct snapshot *s)
{
    memset(s, 0, sizeof *s);
    s->capacity = capacity;
    capabilities_of(RTC_MEDIA_AUDIO, &s->audio);
    capabilities_of(RTC_MEDIA_VIDEO, &s->video);
    s->sections = memory_zeroed(pc->context, (capacity + 1) * sizeof *s->sections);
    s->streams = memory_zeroed(pc->context, (capacity + 1) * sizeof *s->streams);
    if (!s->sections || !s->streams)
        return RTC_ERR_NO_MEMORY;
    read_fingerprint(certificate_fingerprint(pc->settings.certificate), &s->fingerprint);
    s->jsep = (struct jsep_snapshot){
        .session_id = pc->negotiation.session_id,
        .version = ++pc->negotiation.session_version,
        .ice_ufrag = credentials->ufrag,
        .ice_pwd = credentials->password,
        .ice_lite = pc->settings.ice_lite,
        .max_bundle = pc->max_bundle,
        .fingerprint = &s->fingerprint,
        .cname = pc->settings.cname,
        .sections = s->sections,
        .previous_local = description_says(negotiation_local(&pc->negotiation)),
        .previous_remote = description_says(negotiation_remote(&pc->negotiation)),
    };
    return RTC_OK;
}

static void end(rtc_peer_connection *pc, struct snapshot *s)
{
    memory_free(pc->context, s->sections);
    memory_free(pc->context, (void *)s->streams);
}

static struct jsep_local_section *add(struct snapshot *s, enum media_type type, const char *mid)
{
    struct jsep_local_section *section = &s->sections[s->jsep.section_count++];
    section->type = type;
    text_copy(section->mid, sizeof section->mid, mid);
    return section;
}

static void fill_media(struct snapshot *s, struct jsep_local_section *section, const rtc_rtp_transceiver *t)
{
    size_t row = (size_t)(section - s->sections);
    section->rejected = t->state >= TRANSCEIVER_STOPPED || (s->offers && t->state != TRANSCEIVER_LIVE);
    section->direction = t->state != TRANSCEIVER_LIVE ? RTC_DIRECTION_INACTIVE : t->direction;
    const struct capabilities *can = t->kind == RTC_MEDIA_AUDIO ? &s->audio : &s->video;
    section->codecs = can->codecs;
    section->codec_count = can->codec_count;
    section->extensions = can->extensions;
    section->extension_count = can->extension_count;
    for (size_t i = 0; i < t->sender.stream_count; i++)
        s->streams[row][i] = t->sender.stream_ids[i];
    section->stream_ids = s->streams[row];
    section->stream_count = t->sender.stream_count;
    if (direction_sends(section->direction)) {
        section->track_id = t->sender.track_id;
        section->ssrc = t->sender.encodings[0].rtp.ssrc; /* of several, rids tell and no SSRC (RFC 8853 section 5.5) */
        section->rtx_ssrc = t->sender.encodings[0].rtp.rtx_ssrc;
    }
}

static void fill_data(const rtc_peer_connection *pc, struct jsep_local_section *section)
{
    section->direction = RTC_DIRECTION_SENDRECV;
    section->sctp_port = SCTP_DEFAULT_PORT;
    section->max_message_size = pc->settings.max_message_size;
}

/* A section that was negotiated before, or is in the offer that is answered. `refused`: the peer rejected it. */
static void add_known(rtc_peer_connection *pc, struct snapshot *s, const struct jsep_section *known, bool refused)
{
    struct jsep_local_section *section = add(s, known->type, known->mid);
    rtc_rtp_transceiver *t = transceiver_by_mid(pc, known->mid);
    if (known->type == MEDIA_APPLICATION && known->sctp.data_channel && !known->rejected && !refused)
        fill_data(pc, section);
    else if (t && !known->rejected)
        fill_media(s, section, t);
    else
        section->rejected = true;
}

static bool mid_taken(const rtc_peer_connection *pc, const struct snapshot *s, const char *mid)
{
    const struct session_description *remote = s->jsep.previous_remote, *local = s->jsep.previous_local;
    for (size_t i = 0; i < s->jsep.section_count; i++)
        if (strcmp(s->sections[i].mid, mid) == 0)
            return true;
    return transceiver_by_mid(pc, mid) || (remote && session_description_find(remote, mid) >= 0) ||
           (local && session_description_find(local, mid) >= 0);
}

static void fresh_mid(const rtc_peer_connection *pc, const struct snapshot *s, char mid[JSEP_ID_MAX])
{
    uint32_t n = 0;
    do
        (void)snprintf(mid, JSEP_ID_MAX, "%u", n++);
    while (mid_taken(pc, s, mid));
}

/* The oldest transceiver that has no section, nor one in this offer yet; NULL when all have. */
static rtc_rtp_transceiver *next_without_section(rtc_peer_connection *pc)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (!t->mid[0] && !t->offered_mid[0] && t->state == TRANSCEIVER_LIVE)
            return t;
    }
    return NULL;
}

static void add_transceiver(rtc_peer_connection *pc, struct snapshot *s, rtc_rtp_transceiver *t)
{
    char mid[JSEP_ID_MAX];
    fresh_mid(pc, s, mid);
    text_copy(t->offered_mid, sizeof t->offered_mid, mid);
    fill_media(s, add(s, t->kind == RTC_MEDIA_AUDIO ? MEDIA_AUDIO : MEDIA_VIDEO, mid), t);
}

static void forget_offered(rtc_peer_connection *pc)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next)
        link_owner(l, rtc_rtp_transceiver, link)->offered_mid[0] = 0;
}

static void add_new(rtc_peer_connection *pc, struct snapshot *s)
{
    char mid[JSEP_ID_MAX];
    for (rtc_rtp_transceiver *t; (t = next_without_section(pc)) != NULL;)
        add_transceiver(pc, s, t);
    for (size_t i = 0; i < s->jsep.section_count; i++)
        if (s->sections[i].type == MEDIA_APPLICATION)
            return; /* also when the peer rejected it */
    if (!pc->negotiation.wants_data)
        return;
    fresh_mid(pc, s, mid);
    fill_data(pc, add(s, MEDIA_APPLICATION, mid));
}

/* The peer's answer to it has port 0: it is not asked again and again (RFC 9429 section 5.2.2). */
static bool was_refused(const rtc_peer_connection *pc, size_t i, const struct jsep_section *known)
{
    const struct session_description *remote = description_says(pc->negotiation.stable.remote);
    return remote && i < remote->section_count && remote->sections[i].rejected && remote->sections[i].type == known->type;
}

/* RFC 9429 section 5.2.2: one that either side rejected is used again for the next transceiver that has none. */
static bool is_recyclable(const rtc_peer_connection *pc, size_t i, const struct jsep_section *known)
{
    const struct session_description *local = description_says(pc->negotiation.stable.local),
                                     *remote = description_says(pc->negotiation.stable.remote);
    bool rejected = (local && i < local->section_count && local->sections[i].rejected) ||
                    (remote && i < remote->section_count && remote->sections[i].rejected);
    return rejected && !transceiver_by_mid(pc, known->mid);
}

static void add_known_or_next(rtc_peer_connection *pc, struct snapshot *s, size_t i, const struct jsep_section *known)
{
    rtc_rtp_transceiver *next = is_recyclable(pc, i, known) ? next_without_section(pc) : NULL;
    if (next)
        add_transceiver(pc, s, next);
    else
        add_known(pc, s, known, was_refused(pc, i, known));
}

int snapshot_offer(rtc_peer_connection *pc, struct text *out)
{
    const struct session_description *previous = description_says(negotiation_local(&pc->negotiation));
    struct snapshot s;
    size_t known = previous ? previous->section_count : 0;
    int error = begin(pc, known + pc->transceiver_count + 1, restart_offer_credentials(pc), &s);
    if (!error) {
        s.offers = true;
        forget_offered(pc);
        for (size_t i = 0; i < known; i++)
            add_known_or_next(pc, &s, i, &previous->sections[i]);
        add_new(pc, &s);
        error = jsep_create_offer(pc->context, &s.jsep, out);
    }
    end(pc, &s);
    return error ? peer_fail(pc, error, "the offer can not be made: %s", rtc_error_message(error)) : RTC_OK;
}

/* Our DTLS role in an answer: the one we have, else active (RFC 9429 5.3.1). */
static enum setup_role answer_setup(const struct transport *t)
{
    return transport_has_role(t) && dtls_role(transport_dtls(t)) == DTLS_SERVER ? SETUP_PASSIVE : SETUP_ACTIVE;
}

int snapshot_answer(rtc_peer_connection *pc, const struct session_description *offer, struct text *out)
{
    struct snapshot s;
    int error = begin(pc, offer->section_count, restart_answer_credentials(pc), &s);
    if (!error) {
        s.jsep.setup = answer_setup(peer_first_transport(pc));
        for (size_t i = 0; i < offer->section_count; i++)
            add_known(pc, &s, &offer->sections[i], false);
        error = jsep_create_answer(pc->context, &s.jsep, offer, out);
    }
    end(pc, &s);
    return error ? peer_fail(pc, error, "the answer can not be made: %s", rtc_error_message(error)) : RTC_OK;
}
