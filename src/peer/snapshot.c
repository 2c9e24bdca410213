/* SPDX-License-Identifier: MIT */
/* What a connection would write into a description: its wishes as the plain structs that the offer/answer functions take. */
#include "snapshot.h"

#include "capabilities.h"
#include "carriers.h"
#include "congestion.h"
#include "header_extensions.h"
#include "kept_configuration.h"
#include "negotiation_carriers.h"
#include "prepared_association.h"
#include "restart.h"
#include "tls_id.h"
#include "transceiver.h"
#include "transport.h"

#include <stdio.h>

/* On the stack of who creates a description, written by this file; it owns its arrays, and texts are the connection's. */
struct snapshot {
    struct jsep_snapshot jsep;
    struct jsep_fingerprint fingerprint;
    struct jsep_local_section *sections;
    const char *(*streams)[JSEP_STREAMS_MAX]; /* one row per section, as the next four */
    struct jsep_extension (*extensions)[RTP_EXTENSIONS];
    struct ice_credentials *credentials;
    char (*tls_ids)[TLS_ID_LEN + 1];
    struct jsep_local_transport *transports;
    struct prepared_text sctp_init; /* of the section of data */
    size_t capacity;
    bool offers;
    bool ice_restart;                 /* this offer is to */
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

static int begin(rtc_peer_connection *pc, size_t capacity, struct snapshot *s)
{
    memset(s, 0, sizeof *s);
    s->capacity = capacity;
    capabilities_of(pc->context, RTC_MEDIA_AUDIO, &s->audio);
    capabilities_of(pc->context, RTC_MEDIA_VIDEO, &s->video);
    if (pc->settings.controller && pc->settings.controller->l4s) {
        capabilities_prefer_ccfb(&s->audio);
        capabilities_prefer_ccfb(&s->video);
    }
    for (size_t i = 0; kept_configuration_show(pc->configuration)->use_dtx && i < s->audio.codec_count; i++)
        capabilities_ask_dtx(&s->audio.codecs[i]);
    s->sections = memory_zeroed(pc->context, (capacity + 1) * sizeof *s->sections);
    s->streams = memory_zeroed(pc->context, (capacity + 1) * sizeof *s->streams);
    s->extensions = memory_zeroed(pc->context, (capacity + 1) * sizeof *s->extensions);
    s->credentials = memory_zeroed(pc->context, (capacity + 1) * sizeof *s->credentials);
    s->tls_ids = memory_zeroed(pc->context, (capacity + 1) * sizeof *s->tls_ids);
    s->transports = memory_zeroed(pc->context, (capacity + 1) * sizeof *s->transports);
    if (!s->sections || !s->streams || !s->extensions || !s->credentials || !s->tls_ids || !s->transports)
        return RTC_ERR_NO_MEMORY;
    read_fingerprint(certificate_fingerprint(pc->settings.certificate), &s->fingerprint);
    s->jsep = (struct jsep_snapshot){
        .session_id = pc->negotiation.session_id,
        .version = ++pc->negotiation.session_version,
        .ice_lite = pc->settings.ice_lite,
        .one_transport = pc->bundle_policy == RTC_BUNDLE_MAX_BUNDLE,
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
    memory_free(pc->context, (void *)s->extensions);
    memory_free(pc->context, s->transports);
    memory_free(pc->context, (void *)s->tls_ids);
    for (size_t i = 0; s->credentials && i <= s->capacity; i++)
        memory_wipe(&s->credentials[i], sizeof s->credentials[i]);
    memory_free(pc->context, s->credentials);
}

static struct jsep_local_section *add(struct snapshot *s, enum media_type type, const char *mid)
{
    struct jsep_local_section *section = &s->sections[s->jsep.section_count++];
    section->type = type;
    text_copy(section->mid, sizeof section->mid, mid);
    return section;
}

/* What its section was in the local description before; NULL: there was none. */
static const struct jsep_section *previous_of(const struct snapshot *s, const char *mid)
{
    const struct session_description *local = s->jsep.previous_local;
    int index = local && mid[0] ? session_description_find(local, mid) : -1;
    return index < 0 ? NULL : &local->sections[index];
}

static void fill_media(struct snapshot *s, struct jsep_local_section *section, const rtc_rtp_transceiver *t)
{
    size_t row = (size_t)(section - s->sections);
    section->rejected = t->state >= TRANSCEIVER_STOPPED || (s->offers && t->state != TRANSCEIVER_LIVE);
    section->direction = t->state != TRANSCEIVER_LIVE ? RTC_DIRECTION_INACTIVE : t->direction;
    const struct capabilities *can = t->kind == RTC_MEDIA_AUDIO ? &s->audio : &s->video;
    section->takes_rids = t->kind == RTC_MEDIA_VIDEO;
    for (size_t i = 0; t->sender.encoding_count > 1 && i < t->sender.encoding_count; i++)
        text_copy(section->send_rids.all[section->send_rids.count++].id, JSEP_RID_MAX + 1, t->sender.encodings[i].rtp.rid);
    section->prefers = t->preferences.count > 0;
    section->codecs = section->prefers ? t->preferences.codecs : can->codecs;
    section->codec_count = section->prefers ? t->preferences.count : can->codec_count;
    section->extensions = s->extensions[row];
    section->extension_count = header_extensions_wanted(t, can, s->offers, previous_of(s, t->mid), s->extensions[row]);
    for (size_t i = 0; i < t->sender.stream_count; i++)
        s->streams[row][i] = t->sender.stream_ids[i];
    section->stream_ids = s->streams[row];
    section->stream_count = t->sender.stream_count;
    section->has_sent = t->has_sent;
    if (direction_sends(section->direction))
        section->track_id = t->sender.track_id;
    if (direction_sends(section->direction) || section->has_sent) {
        section->ssrc = t->sender.encodings[0].rtp.ssrc; /* of several, rids tell and no SSRC (RFC 8853 section 5.5) */
        section->rtx_ssrc = t->sender.encodings[0].rtp.rtx_ssrc;
        section->fec_ssrc = t->kind == RTC_MEDIA_VIDEO ? rtp_parity_ssrc(section->ssrc) : 0;
    }
}

static void fill_data(const rtc_peer_connection *pc, struct jsep_local_section *section)
{
    section->direction = RTC_DIRECTION_SENDRECV;
    section->sctp_port = SCTP_DEFAULT_PORT;
    section->max_message_size = pc->settings.max_message_size;
}

/* A section that was negotiated before, or is in the offer that is answered. `refused`, of data: the peer rejected it, or we do. */
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

static void add_data(const rtc_peer_connection *pc, struct snapshot *s)
{
    char mid[JSEP_ID_MAX];
    fresh_mid(pc, s, mid);
    fill_data(pc, add(s, MEDIA_APPLICATION, mid));
}

/* Either side rejected the section, which no offer since used again. */
static bool was_rejected(const rtc_peer_connection *pc, size_t i, const struct jsep_section *known)
{
    const struct session_description *local = description_says(pc->negotiation.stable.local),
                                     *remote = description_says(pc->negotiation.stable.remote);
    if (!local || !remote || i >= local->section_count || i >= remote->section_count)
        return false;
    return strcmp(local->sections[i].mid, known->mid) == 0 && (local->sections[i].rejected || remote->sections[i].rejected);
}

/* A channel waits, and no section is one of data, of those that are in the offer by now and of those that come next. */
static bool needs_data(const rtc_peer_connection *pc, const struct snapshot *s)
{
    const struct session_description *previous = s->jsep.previous_local;
    bool has_data = false;
    for (size_t i = 0; i < s->jsep.section_count; i++)
        has_data = has_data || (s->sections[i].type == MEDIA_APPLICATION && !s->sections[i].rejected);
    for (size_t i = s->jsep.section_count; previous && i < previous->section_count; i++) {
        const struct jsep_section *known = &previous->sections[i];
        has_data = has_data || (known->type == MEDIA_APPLICATION && !known->rejected && !was_rejected(pc, i, known));
    }
    return pc->negotiation.wants_data && !has_data;
}

static void add_new(rtc_peer_connection *pc, struct snapshot *s)
{
    for (rtc_rtp_transceiver *t; (t = next_without_section(pc)) != NULL;)
        add_transceiver(pc, s, t);
    if (needs_data(pc, s))
        add_data(pc, s);
}

/* RFC 9429 section 5.2.2: one that was rejected is used again for the next transceiver that has none. A section of data is used again for
 * data, too: the peer may have changed its mind, and is not asked before a channel wants it. */
static void add_known_or_next(rtc_peer_connection *pc, struct snapshot *s, size_t i, const struct jsep_section *known)
{
    bool rejected = was_rejected(pc, i, known);
    rtc_rtp_transceiver *next = rejected && !transceiver_by_mid(pc, known->mid) ? next_without_section(pc) : NULL;
    if (next)
        add_transceiver(pc, s, next);
    else if (rejected && known->type == MEDIA_APPLICATION && needs_data(pc, s))
        add_data(pc, s);
    else
        add_known(pc, s, known, rejected && known->type == MEDIA_APPLICATION);
}

/* What the section says of its transport. */
static void set_transport(struct snapshot *s, size_t i, struct slice tls_id, enum setup_role setup)
{
    s->transports[i] = (struct jsep_local_transport){
        .ice_ufrag = s->credentials[i].ufrag, .ice_pwd = s->credentials[i].password, .tls_id = tls_id, .setup = setup};
    s->sections[i].transport = &s->transports[i];
}

/* Of another association, which the section `first` carries, whose credentials are those of section `i`. */
static struct slice next_tls_id(struct snapshot *s, size_t i, const char *first)
{
    tls_id_make(&s->credentials[i], first, s->tls_ids[i]);
    return slice_of(s->tls_ids[i], TLS_ID_LEN);
}

/* An offer begins another association only where none was agreed on, or the section that has it goes. *first: of those that it carries. */
static bool offer_goes_on(const rtc_peer_connection *pc, const struct snapshot *s, size_t i, const struct offered_carrier *carriers,
                          size_t *first)
{
    const struct agreed_transport *agreed = negotiation_state_transport(&pc->negotiation.stable, carriers[i].transport);
    bool goes_on = false;
    for (size_t k = s->jsep.section_count; k-- > 0;) {
        if (carriers[k].transport != carriers[i].transport)
            continue;
        *first = k;
        goes_on = goes_on || strcmp(s->sections[k].mid, agreed->mid) == 0;
    }
    return goes_on && agreed->role != SETUP_NONE;
}

static int set_offered(rtc_peer_connection *pc, struct snapshot *s, size_t i, const struct offered_carrier *carriers)
{
    size_t first = i;
    uint16_t number = carriers[i].transport;
    bool goes_on = offer_goes_on(pc, s, i, carriers, &first);
    struct slice tls_id = goes_on ? tls_id_agreed(&pc->negotiation.stable, number) : next_tls_id(s, i, s->sections[first].mid);
    set_transport(s, i, tls_id, SETUP_ACTPASS);
    if (s->sections[i].type != MEDIA_APPLICATION || s->sections[i].rejected)
        return RTC_OK;
    int error = prepared_offer(pc, number, goes_on, &s->sctp_init);
    s->sections[i].sctp_init = slice_str(s->sctp_init.text);
    return error;
}

/* Both sides know of groups, and have some. */
static bool bundles(const struct negotiation_state *stable)
{
    const struct session_description *local = description_says(stable->local), *remote = description_says(stable->remote);
    for (size_t i = 0; local && remote && i < local->section_count && i < remote->section_count; i++)
        if (local->sections[i].bundle.grouped && remote->sections[i].bundle.grouped)
            return true;
    return false;
}

/* Groups stay as they were agreed on; what is new joins the first. Who has agreed on none is offered one of all. */
static void set_group(const rtc_peer_connection *pc, struct snapshot *s, size_t i, const struct offered_carrier *carriers)
{
    const struct negotiation_state *stable = &pc->negotiation.stable;
    size_t first = 0;
    while (first < i && carriers[first].transport == TRANSPORT_NONE)
        first++;
    bool known = i < stable->carrier_count && stable->carriers[i] != TRANSPORT_NONE;
    s->sections[i].group = !bundles(stable) ? 0 : known ? carriers[i].transport : carriers[first].transport;
}

/* Rejected sections repeat what others say. */
static int set_carriers(rtc_peer_connection *pc, struct snapshot *s, const struct offered_carrier *carriers)
{
    int error = restart_offer_credentials(pc, 0, s->ice_restart, &s->credentials[s->capacity]);
    s->jsep.transport =
        (struct jsep_local_transport){.ice_ufrag = s->credentials[s->capacity].ufrag, .ice_pwd = s->credentials[s->capacity].password};
    for (size_t i = 0; i < s->jsep.section_count && !error; i++) {
        if (carriers[i].transport == TRANSPORT_NONE)
            continue;
        error = restart_offer_credentials(pc, carriers[i].transport, s->ice_restart, &s->credentials[i]);
        s->sections[i].bundle_only = carriers[i].shares;
        set_group(pc, s, i, carriers);
        if (!error)
            error = set_offered(pc, s, i, carriers);
    }
    return error;
}

static int choose_carriers(rtc_peer_connection *pc, struct snapshot *s)
{
    size_t count = s->jsep.section_count;
    struct offered_section *sections = memory_zeroed(pc->context, (count + 1) * sizeof *sections);
    struct offered_carrier *carriers = memory_zeroed(pc->context, (count + 1) * sizeof *carriers);
    int error = sections && carriers ? RTC_OK : RTC_ERR_NO_MEMORY;
    for (size_t i = 0; i < count && !error; i++)
        sections[i] = (struct offered_section){s->sections[i].type, s->sections[i].mid, s->sections[i].rejected};
    if (!error) {
        const struct carrier_rules rules = peer_carrier_rules(pc);
        carriers_of_local_offer(&pc->negotiation.stable, &rules, sections, count, carriers);
        error = set_carriers(pc, s, carriers);
    }
    memory_free(pc->context, sections);
    memory_free(pc->context, carriers);
    return error;
}

int snapshot_offer(rtc_peer_connection *pc, bool ice_restart, struct text *out)
{
    const struct session_description *previous = description_says(negotiation_local(&pc->negotiation));
    struct snapshot s;
    size_t known = previous ? previous->section_count : 0;
    int error = begin(pc, known + pc->held.count + 1, &s);
    if (!error) {
        s.offers = true;
        s.ice_restart = ice_restart;
        forget_offered(pc);
        for (size_t i = 0; i < known; i++)
            add_known_or_next(pc, &s, i, &previous->sections[i]);
        add_new(pc, &s);
        error = choose_carriers(pc, &s);
    }
    if (!error)
        error = jsep_create_offer(pc->context, &s.jsep, out);
    end(pc, &s);
    return error ? peer_fail(pc, error, "the offer can not be made: %s", rtc_error_message(error)) : RTC_OK;
}

/* One of these associations goes on unless the offer has it taken over, or changes what makes it another (RFC 8842 section 3.1). */
static bool answer_goes_on(const rtc_peer_connection *pc, size_t i, const uint16_t *carriers, const struct session_description *offer)
{
    const struct negotiation *n = &pc->negotiation;
    int tagged = carriers_tagged(carriers, offer, carriers[i]);
    return tagged >= 0 && negotiation_state_transport(&n->stable, carriers[i])->role != SETUP_NONE &&
           !negotiation_state_transport(&n->pending, carriers[i])->taken_over &&
           !negotiation_dtls_changes(&n->stable, carriers[i], &offer->sections[tagged]);
}

/* What is carried. */
static int set_carried(rtc_peer_connection *pc, struct snapshot *s, size_t i, const uint16_t *carriers,
                       const struct session_description *offer, enum setup_role setup)
{
    size_t first = 0;
    bool goes_on = answer_goes_on(pc, i, carriers, offer);
    while (carriers[first] != carriers[i])
        first++;
    struct slice tls_id = goes_on ? tls_id_agreed(&pc->negotiation.stable, carriers[i]) : next_tls_id(s, i, offer->sections[first].mid);
    set_transport(s, i, tls_id, setup);
    if (s->sections[i].type != MEDIA_APPLICATION || s->sections[i].rejected)
        return RTC_OK;
    int error = prepared_answer(pc, carriers[i], goes_on, &offer->sections[i], &s->sctp_init);
    s->sections[i].sctp_init = slice_str(s->sctp_init.text);
    return error;
}

/* Our DTLS role is the one we have, else active (RFC 9429 5.3.1). A section for which there is no transport any more is rejected. */
static int set_answered(rtc_peer_connection *pc, struct snapshot *s, size_t i, const uint16_t *carriers,
                        const struct session_description *offer)
{
    uint16_t number = carriers[i];
    bool carried = number < pc->transports.count;
    bool passive = carried && negotiation_state_transport(&pc->negotiation.pending, number)->role == SETUP_PASSIVE;
    enum setup_role setup = passive ? SETUP_PASSIVE : SETUP_ACTIVE;
    s->sections[i].rejected = s->sections[i].rejected || !carried;
    restart_answer_credentials(pc, carried ? number : 0, &s->credentials[i]);
    if (carried)
        return set_carried(pc, s, i, carriers, offer, setup);
    set_transport(s, i, slice_of(NULL, 0), setup);
    return RTC_OK;
}

static bool offers_data(const struct jsep_section *section)
{
    return section->type == MEDIA_APPLICATION && section->sctp.data_channel && !section->rejected && section->sctp.port != 0;
}

/* There is one association: it has the section that it had, or the first that is offered. SIZE_MAX: none is. */
static size_t choose_data(const rtc_peer_connection *pc, const struct session_description *offer)
{
    const struct session_description *agreed = description_says(pc->negotiation.stable.local);
    size_t first = SIZE_MAX;
    for (size_t i = offer->section_count; i-- > 0;) {
        if (!offers_data(&offer->sections[i]))
            continue;
        if (agreed && i < agreed->section_count && offers_data(&agreed->sections[i]))
            return i;
        first = i;
    }
    return first;
}

int snapshot_answer(rtc_peer_connection *pc, const struct session_description *offer, struct text *out)
{
    struct snapshot s;
    size_t data = choose_data(pc, offer);
    uint16_t *carriers = memory_zeroed(pc->context, (offer->section_count + 1) * sizeof *carriers);
    int error = begin(pc, offer->section_count, &s);
    if (!carriers)
        error = RTC_ERR_NO_MEMORY;
    if (!error) {
        /* Those of the offer: a provisional answer may have rejected what this one takes. */
        carriers_of_remote_offer(&pc->negotiation.stable, context_limits(pc->context)->transports, offer, carriers);
        restart_answer_credentials(pc, 0, &s.credentials[s.capacity]);
        s.jsep.transport =
            (struct jsep_local_transport){.ice_ufrag = s.credentials[s.capacity].ufrag, .ice_pwd = s.credentials[s.capacity].password};
        for (size_t i = 0; i < offer->section_count && !error; i++) {
            add_known(pc, &s, &offer->sections[i], i != data);
            error = set_answered(pc, &s, i, carriers, offer);
        }
        if (!error)
            error = jsep_create_answer(pc->context, &s.jsep, offer, out);
    }
    memory_free(pc->context, carriers);
    end(pc, &s);
    return error ? peer_fail(pc, error, "the answer can not be made: %s", rtc_error_message(error)) : RTC_OK;
}
