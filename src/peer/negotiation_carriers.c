/* SPDX-License-Identifier: MIT */
/* See negotiation_carriers.h. A description's credentials say which generation it speaks of: those of a local offer become one when it is
 * set, and a remote offer that restarts gets one at once, which keeps the candidates that come before our answer. */
#include "negotiation_carriers.h"

#include "carriers.h"
#include "memory.h"

static bool same_credentials(const struct jsep_section *a, const struct jsep_section *b)
{
    return slice_eq(a->transport.ice_ufrag, b->transport.ice_ufrag) && slice_eq(a->transport.ice_pwd, b->transport.ice_pwd);
}

static void keep(char *to, size_t size, struct slice from)
{
    size_t len = from.len < size ? from.len : size - 1;
    memcpy(to, from.data, len);
    to[len] = 0;
}

static struct effect *add(struct negotiation_plan *plan, enum effect_type type, size_t transport)
{
    struct effect *e = negotiation_plan_add(plan, type, 0);
    e->transport = transport;
    return e;
}

/* An offer that waits has this transport taken over. */
static bool is_pending_over(const struct negotiation_facts *facts, size_t number)
{
    return negotiation_state_transport(facts->pending, number)->taken_over;
}

/* The section that has it goes on having it, or `section` gets it. */
static void give(const struct negotiation_facts *facts, struct negotiation_plan *plan, size_t number, const struct session_description *d,
                 size_t section)
{
    struct agreed_transport *agreed = &plan->next.transports[number];
    int had = session_description_find(d, agreed->mid);
    agreed->taken_over = carriers_taken_over(facts->stable, plan->next.carriers, d, number);
    if (agreed->taken_over || had < 0 || plan->next.carriers[had] != number)
        memcpy(agreed->mid, d->sections[section].mid, sizeof agreed->mid);
}

void negotiation_carry_roles(const struct negotiation_facts *facts, struct negotiation_plan *plan, bool controlling)
{
    for (size_t i = 0; i < plan->transport_count && !facts->stable->local; i++)
        add(plan, EFFECT_CONTROLLING, i)->flag = controlling;
}

void negotiation_carry_gather(struct negotiation_plan *plan)
{
    size_t count = carriers_count(plan->next.carriers, plan->next.carrier_count);
    for (size_t n = 0; n < count; n++)
        for (size_t i = 0; i < plan->next.carrier_count; i++)
            if (plan->next.carriers[i] == n) {
                (void)add(plan, EFFECT_GATHER, n);
                break;
            }
}

uint16_t negotiation_carrier(const struct negotiation_plan *plan, size_t section)
{
    return section < plan->next.carrier_count ? plan->next.carriers[section] : TRANSPORT_NONE;
}

/* ---- A local offer ---- */

static void plan_local_generation(const struct negotiation_facts *facts, struct negotiation_plan *plan, size_t number,
                                  const struct jsep_section *section)
{
    const struct ice_facts *ice = negotiation_facts_ice(facts, number);
    bool over = plan->next.transports[number].taken_over, was_over = ice->pending && is_pending_over(facts, number);
    if (negotiation_section_has(section, &ice->latest) && over == was_over)
        return;
    if (negotiation_section_has(section, &ice->negotiated) && !over) {
        (void)add(plan, EFFECT_NO_GENERATION, number);
        return;
    }
    negotiation_read_credentials(section, &add(plan, EFFECT_GENERATION, number)->credentials);
}

/* One more than there are, for there may be none, and no memory is an error. */
static int choose_carriers(const struct negotiation_facts *facts, const struct negotiation_plan *plan,
                           const struct session_description *offer, uint16_t *out)
{
    size_t count = offer->section_count;
    struct offered_section *sections = memory_zeroed(plan->context, (count + 1) * sizeof *sections);
    struct offered_carrier *carriers = memory_zeroed(plan->context, (count + 1) * sizeof *carriers);
    int error = sections && carriers ? RTC_OK : RTC_ERR_NO_MEMORY;
    for (size_t i = 0; i < count && !error; i++)
        sections[i] = (struct offered_section){offer->sections[i].type, offer->sections[i].mid, offer->sections[i].rejected};
    if (!error)
        carriers_of_local_offer(facts->stable, &facts->rules, sections, count, carriers);
    for (size_t i = 0; i < count && !error; i++)
        out[i] = carriers[i].transport;
    memory_free(plan->context, sections);
    memory_free(plan->context, carriers);
    return error;
}

