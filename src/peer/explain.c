/* SPDX-License-Identifier: MIT */
/* rtc_peer_connection_explain: what the ICE agent and DTLS know, condensed into the answer to "why did it not connect". The conclusion
 * names the first thing that is wrong on the way from descriptions over candidates and checks to the handshake; the rest is the evidence.
 */
#include "explain.h"

#include "codec_mismatch.h"
#include "ice_report.h"
#include "send_pipeline.h"
#include "sender_circuit.h"
#include "transceiver.h"
#include "transport.h"

struct evidence {
    size_t locals, remotes, pairs, checked;
    unsigned long long left_out;     /* candidates of the peer that nothing is sent to */
    const char *left_out_reason;     /* the first one's */
    size_t half_open;                /* pairs on which the peer's checks arrive and ours are not answered */
    unsigned long long checks;       /* sent */
    bool turn, relayed;              /* a TURN server is configured; a relay was had */
    unsigned long long strangers;    /* requests and responses that belong to other descriptions */
    bool over;                       /* the agent tries no more */
    struct ice_server_report broken; /* the first TURN server that gave nothing; url "" when there is none */
};

static bool is_turn(const struct ice_server_report *server)
{
    return strncmp(server->url, "turn", 4) == 0;
}

static void look_at_servers(const struct ice_agent *ice, struct evidence *e)
{
    struct ice_server_report server;
    for (size_t i = 0; ice_agent_server_report(ice, i, &server); i++) {
        if (!is_turn(&server))
            continue;
        e->turn = true;
        e->relayed = e->relayed || server.candidates > 0;
        if (server.candidates == 0 && server.reason[0] && !e->broken.url[0])
            e->broken = server;
    }
}

static void look_at_pairs(const struct ice_agent *ice, rtc_time_t now, struct evidence *e)
{
    struct ice_pair_report pair;
    for (; ice_agent_pair_report(ice, now, e->pairs, &pair); e->pairs++) {
        e->checks += pair.counts.requests_sent;
        e->checked += pair.counts.requests_sent > 0;
        e->half_open += pair.counts.requests_received > 0 && pair.counts.responses_received == 0;
    }
}

static struct evidence collect(const struct transport *t, rtc_time_t now)
{
    const struct ice_agent *ice = transport_ice_negotiated(t);
    struct ice_candidate local, remote;
    struct evidence e = {.over = ice_agent_state(ice) == ICE_FAILED};
    e.strangers = ice_agent_counters(ice)->unauthenticated + transport_ice_misdirected(t);
    e.left_out = ice_agent_counters(ice)->left_out;
    (void)ice_agent_left_out_report(ice, 0, &remote, &e.left_out_reason);
    while (ice_agent_local_candidate(ice, e.locals, &local))
        e.locals++;
    while (ice_agent_remote_report(ice, e.remotes, &remote))
        e.remotes++;
    look_at_pairs(ice, now, &e);
    look_at_servers(ice, &e);
    return e;
}

static void advise_relay(const struct evidence *e, struct text *out)
{
    if (!e->turn)
        text_print(out, "; no TURN server is configured, which could relay");
    else if (!e->relayed && e->broken.url[0])
        text_print(out, "; and %s gave no relay: %s", e->broken.url, e->broken.reason);
}

static void conclude_without_local(const rtc_peer_connection *pc, const struct transport *t, const struct evidence *e, struct text *out)
{
    if (ice_agent_gathering_state(transport_ice_negotiated(t)) != ICE_GATHERING_COMPLETE)
        text_print(out, "no local candidate has been found yet");
    else if (pc->settings.relay_only && !e->turn)
        text_print(out, "only relays may be used, and no TURN server is configured");
    else if (pc->settings.relay_only)
        text_print(out, "only relays may be used, and %s gave none: %s", e->broken.url, e->broken.reason);
    else
        text_print(out, "there is no local candidate: no network interface has an address that can be used");
}

static void conclude_without_pair(const struct transport *t, const struct evidence *e, struct text *out)
{
    const struct ice_counters *c = ice_agent_counters(transport_ice_negotiated(t));
    const char *names = ice_agent_name_failure(transport_ice_negotiated(t));
    if (e->remotes <= e->left_out && e->left_out_reason)
        text_print(out, "none of the peer's candidates may be used: %s", e->left_out_reason);
    else if (e->remotes > 0)
        text_print(out, "none of the peer's %zu candidates fits a local one: the address families or protocols differ", e->remotes);
    else if (names)
        text_print(out, "the peer tells names in place of its addresses, and they can not be resolved: %s", names);
    else if (c->ignored > 0)
        text_print(out,
                   "the peer's candidates are of no use here, such as names that can not be resolved or protocols that are switched off");
    else
        text_print(out, "no candidate of the peer has come, nor any packet: are its candidates passed on to this side?");
}

