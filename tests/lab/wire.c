/* SPDX-License-Identifier: MIT */
/* One direction of an emulated link. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

bool wire_init(struct wire *wire, uint64_t seed)
{
    *wire = (struct wire){.random = seed, .pool = calloc(WIRE_PACKETS_MAX, sizeof(*wire->pool))};
    if (wire->pool == NULL) {
        return false;
    }
    TAILQ_INIT(&wire->unused);
    TAILQ_INIT(&wire->under_way);
    for (size_t i = 0; i < WIRE_PACKETS_MAX; i++) {
        TAILQ_INSERT_TAIL(&wire->unused, &wire->pool[i], entry);
    }
    return true;
}

void wire_fini(struct wire *wire)
{
    free(wire->pool);
    *wire = (struct wire){0};
}

/* ---- Settings ---- */

static double *setting_named(struct wire_settings *settings, const char *name, size_t len)
{
    const struct {
        const char *name;
        double *value;
    } all[] = {
        {"rate_kbps", &settings->rate_kbps},
        {"queue_ms", &settings->queue_ms},
        {"policing", &settings->policing},
        {"delay_ms", &settings->delay_ms},
        {"jitter_ms", &settings->jitter_ms},
        {"loss_percent", &settings->loss_percent},
        {"bad_begin_percent", &settings->bad_begin_percent},
        {"bad_end_percent", &settings->bad_end_percent},
        {"bad_loss_percent", &settings->bad_loss_percent},
        {"late_percent", &settings->late_percent},
        {"late_ms", &settings->late_ms},
        {"twice_percent", &settings->twice_percent},
        {"down", &settings->down},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strlen(all[i].name) == len && memcmp(all[i].name, name, len) == 0) {
            return all[i].value;
        }
    }
    return NULL;
}

bool wire_set(struct wire_settings *settings, const char *text)
{
    static const char blank[] = " \t\r\n";
    for (text += strspn(text, blank); *text != '\0'; text += strspn(text, blank)) {
        size_t len = strcspn(text, "= \t\r\n");
        double *value = text[len] == '=' ? setting_named(settings, text, len) : NULL;
        char *end = NULL;
        double number = value == NULL ? -1 : strtod(text + len + 1, &end);
        if (!(number >= 0 && number < 1e9) || end == text + len + 1 || strcspn(end, blank) != 0) {
            return false;
        }
        *value = number;
        text = end;
    }
    return true;
}

/* ---- Chance ---- */

/* Uniform in [0, 1): a Weyl sequence through a finalizer that mixes all bits. */
static double chance(struct wire *wire)
{
    uint64_t bits = wire->random += 0x9e3779b97f4a7c15;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
    return (double)((bits ^ bits >> 31) >> 11) / 9007199254740992.0;
}

static bool happens(struct wire *wire, double percent)
{
    return percent > 0 && chance(wire) * 100 < percent;
}

static bool loses(struct wire *wire)
{
    const struct wire_settings *settings = &wire->settings;
    if (happens(wire, wire->bad ? settings->bad_end_percent : settings->bad_begin_percent)) {
        wire->bad = !wire->bad;
    }
    bool in_burst = wire->bad && happens(wire, settings->bad_loss_percent);
    return happens(wire, settings->loss_percent) || in_burst;
}

/* ---- Packets ---- */

static int64_t us_of(double ms)
{
    return (int64_t)(ms * 1000 + 0.5);
}

/* Puts the packet through the bottleneck. False: there is no room before it. */
static bool pass_bottleneck(struct wire *wire, size_t len, int64_t now_us, int64_t *queue_us)
{
    const struct wire_settings *settings = &wire->settings;
    int64_t begin_us = wire->idle_us > now_us ? wire->idle_us : now_us;
    if (TAILQ_EMPTY(&wire->unused) || (settings->queue_ms > 0 && begin_us - now_us > us_of(settings->queue_ms))) {
        return false;
    }
    wire->idle_us = begin_us + (settings->rate_kbps > 0 ? us_of((double)len * 8 / settings->rate_kbps) : 0);
    *queue_us = settings->policing > 0 ? 0 : begin_us - now_us;
    return true;
}

static int64_t due_of(struct wire *wire, int64_t now_us)
{
    const struct wire_settings *settings = &wire->settings;
    int64_t left_us = settings->policing > 0 ? now_us : wire->idle_us;
    int64_t due_us = left_us + us_of(settings->delay_ms + settings->jitter_ms * chance(wire));
    due_us = due_us < wire->last_due_us ? wire->last_due_us : due_us;
    if (happens(wire, settings->late_percent)) {
        return due_us + us_of(settings->late_ms);
    }
    wire->last_due_us = due_us;
    return due_us;
}

static void send(struct wire *wire, const void *bytes, size_t len, int64_t due_us)
{
    struct wire_packet *packet = TAILQ_FIRST(&wire->unused), *before;
    if (packet == NULL) {
        return;
    }
    TAILQ_REMOVE(&wire->unused, packet, entry);
    packet->due_us = due_us;
    packet->len = len;
    memcpy(packet->bytes, bytes, len);
    TAILQ_FOREACH_REVERSE(before, &wire->under_way, wire_packets, entry)
    {
        if (before->due_us <= due_us) {
            TAILQ_INSERT_AFTER(&wire->under_way, before, packet, entry);
            return;
        }
    }
    TAILQ_INSERT_HEAD(&wire->under_way, packet, entry);
}

struct wire_passage wire_take(struct wire *wire, const void *bytes, size_t len, int64_t now_us)
{
    int64_t queue_us = 0;
    wire->counts.taken++;
    if (wire->settings.down > 0) {
        wire->counts.down++;
        return (struct wire_passage){WIRE_DOWN, 0};
    }
    if (len > WIRE_PACKET_MAX || !pass_bottleneck(wire, len, now_us, &queue_us)) {
        wire->counts.overflowed++;
        return (struct wire_passage){WIRE_OVERFLOWED, 0};
    }
    if (loses(wire)) {
        wire->counts.lost++;
        return (struct wire_passage){WIRE_LOST, queue_us};
    }
    int64_t due_us = due_of(wire, now_us);
    send(wire, bytes, len, due_us);
    if (happens(wire, wire->settings.twice_percent)) {
        send(wire, bytes, len, due_us);
    }
    return (struct wire_passage){WIRE_GIVEN, queue_us};
}

int64_t wire_next_us(const struct wire *wire)
{
    const struct wire_packet *first = TAILQ_FIRST(&wire->under_way);
    return first == NULL ? WIRE_NEVER : first->due_us;
}

const struct wire_packet *wire_give(struct wire *wire, int64_t now_us)
{
    struct wire_packet *first = TAILQ_FIRST(&wire->under_way);
    if (first == NULL || first->due_us > now_us) {
        return NULL;
    }
    TAILQ_REMOVE(&wire->under_way, first, entry);
    /* Last in line for use, so that it stays whole while the caller reads it. */
    TAILQ_INSERT_TAIL(&wire->unused, first, entry);
    wire->counts.given++;
    return first;
}