/* Sections that share one come after that which has it. */
int negotiation_carry_local_offer(const struct negotiation_facts *facts, struct negotiation_plan *plan)
{
    const struct session_description *offer = plan->next.local->parsed;
    int error = choose_carriers(facts, plan, offer, plan->next.carriers);
    if (error)
        return error;
    plan->next.carrier_count = offer->section_count;
    negotiation_plan_transports(facts, plan);
    for (size_t i = 0; i < offer->section_count; i++) {
        size_t number = plan->next.carriers[i], first = 0;
        while (plan->next.carriers[first] != number)
            first++;
        if (number == TRANSPORT_NONE || first < i)
            continue;
        give(facts, plan, number, offer, i);
        if (plan->transports[number].before == TRANSPORT_NONE)
            negotiation_read_credentials(&offer->sections[i], &plan->transports[number].credentials);
        else
            plan_local_generation(facts, plan, number, &offer->sections[i]);
    }
    return RTC_OK;
}

/* ---- Whether DTLS goes on ---- */

static bool same_identity(const struct agreed_transport *agreed, const struct jsep_section *section)
{
    for (size_t i = 0; i < agreed->fingerprint_count; i++)
        for (size_t k = 0; k < section->transport.fingerprint_count; k++)
            if (memcmp(&agreed->fingerprints[i], &section->transport.fingerprints[k], sizeof agreed->fingerprints[i]) == 0)
                return true;
    return false;
}

/* RFC 8842 section 3.1: another fingerprint, another role or another a=tls-id is another association. `role`: ours, if it is known. Where
 * another section stands for the transport than before, its name says nothing of the one that there was. */
static const char *what_changes(const struct negotiation_state *stable, size_t number, const struct agreed_transport *agreed,
                                enum setup_role role, const struct jsep_section *section)
{
    const struct session_description *before = description_says(stable->remote);
    const char *mid = negotiation_state_transport(stable, number)->mid;
    int i = before && strcmp(mid, section->mid) == 0 ? session_description_find(before, mid) : -1;
    if (agreed->role == SETUP_NONE)
        return NULL;
    if (!same_identity(agreed, section))
        return "certificate";
    if (role != SETUP_NONE && role != agreed->role)
        return "a=setup role";
    return i >= 0 && !slice_eq(before->sections[i].transport.tls_id, section->transport.tls_id) ? "a=tls-id" : NULL;
}

/* RFC 8842 section 4: such an association takes another 5-tuple, so that packets can be told apart. */
static int check_restarts(const char *changed, size_t section, bool restarts, struct sdp_error *why)
{
    if (!changed || restarts)
        return RTC_OK;
    return negotiation_refuse(why, RTC_ERR_INVALID_ACCESS,
                              "section %zu: the %s changes, which takes an ICE restart (RFC 8842), and the credentials are those of before",
                              section, changed);
}

static int check_credentials(const struct jsep_section *section, size_t index, struct sdp_error *why)
{
    if (ice_credentials_are_valid(section->transport.ice_ufrag, section->transport.ice_pwd))
        return RTC_OK;
    return negotiation_refuse(why, RTC_ERR_INVALID_ACCESS,
                              "section %zu: the ICE credentials are too short, too long or have characters that are not allowed", index);
}

/* ---- A remote offer ---- */

/* The generation that was made for an earlier offer with these credentials goes on. */
static void plan_remote_generation(const struct negotiation_facts *facts, struct negotiation_plan *plan, size_t number,
                                   const struct jsep_section *section)
{
    const struct ice_facts *ice = negotiation_facts_ice(facts, number);
    const struct session_description *last = description_says(facts->pending->remote);
    int i = last && facts->pending->carriers ? carriers_tagged(facts->pending->carriers, last, number) : -1;
    bool over = plan->next.transports[number].taken_over, restarts = negotiation_restarts(facts->stable, number, section);
    bool same = i >= 0 && same_credentials(section, &last->sections[i]) && over == is_pending_over(facts, number);
    if ((restarts || over) && ice->pending && same)
        return;
    if (restarts)
        (void)add(plan, EFFECT_GENERATION, number);
    else if (over)
        add(plan, EFFECT_GENERATION, number)->credentials = ice->negotiated;
    else if (ice->pending)
        (void)add(plan, EFFECT_NO_GENERATION, number);
}