static void conclude_without_answer(const struct evidence *e, struct text *out)
{
    if (e->strangers > 0)
        text_print(
            out, "packets came with a user name or password that is not ours or the peer's: one side has an old description of the other");
    else if (e->half_open > 0)
        text_print(
            out,
            "the peer's checks arrive here, but answers to our own do not: something on the way lets packets pass in one direction only");
    else if (e->checked == 0)
        text_print(out, "the checks have not begun");
    else
        text_print(out, "%llu checks on %zu of %zu pairs %s: a firewall or NAT may be in the way, or the peer is gone", e->checks,
                   e->checked, e->pairs, e->over ? "were never answered" : "have not been answered yet");
    if (e->strangers == 0 && e->checked > 0)
        advise_relay(e, out);
}

static void conclude_without_path(const rtc_peer_connection *pc, const struct transport *t, struct text *out)
{
    struct evidence e = collect(t, pc->now);
    if (ice_agent_had_path(transport_ice_negotiated(t)))
        text_print(out, "the path worked, but nothing is heard of the peer any more: its network or ours has changed, or it is gone");
    else if (e.locals == 0 && e.pairs == 0)
        conclude_without_local(pc, t, &e, out);
    else if (e.pairs == 0)
        conclude_without_pair(t, &e, out);
    else
        conclude_without_answer(&e, out);
}

static void conclude_with_path(const struct transport *t, struct text *out)
{
    enum dtls_state dtls = dtls_state(transport_dtls(t));
    if (dtls == DTLS_FAILED)
        text_print(out, "there is a path to the peer, but the DTLS handshake failed: %s", dtls_failure(transport_dtls(t)));
    else if (dtls == DTLS_CONNECTED)
        text_print(out, "connected");
    else
        text_print(out, "there is a path to the peer, and the DTLS handshake is going on");
}

static bool has_path(const struct transport *t)
{
    const struct ice_agent *ice = transport_ice_current(t);
    return ice_agent_selected(ice) && ice_agent_state(ice) != ICE_DISCONNECTED;
}

static bool works(const struct transport *t)
{
    return has_path(t) && dtls_state(transport_dtls(t)) == DTLS_CONNECTED;
}

/* Of several, the one that keeps the connection from being connected; the first when all work. */
static const struct transport *of_interest(const struct peer_transports *transports)
{
    for (size_t i = 0; i < transports->count; i++)
        if (!works(transports->items[i]))
            return transports->items[i];
    return peer_transports_first(transports);
}

/* Nothing of the negotiation was accepted, so that there is nothing to connect. */
static bool is_empty(const rtc_peer_connection *pc)
{
    const struct negotiation_state *agreed = &pc->negotiation.stable;
    bool answered = agreed->local && agreed->local->type == RTC_SDP_ANSWER;
    const struct session_description *answer = description_says(answered ? agreed->local : agreed->remote);
    return answer && answer->section_count > 0 && description_rejects_all(answer);
}

static void conclude_empty(const rtc_peer_connection *pc, struct text *out)
{
    const struct session_description *remote = description_says(pc->negotiation.stable.remote);
    text_print(out, "every section was rejected");
    for (size_t i = 0; i < remote->section_count; i++)
        if (codec_mismatch(pc, i, NULL)) {
            text_print(out, ": ");
            (void)codec_mismatch(pc, i, out);
            return;
        }
}

void explain_conclusion(const rtc_peer_connection *pc, struct text *out)
{
    bool local = negotiation_local(&pc->negotiation), remote = negotiation_remote(&pc->negotiation);
    const struct transport *t = of_interest(&pc->transports);
    if (peer_is_closed(pc))
        text_print(out, "the connection was closed on this side");
    else if (peer_gave_up(pc))
        text_print(out, "memory ran out");
    else if (!local && !remote)
        text_print(out, "nothing has been negotiated: no description was set");
    else if (!remote)
        text_print(out, "the peer's answer has not been set");
    else if (!local)
        text_print(out, "the peer's offer has not been answered");
    else if (is_empty(pc))
        conclude_empty(pc, out);
    else if (!t)
        text_print(out, "no transport was needed");
    else if (dtls_state(transport_dtls(t)) == DTLS_CLOSED)
        text_print(out, "the peer ended the connection");
    else if (has_path(t))
        conclude_with_path(t, out);
    else
        conclude_without_path(pc, t, out);
}

