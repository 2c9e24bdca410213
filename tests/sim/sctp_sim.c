/* SPDX-License-Identifier: MIT */
/* See sctp_sim.h. */
#include "sctp_sim.h"

#include "usrsctp_time.h"

#include <stdlib.h>

const struct sim_link SIM_CLEAN = {.delay_us = 1000};

static int init_end(struct sctp_sim *sim, int n, const struct sim_link *link, const struct data_channels_options *options)
{
    static const char *const ips[2] = {"10.0.0.1", "10.0.0.2"};
    struct sim_end *e = &sim->end[n];
    e->host = sim_host_new(sim->net, link, e);
    sim_host_add_address(e->host, ips[n]);
    sim_host_open(e->host, 1, ips[n], 9000);
    e->address = address_ipv4(10, 0, 0, (uint8_t)(n + 1), 9000);
    int error = out_init(&e->out, sim->context);
    return error ? error : data_channels_new(sim->context, options, &e->dc);
}

int sctp_sim_init(struct sctp_sim *sim, rtc_context *context, uint64_t seed, const struct sim_link *link,
                  const struct data_channels_options *options)
{
    static const struct data_channels_options defaults;
    memset(sim, 0, sizeof *sim);
    sim->context = context;
    sim->seed = seed;
    sim->digest = 14695981039346656037u;
    sim->now = 1000000;
    sim->rtt_us = 2 * link->delay_us;
    sim_time_set(sim->now);
    sim_time_seed(seed);
    sim->net = sim_network_new(seed);
    int error = init_end(sim, 0, link, options ? options : &defaults);
    return error ? error : init_end(sim, 1, link, options ? options : &defaults);
}

void sctp_sim_fini(struct sctp_sim *sim)
{
    for (int n = 0; n < 2; n++) {
        struct sim_end *e = &sim->end[n];
        data_channels_free(e->dc);
        for (size_t i = 0; i < e->count; i++)
            packet_queue_clear(&e->channels[i].messages);
        if (e->out.pool)
            out_fini(&e->out);
    }
    sim_network_free(sim->net);
}

struct sim_channel *sim_channel(struct sctp_sim *sim, int end, uint32_t handle)
{
    struct sim_end *e = &sim->end[end];
    for (size_t i = 0; i < e->count; i++)
        if (e->channels[i].handle == handle)
            return &e->channels[i];
    if (e->count == SIM_CHANNELS)
        abort();
    e->channels[e->count] = (struct sim_channel){.handle = handle};
    return &e->channels[e->count++];
}

struct sim_channel *sim_channel_by_peer(struct sctp_sim *sim, int end, size_t n)
{
    struct sim_end *e = &sim->end[end];
    for (size_t i = 0; i < e->count; i++)
        if (e->channels[i].by_peer && n-- == 0)
            return &e->channels[i];
    return NULL;
}

void sim_fill(uint8_t *bytes, size_t len, uint32_t number)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(number * 31 + i * 7 + (i >> 8));
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(number >> 8 * i);
        bytes[4 + i] = (uint8_t)(len >> 8 * i);
    }
}

static void check_numbered(struct sim_channel *c, struct slice m)
{
    uint32_t number = 0, len = 0;
    for (size_t i = 0; i < 4 && m.len >= 8; i++) {
        number |= (uint32_t)m.data[i] << 8 * i;
        len |= (uint32_t)m.data[4 + i] << 8 * i;
    }
    uint8_t *wanted = malloc(m.len + 8);
    sim_fill(wanted, m.len < 8 ? 8 : m.len, number);
    if (!wanted || m.len < 8 || len != m.len || memcmp(wanted, m.data, m.len) != 0)
        c->damaged++;
    free(wanted);
    if (number < c->next)
        c->backwards++;
    else
        c->missing += number - c->next;
    if (number >= c->next)
        c->next = number + 1;
}

static void on_message(struct sim_channel *c, struct sctp_event *e)
{
    c->received++;
    c->bytes += e->message->len;
    if (!c->keep) {
        check_numbered(c, packet_slice(e->message));
        return;
    }
    packet_queue_push(&c->messages, e->message);
    e->message = NULL;
}

static void on_event(struct sctp_sim *sim, int n, struct sctp_event *e)
{
    if (e->head.type == SCTP_EVENT_STATE) {
        sim->end[n].state = e->state;
        return;
    }
    struct sim_channel *c = sim_channel(sim, n, e->channel);
    if (e->head.type == CHANNEL_EVENT_NEW) {
        c->by_peer = true;
        c->state = CHANNEL_OPEN;
    } else if (e->head.type == CHANNEL_EVENT_STATE) {
        c->state = e->channel_state;
        c->closed_events += c->state == CHANNEL_CLOSED;
    } else if (e->head.type == CHANNEL_EVENT_MESSAGE) {
        on_message(c, e);
    } else if (e->head.type == CHANNEL_EVENT_BUFFERED_LOW) {
        c->low_events++;
    } else {
        c->errors++;
        c->error = e->error;
    }
}