/* Its role is known when the offer leaves us none. */
static enum setup_role role_left(const struct jsep_section *section)
{
    return section->transport.setup == SETUP_ACTIVE ? SETUP_PASSIVE : section->transport.setup == SETUP_PASSIVE ? SETUP_ACTIVE : SETUP_NONE;
}

bool negotiation_dtls_changes(const struct negotiation_state *stable, size_t transport, const struct jsep_section *offered)
{
    return what_changes(stable, transport, negotiation_state_transport(stable, transport), role_left(offered), offered) != NULL;
}

static int carry_offered(const struct negotiation_facts *facts, struct negotiation_plan *plan, size_t number, size_t tagged,
                         struct sdp_error *why)
{
    const struct jsep_section *section = &plan->next.remote->parsed->sections[tagged];
    const struct agreed_transport *agreed = negotiation_state_transport(facts->stable, number);
    int error = check_credentials(section, tagged, why);
    give(facts, plan, number, plan->next.remote->parsed, tagged);
    bool restarts = plan->next.transports[number].taken_over || negotiation_restarts(facts->stable, number, section);
    if (!error)
        error = check_restarts(what_changes(facts->stable, number, agreed, role_left(section), section), tagged, restarts, why);
    if (!error && plan->transports[number].before != TRANSPORT_NONE)
        plan_remote_generation(facts, plan, number, section);
    return error;
}

/* Credentials wait for our answer, which says which section stands for the transport. */
int negotiation_carry_remote_offer(const struct negotiation_facts *facts, struct negotiation_plan *plan, struct sdp_error *why)
{
    const struct session_description *offer = plan->next.remote->parsed;
    int error = RTC_OK;
    carriers_of_remote_offer(facts->stable, facts->rules.most, offer, plan->next.carriers);
    plan->next.carrier_count = offer->section_count;
    negotiation_plan_transports(facts, plan);
    for (size_t n = 0; n < plan->next.transport_count && !error; n++) {
        int tagged = carriers_tagged(plan->next.carriers, offer, n);
        if (tagged >= 0)
            error = carry_offered(facts, plan, n, (size_t)tagged, why);
        else if (negotiation_facts_ice(facts, n)->pending)
            (void)add(plan, EFFECT_NO_GENERATION, n);
    }
    return error;
}

/* ---- An answer ---- */

/* One transport while an answer is planned. On the stack; what it points to is borrowed. */
struct carrying {
    const struct jsep_section *remote;     /* its section of the peer's */
    size_t section, before, number;        /* the section; its number while the offer waited, and in the next state */
    const struct agreed_transport *agreed; /* before this description */
    bool local_offered;
    enum setup_role role;
    bool over;           /* the section gets it from one that goes */
    bool unasked;        /* the peer's answer has other credentials, although our offer does not restart: somebody else answers */
    const char *changed; /* why DTLS begins anew; NULL: it does not, or only because it is taken over */
};

/* RFC 8842 5.3: the answerer's a=setup decides. */
static enum setup_role our_role(const struct jsep_section *answered, bool local_offered)
{
    bool answerer_is_client = answered->transport.setup != SETUP_PASSIVE;
    return answerer_is_client == local_offered ? SETUP_PASSIVE : SETUP_ACTIVE;
}

static int check_answered(const struct negotiation_facts *facts, const struct carrying *c, struct sdp_error *why)
{
    bool restarts = negotiation_restarts(negotiation_facts_now(facts), c->before, c->remote);
    int error = check_credentials(c->remote, c->section, why);
    return error ? error : check_restarts(c->changed, c->section, restarts || c->over, why);
}

/* What stays agreed on of this transport from now on. */
static void agree(struct negotiation_plan *plan, const struct carrying *c)
{
    struct agreed_transport *agreed = &plan->next.transports[c->number];
    const struct jsep_transport *said = &c->remote->transport;
    memcpy(agreed->mid, plan->next.local->parsed->sections[c->section].mid, sizeof agreed->mid);
    keep(agreed->ufrag, sizeof agreed->ufrag, said->ice_ufrag);
    keep(agreed->password, sizeof agreed->password, said->ice_pwd);
    agreed->role = c->role;
    memcpy(agreed->fingerprints, said->fingerprints, said->fingerprint_count * sizeof agreed->fingerprints[0]);
    agreed->fingerprint_count = said->fingerprint_count;
    agreed->sctp_port = 0;
    agreed->max_message_size = 0;
    agreed->taken_over = false;
}