static void print_candidate(const struct ice_candidate *c, struct text *out)
{
    char ip[ADDRESS_TEXT_MAX];
    if (c->name[0])
        text_print(out, "%s %s:%u", ice_candidate_type_name((enum ice_candidate_type)c->type), c->name, c->address.port);
    else if (c->address.family == ADDRESS_NONE)
        text_print(out, "%s hidden:%u", ice_candidate_type_name((enum ice_candidate_type)c->type), c->address.port);
    else
        text_print(out, "%s %s", ice_candidate_type_name((enum ice_candidate_type)c->type), address_text(&c->address, ip));
    text_print(out, "%s", c->protocol == PATH_TCP ? " tcp" : "");
}

static void print_servers(const struct ice_agent *ice, struct text *out)
{
    struct ice_server_report s;
    for (size_t i = 0; ice_agent_server_report(ice, i, &s); i++) {
        text_print(out, "server %s: ", s.url);
        if (s.candidates > 0)
            text_print(out, "%u candidates\n", s.candidates);
        else if (!s.reason[0])
            text_print(out, "answered, and told no address that was not known\n");
        else if (s.error_code)
            text_print(out, "%s (%u)\n", s.reason, s.error_code);
        else
            text_print(out, "%s\n", s.reason);
    }
}

static void print_candidates(const struct ice_agent *ice, struct text *out)
{
    struct ice_candidate local, remote;
    for (size_t i = 0; ice_agent_local_candidate(ice, i, &local); i++) {
        text_print(out, "local ");
        print_candidate(&local, out);
        text_print(out, "\n");
    }
    for (size_t i = 0; ice_agent_remote_report(ice, i, &remote); i++) {
        text_print(out, "remote ");
        print_candidate(&remote, out);
        text_print(out, "\n");
    }
    const char *reason;
    for (size_t i = 0; ice_agent_left_out_report(ice, i, &remote, &reason); i++) {
        text_print(out, "left out ");
        print_candidate(&remote, out);
        text_print(out, ": %s\n", reason);
    }
    if (ice_agent_counters(ice)->names_failed > 0)
        text_print(out, "names of the peer that were not resolved: %llu; %s\n", (unsigned long long)ice_agent_counters(ice)->names_failed,
                   ice_agent_name_failure(ice));
}

static void print_pairs(const struct ice_agent *ice, rtc_time_t now, struct text *out)
{
    struct ice_pair_report p;
    for (size_t i = 0; ice_agent_pair_report(ice, now, i, &p); i++) {
        text_print(out, "pair ");
        print_candidate(&p.local, out);
        text_print(out, " -> ");
        print_candidate(&p.remote, out);
        if (p.reason[0])
            text_print(out, ": %s\n", p.reason);
        else
            text_print(out, ": works%s, round trip %.1f ms\n", p.selected ? " and is in use" : "", (double)p.rtt_us / 1000.0);
    }
}

static void print_mismatches(const rtc_peer_connection *pc, struct text *out)
{
    const struct session_description *remote = description_says(negotiation_remote(&pc->negotiation));
    for (size_t i = 0; remote && i < remote->section_count; i++) {
        if (!codec_mismatch(pc, i, NULL))
            continue;
        text_print(out, "section '%s' (%.*s): ", remote->sections[i].mid, (int)remote->sections[i].media.len,
                   (const char *)remote->sections[i].media.data);
        (void)codec_mismatch(pc, i, out);
        text_print(out, "\n");
    }
}

/* While an ICE restart looks for a path, the one in use is evidence, too. */
static void print_generations(const struct transport *t, rtc_time_t now, struct text *out)
{
    const struct ice_agent *generations[] = {transport_ice_current(t), transport_ice_next(t)};
    if (transport_ice_restart_declined(t))
        text_print(out, "the peer answered an ICE restart with its old credentials: there is none\n");
    for (size_t i = 0; i < 2 && generations[i]; i++) {
        if (generations[1])
            text_print(out, "%s\n", i == 0 ? "before the ICE restart:" : "of the ICE restart:");
        print_candidates(generations[i], out);
        print_pairs(generations[i], now, out);
    }
}

