/* SPDX-License-Identifier: MIT */
/* See prepared_association.h. */
#include "prepared_association.h"

#include "data_channels.h"
#include "kept_configuration.h"
#include "negotiation_state.h"
#include "transport.h"

/* The chunk of a description; empty when it is no base64, or too long. */
static struct slice decode(struct slice text, uint8_t room[SNAP_INIT_MAX])
{
    size_t len = 0;
    bool ok = text.len > 0 && base64_decode(text, room, SNAP_INIT_MAX, &len);
    return slice_of(room, ok ? len : 0);
}

/* Whose channels will have it. */
static struct transport *holder_of_data(const rtc_peer_connection *pc)
{
    return peer_transports_at(&pc->transports, negotiation_now(&pc->negotiation)->data_transport);
}

/* An engine that can not do it is no error: there is a handshake then. */
static int prepare(rtc_peer_connection *pc)
{
    struct transport *t = holder_of_data(pc);
    if (pc->channels.prepared || !t)
        return RTC_OK;
    int error = transport_need_channels(t);
    if (!error)
        error = data_channels_prepare(transport_channels(t), peer_now(pc), &pc->channels.prepared);
    return error == RTC_ERR_NO_MEMORY ? error : RTC_OK;
}

static void write_prepared(const rtc_peer_connection *pc, struct prepared_text *out)
{
    if (pc->channels.prepared)
        base64_encode(snap_init(pc->channels.prepared), out->text);
}

static const struct jsep_sctp *section_of_data(const struct description *d, const char *mid)
{
    const struct session_description *said = description_says(d);
    int section = said ? session_description_find(said, mid) : -1;
    return section < 0 || said->sections[section].rejected ? NULL : &said->sections[section].sctp;
}

/* What both descriptions said when this association was agreed on, if it was begun so; *theirs is the peer's. */
static void copy_agreed(const struct negotiation_state *stable, const char *mid, struct prepared_text *ours, struct slice *theirs)
{
    const struct jsep_sctp *local = section_of_data(stable->local, mid), *remote = section_of_data(stable->remote, mid);
    *theirs = slice_of(NULL, 0);
    if (!local || !remote || local->init.len == 0 || remote->init.len == 0 || slice_eq(local->init, remote->init) ||
        local->init.len >= sizeof ours->text)
        return;
    memcpy(ours->text, local->init.data, local->init.len);
    ours->text[local->init.len] = 0;
    *theirs = remote->init;
}

static const char *mid_of_data(const struct negotiation_state *stable)
{
    const struct session_description *said = description_says(stable->local);
    for (size_t i = 0; said && i < said->section_count; i++)
        if (said->sections[i].type == MEDIA_APPLICATION && !said->sections[i].rejected)
            return said->sections[i].mid;
    return "";
}

int prepared_offer(rtc_peer_connection *pc, size_t transport, bool goes_on, struct prepared_text *out)
{
    const struct negotiation_state *stable = &pc->negotiation.stable;
    bool there = negotiation_state_transport(stable, transport)->sctp_port != 0;
    struct slice theirs;
    *out = (struct prepared_text){""};
    if (there && goes_on)
        copy_agreed(stable, mid_of_data(stable), out, &theirs);
    if (there || !kept_configuration_show(pc->configuration)->offer_sctp_init)
        return RTC_OK;
    int error = prepare(pc);
    write_prepared(pc, out);
    return error;
}

int prepared_answer(rtc_peer_connection *pc, size_t transport, bool goes_on, const struct jsep_section *offered, struct prepared_text *out)
{
    const struct negotiation *n = &pc->negotiation;
    bool provisional = n->signaling == RTC_SIGNALING_HAVE_LOCAL_PRANSWER; /* what that began goes on */
    const struct negotiation_state *before = provisional ? &n->pending : &n->stable;
    const struct agreed_transport *agreed = negotiation_state_transport(before, transport);
    uint8_t room[SNAP_INIT_MAX];
    struct slice theirs, chunk = decode(offered->sctp.init, room);
    struct snap_init read;
    *out = (struct prepared_text){""};
    if (agreed->sctp_port != 0 && (goes_on || provisional) && agreed->sctp_port == offered->sctp.port) {
        copy_agreed(before, mid_of_data(before), out, &theirs);
        if (!slice_eq(theirs, offered->sctp.init))
            out->text[0] = 0;
        return RTC_OK;
    }
    /* It is prepared for the port that everybody has. */
    if (!snap_init_read(chunk, &read) || offered->sctp.port != SCTP_DEFAULT_PORT ||
        negotiation_state_transport(&n->pending, transport)->taken_over)
        return RTC_OK;
    int error = prepare(pc);
    if (!error && pc->channels.prepared && snap_can_take(pc->channels.prepared, chunk))
        write_prepared(pc, out);
    return error;
}

struct snap *prepared_take(rtc_peer_connection *pc, const struct jsep_section *local, const struct jsep_section *remote)
{
    struct snap *snap = pc->channels.prepared;
    struct prepared_text ours = {""};
    uint8_t room[SNAP_INIT_MAX];
    struct slice chunk = decode(remote->sctp.init, room);
    write_prepared(pc, &ours);
    if (!snap || remote->sctp.port != SCTP_DEFAULT_PORT || !slice_eq(slice_str(ours.text), local->sctp.init) || !snap_can_take(snap, chunk))
        return NULL;
    snap_take(snap, chunk);
    pc->channels.prepared = NULL;
    return snap;
}

void prepared_forget(rtc_peer_connection *pc)
{
    snap_free(pc->channels.prepared);
    pc->channels.prepared = NULL;
}