/* Another generation of ours with the credentials that the offer had: a taken-over transport, or another endpoint that answers, such as
 * the next one of a call that was forked (RFC 9429 section 3.6). */
static void plan_same_again(struct negotiation_plan *plan, const struct carrying *c, const struct ice_facts *ice)
{
    add(plan, EFFECT_GENERATION, c->number)->credentials = ice->negotiated;
    (void)add(plan, EFFECT_GATHER, c->number);
}

/* RFC 8839 section 4.4.1.1.1 has the answer to an offer that restarts change both. Peers that can not restart answer with what they had:
 * for them nothing changed, and the old generation goes on. They were told other credentials of ours, though, so that the next offer can
 * not go back to the old ones, which would look like a restart, too: it is one. */
static void plan_answered(const struct negotiation_facts *facts, struct negotiation_plan *plan, const struct carrying *c)
{
    const struct ice_facts *ice = negotiation_facts_ice(facts, c->before);
    bool anew = c->agreed->role != SETUP_NONE && (c->over || c->changed);
    bool restarts = negotiation_restarts(negotiation_facts_now(facts), c->before, c->remote);
    if ((c->over || c->unasked) && !ice->pending)
        plan_same_again(plan, c, ice);
    struct effect *credentials = add(plan, EFFECT_CREDENTIALS, c->number);
    credentials->section = c->section;
    credentials->anew = anew;
    credentials->flag = ice->pending && !c->over && c->agreed->ufrag[0] && !restarts;
    agree(plan, c);
    plan->next.transports[c->number].renewed = c->changed != NULL;
    add(plan, EFFECT_DTLS, c->number)->anew = anew;
}

/* The section of the answer that stands for the transport which carries this one. */
static int carry_answered(const struct negotiation_facts *facts, struct negotiation_plan *plan, struct carrying *c, struct sdp_error *why)
{
    const struct negotiation_state *next = &plan->next;
    const struct session_description *answer = (c->local_offered ? next->remote : next->local)->parsed;
    c->remote = &next->remote->parsed->sections[c->section];
    c->role = our_role(&answer->sections[c->section], c->local_offered);
    c->unasked = c->local_offered && !c->over && !negotiation_facts_ice(facts, c->before)->pending &&
                 negotiation_restarts(negotiation_facts_now(facts), c->before, c->remote);
    if (c->local_offered && !c->over && c->agreed->role == SETUP_ACTIVE && same_identity(c->agreed, c->remote) && !c->unasked)
        c->role = SETUP_ACTIVE; /* Firefox 153 answers active to whatever it has been asked, and means the association that there is */
    /* One that is taken over begins anew in any case, in whatever roles; with the same certificate it is the same peer. */
    c->changed = what_changes(facts->stable, c->before, c->agreed, c->over ? SETUP_NONE : c->role, c->remote);
    int error = c->local_offered ? check_answered(facts, c, why) : check_credentials(c->remote, c->section, why);
    if (!error)
        plan_answered(facts, plan, c);
    return error;
}

/* Nothing is carried: all transports go, and one that nothing was said of waits for whatever comes (webrtc-pc 4.3.2: as new as none). */
static void carry_nothing(struct negotiation_plan *plan)
{
    plan->next.transport_count = 0;
    plan->next.data_transport = 0;
    plan->transports[0] = (struct planned_transport){.before = TRANSPORT_NONE, .alone = true};
    plan->transport_count = 1;
}

/* Transports are numbered anew, in the order of sections: *before has those that they had. Returns how many there are. */
static size_t number_anew(struct negotiation_plan *plan, uint16_t *carriers, size_t count)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        size_t n = 0;
        while (n < used && carriers[i] != TRANSPORT_NONE && plan->transports[n].before != carriers[i])
            n++;
        if (carriers[i] == TRANSPORT_NONE)
            continue;
        if (n == used)
            plan->transports[used++].before = carriers[i];
        carriers[i] = (uint16_t)n;
    }
    return used;
}