/* What is negotiated and connected, and still not sent as it should be. */
static void print_circuits(const rtc_peer_connection *pc, struct text *out)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        const rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        for (size_t k = 0; k < t->sender.encoding_count; k++) {
            const struct sender_encoding *e = &t->sender.encodings[k];
            if (e->circuit != RTC_CIRCUIT_CLOSED)
                text_print(out, "%s of section '%s' is %s by the circuit breaker: %s\n",
                           t->kind == RTC_MEDIA_AUDIO ? "the sound" : "the video", t->mid, rtc_circuit_name(e->circuit),
                           sender_circuit_reason(e));
        }
    }
}

/* What keeps pictures smaller or fewer than they come. */
static void print_limits(const rtc_peer_connection *pc, struct text *out)
{
    static const char *const reasons[] = {
        [QUALITY_CPU] = "time to encode", [QUALITY_BANDWIDTH] = "the network", [QUALITY_OTHER] = "something else"};
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        const rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        for (size_t k = 0; t->kind == RTC_MEDIA_VIDEO && t->sender.pipeline && k < t->sender.encoding_count; k++) {
            const struct sender_encoding *e = &t->sender.encodings[k];
            struct send_pipeline_stats s = {0};
            send_pipeline_sum(t->sender.pipeline, k, &s);
            if (e->circuit != RTC_CIRCUIT_CLOSED || e->settings.inactive || s.limitation.reason == QUALITY_NONE)
                continue;
            text_print(out, "the video of section '%s'%s%s is limited by %s: ", t->mid, e->rtp.rid[0] ? ", encoding " : "", e->rtp.rid,
                       reasons[s.limitation.reason]);
            if (e->target_bitrate_bps > 0)
                text_print(out, "%ux%u, %u kbit/s\n", s.width, s.height, e->target_bitrate_bps / 1000);
            else
                text_print(out, "it is not sent\n");
        }
    }
}

/* What of video repairs it without being asked for, either way. */
static void print_parity(const rtc_peer_connection *pc, struct text *out)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        const rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        const struct rtp_session *media = t->kind == RTC_MEDIA_VIDEO && t->transport ? transport_media(t->transport) : NULL;
        struct rtp_outbound_stats sent;
        if (media && rtp_session_outbound_stats(media, t->sender.encodings[0].stream, pc->now, &sent) && sent.parity_packets_sent > 0)
            text_print(out, "the video of section '%s' is protected against loss: %u %% more packets now, %llu so far\n", t->mid,
                       sent.parity_percent, (unsigned long long)sent.parity_packets_sent);
    }
}

/* What the path carries, and who says so. */
static void print_rate(const struct transport *t, rtc_time_t now, struct text *out)
{
    const struct rtp_session *media = transport_media(t);
    uint32_t rate = media ? rtp_session_sending_rate(media) : 0, data = media ? rtp_session_data_rate(media, now) : 0;
    if (rate > 0)
        text_print(out, "the path is thought to take %u kbit/s, by the peer's %s\n", rate / 1000,
                   rtp_session_has_feedback(media) ? "feedback of each packet" : "reports");
    if (data > 0)
        text_print(out, "data channels have %u kbit/s of it beside media\n", data / 1000);
}

static void print_transport(const rtc_peer_connection *pc, size_t number, struct text *out)
{
    const struct transport *t = pc->transports.items[number];
    const struct ice_agent *ice = transport_ice_negotiated(t);
    if (number > 0)
        text_print(out, "transport %zu:\n", number + 1);
    print_rate(t, pc->now, out);
    print_servers(ice, out);
    print_generations(t, pc->now, out);
}

const char *rtc_peer_connection_explain(rtc_peer_connection *pc)
{
    struct text text = text_new(pc->context);
    (void)peer_now(pc);
    explain_conclusion(pc, &text);
    text_print(&text, "\n");
    print_mismatches(pc, &text);
    if (pc->transports.count > 0 && !peer_is_closed(pc)) {
        print_circuits(pc, &text);
        print_limits(pc, &text);
        print_parity(pc, &text);
        text_print(&text, "ICE is %s as the %s side\n", rtc_ice_connection_state_name(pc->states.ice),
                   ice_agent_controlling(transport_ice_negotiated(peer_first_transport(pc))) ? "controlling" : "controlled");
        for (size_t i = 0; i < pc->transports.count; i++)
            print_transport(pc, i, &text);
    }
    memory_free(pc->context, pc->explanation);
    pc->explanation = text_take(&text);
    if (!pc->explanation)
        (void)peer_say(pc, RTC_ERR_NO_MEMORY, "%s", rtc_error_message(RTC_ERR_NO_MEMORY));
    return pc->explanation;
}