/* When which sizes left: the bytes hold the engine's number of the association, which no two runs share. */
static void digest(struct sctp_sim *sim, size_t len)
{
    sim->digest = (sim->digest ^ (uint64_t)sim->now) * 1099511628211u;
    sim->digest = (sim->digest ^ len) * 1099511628211u;
}

void sctp_sim_flush(struct sctp_sim *sim, int n)
{
    struct sim_end *e = &sim->end[n];
    for (struct packet *p; (p = packet_queue_pop(&e->out.tx)) != NULL;) {
        e->packets_sent++;
        if (p->len > e->largest)
            e->largest = p->len;
        digest(sim, p->len);
        p->path = (struct path){.socket = 1, .protocol = PATH_UDP, .local = e->address, .remote = sim->end[!n].address};
        sim_host_send(e->host, sim->now, p);
    }
    for (struct sctp_event *event; (event = out_pop_event(&e->out)) != NULL;) {
        on_event(sim, n, event);
        out_free_event(&e->out, event);
    }
}

static void deliver(struct sctp_sim *sim)
{
    struct sim_delivery d;
    while (sim_network_pop(sim->net, sim->now, &d)) {
        struct sim_end *e = sim_host_user(d.host);
        int n = e == &sim->end[1];
        if (d.packet && !e->deaf)
            data_channels_input(e->dc, sim->now, packet_slice(d.packet), &e->out);
        sim_delivery_free(&d);
        sctp_sim_flush(sim, n);
    }
}

static rtc_time_t next_time(const struct sctp_sim *sim)
{
    rtc_time_t at = sim_network_next(sim->net);
    for (int n = 0; n < 2; n++)
        deadline_min(&at, NULL, data_channels_deadline(sim->end[n].dc, NULL), TIMER_SCTP);
    return at;
}

static void step(struct sctp_sim *sim, rtc_time_t limit)
{
    rtc_time_t at = next_time(sim);
    at = at < limit ? at : limit;
    if (at > sim->now)
        sim->now = at;
    sim_time_set(sim->now);
    deliver(sim);
    for (int n = 0; n < 2; n++) {
        if (data_channels_deadline(sim->end[n].dc, NULL) <= sim->now)
            data_channels_tick(sim->end[n].dc, sim->now, &sim->end[n].out);
        sctp_sim_flush(sim, n);
    }
}

bool sctp_sim_run_until(struct sctp_sim *sim, const uint64_t *value, uint64_t goal, rtc_time_t limit)
{
    rtc_time_t end = sim->now + limit;
    while (sim->now < end && *value < goal)
        step(sim, end);
    return *value >= goal;
}

void sctp_sim_run(struct sctp_sim *sim, rtc_time_t duration)
{
    static const uint64_t never;
    (void)sctp_sim_run_until(sim, &never, 1, duration);
}

bool sctp_sim_connect(struct sctp_sim *sim, uint64_t max_message)
{
    for (int n = 0; n < 2; n++) {
        if (data_channels_start(sim->end[n].dc, sim->now, n == 0, max_message, sim->rtt_us, &sim->end[n].out) != RTC_OK)
            return false;
        sctp_sim_flush(sim, n);
    }
    for (rtc_time_t end = sim->now + 10000000; sim->now < end;) {
        if (sim->end[0].state == SCTP_CONNECTED && sim->end[1].state == SCTP_CONNECTED)
            return true;
        step(sim, end);
    }
    return false;
}

struct data_channel_options sim_reliable(const char *label)
{
    return (struct data_channel_options){.label = slice_str(label), .max_retransmits = -1, .max_packet_life_ms = -1, .id = CHANNEL_ID_NONE};
}

uint32_t sim_open(struct sctp_sim *sim, int end, const struct data_channel_options *options)
{
    uint32_t handle = 0;
    if (data_channels_open(sim->end[end].dc, sim->now, options, &handle, &sim->end[end].out) != RTC_OK)
        return 0;
    sctp_sim_flush(sim, end);
    (void)sim_channel(sim, end, handle);
    return handle;
}

int sim_send(struct sctp_sim *sim, int end, uint32_t handle, bool text, struct slice message)
{
    int error = data_channels_send(sim->end[end].dc, sim->now, handle, text, message, &sim->end[end].out);
    sctp_sim_flush(sim, end);
    return error;
}

void sim_close(struct sctp_sim *sim, int end, uint32_t handle)
{
    data_channels_close_one(sim->end[end].dc, sim->now, handle, &sim->end[end].out);
    sctp_sim_flush(sim, end);
}

struct data_channel_info sim_info(struct sctp_sim *sim, int end, uint32_t handle)
{
    struct data_channel_info info = {.state = CHANNEL_CLOSED};
    (void)data_channels_info(sim->end[end].dc, handle, &info);
    return info;
}

int sim_send_numbered(struct sctp_sim *sim, int end, uint32_t handle, size_t len, uint32_t number)
{
    uint8_t *bytes = malloc(len < 8 ? 8 : len);
    if (!bytes)
        return RTC_ERR_NO_MEMORY;
    sim_fill(bytes, len, number);
    int error = sim_send(sim, end, handle, false, slice_of(bytes, len));
    free(bytes);
    return error;
}