/* Channels that wait for a section of data wait where they did, as long as that is there. */
static void keep_data_transport(const struct negotiation_facts *facts, struct negotiation_plan *plan)
{
    size_t n = 0;
    while (n < plan->transport_count && plan->transports[n].before != negotiation_facts_now(facts)->data_transport)
        n++;
    plan->next.data_transport = n < plan->transport_count ? n : 0;
}

/* What carries nothing goes, and the others are numbered anew. */
static void settle_transports(const struct negotiation_facts *facts, struct negotiation_plan *plan)
{
    struct negotiation_state *next = &plan->next;
    const struct negotiation_state *now = negotiation_facts_now(facts);
    next->transport_count = plan->transport_count = number_anew(plan, next->carriers, next->carrier_count);
    if (next->transport_count == 0) {
        carry_nothing(plan);
        return;
    }
    keep_data_transport(facts, plan);
    for (size_t n = 0; n < next->transport_count; n++)
        next->transports[n] = *negotiation_state_transport(now, plan->transports[n].before);
}

static bool carries_nothing(const struct negotiation_state *state, size_t number)
{
    for (size_t i = 0; i < state->carrier_count; i++)
        if (state->carriers[i] == number)
            return false;
    return true;
}

/* All of them wait for the answer that settles it. */
static void keep_transports(const struct negotiation_facts *facts, struct negotiation_plan *plan)
{
    const struct negotiation_state *now = negotiation_facts_now(facts);
    plan->next.transport_count = now->transport_count;
    plan->transport_count = now->transport_count > 0 ? now->transport_count : 1;
    for (size_t n = 0; n < plan->transport_count; n++) {
        plan->transports[n].before = n;
        plan->transports[n].idle = carries_nothing(&plan->next, n);
    }
    plan->next.data_transport = now->data_transport;
}

static int carry_all_answered(const struct negotiation_facts *facts, struct negotiation_plan *plan, const uint16_t *carriers,
                              bool local_offered, struct sdp_error *why)
{
    const struct session_description *answer = (local_offered ? plan->next.remote : plan->next.local)->parsed;
    bool provisional = facts->signaling == RTC_SIGNALING_HAVE_REMOTE_PRANSWER || facts->signaling == RTC_SIGNALING_HAVE_LOCAL_PRANSWER;
    size_t used = carriers_count(plan->next.carriers, plan->next.carrier_count);
    int error = RTC_OK;
    for (size_t n = 0; n < used && !error; n++) {
        int section = carriers_tagged(plan->next.carriers, answer, n);
        struct carrying c = {.before = plan->transports[n].before, .number = n, .local_offered = local_offered};
        if (section < 0)
            continue;
        c.section = (size_t)section;
        c.agreed = negotiation_state_transport(negotiation_facts_now(facts), c.before);
        c.over = !provisional && carriers_taken_over(facts->stable, carriers, plan->next.local->parsed, c.before); /* which has all mids */
        error = carry_answered(facts, plan, &c, why);
    }
    return error;
}

int negotiation_carry_answer(const struct negotiation_facts *facts, struct negotiation_plan *plan, bool local_offered,
                             struct sdp_error *why)
{
    struct negotiation_state *next = &plan->next;
    const struct session_description *offer = (local_offered ? next->local : next->remote)->parsed;
    const struct session_description *answer = (local_offered ? next->remote : next->local)->parsed;
    size_t count = answer->section_count;
    uint16_t *carriers = memory_alloc(plan->context, (count + 1) * sizeof *carriers);
    int error = carriers && local_offered ? choose_carriers(facts, plan, offer, carriers) : carriers ? RTC_OK : RTC_ERR_NO_MEMORY;
    if (carriers && !local_offered)
        carriers_of_remote_offer(facts->stable, facts->rules.most, offer, carriers);
    if (!error) {
        carriers_of_answer(carriers, offer, answer, next->carriers);
        memcpy(carriers, next->carriers, count * sizeof *carriers); /* by the numbers of before */
        next->carrier_count = count;
        if (plan->signaling == RTC_SIGNALING_STABLE)
            settle_transports(facts, plan);
        else
            keep_transports(facts, plan);
        if (!local_offered)
            negotiation_carry_gather(plan);
        error = carry_all_answered(facts, plan, carriers, local_offered, why);
    }
    memory_free(plan->context, carriers);
    return error;
}
