/* SPDX-License-Identifier: MIT */
/* See forward_choice.h. */
#include "forward_choice.h"

/* Parts of the target: what is begun with must fit with room to spare, what is sent may be over it by a little. */
enum { SPARE_PERCENT = 90, OVER_PERCENT = 110, ALL_PERCENT = 100 };

void forward_choice_init(struct forward_choice *c)
{
    *c = (struct forward_choice){.up_since = RTC_TIME_NEVER, .down_since = RTC_TIME_NEVER, .went_down = RTC_TIME_NEVER};
}

static uint32_t rate_of(const struct forward_layer *l, uint32_t temporal)
{
    return l->rates_bps[temporal < FORWARD_LAYER_TEMPORALS ? temporal : FORWARD_LAYER_TEMPORALS - 1];
}

/* The larger picture is the better one; of the same size, or while none is known, the one with more bits. */
static bool is_better(const struct forward_layer *a, const struct forward_layer *b)
{
    uint64_t of_a = (uint64_t)a->width * a->height, of_b = (uint64_t)b->width * b->height;
    if (of_a != of_b && of_a > 0 && of_b > 0)
        return of_a > of_b;
    return rate_of(a, FORWARD_LAYER_TEMPORALS) > rate_of(b, FORWARD_LAYER_TEMPORALS);
}

static const struct forward_layer *named(const struct forward_layer *layers, size_t count, const char *rid)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(layers[i].rid, rid) == 0)
            return &layers[i];
    return NULL;
}

/* What does not come bounds what is larger than it was, if that is known; else it is as if it were not there. */
static bool is_bound_by(const struct forward_layer *l, const struct forward_layer *most)
{
    return most && l != most && (most->flows || (most->width > 0 && l->width > 0));
}

static bool is_allowed(const struct forward_layer *l, const struct forward_layer *most)
{
    return l->flows && (!is_bound_by(l, most) || !is_better(l, most));
}

/* How many temporal layers of it fit; the lowest always does. */
static uint8_t fitting(const struct forward_layer *l, uint8_t most, uint32_t target_bps)
{
    uint8_t temporal = (uint8_t)(l->temporals - 1 < most ? l->temporals - 1 : most);
    while (temporal > 0 && target_bps > 0 && rate_of(l, temporal) > target_bps)
        temporal--;
    return temporal == l->temporals - 1 ? most : temporal; /* all that there are, also those that come to be */
}

static bool fits(const struct forward_layer *l, uint8_t most, uint32_t target_bps)
{
    uint8_t all = (uint8_t)(l->temporals - 1 < most ? l->temporals - 1 : most);
    return target_bps == 0 || rate_of(l, all) <= target_bps;
}

/* The best that fits whole, else of the least one what fits. False: none flows. */
static bool best(const struct forward_layer *layers, size_t count, const struct forward_bounds *b, uint32_t target_bps,
                 struct forward_wish *out)
{
    const struct forward_layer *most = b->has_rid ? named(layers, count, b->rid) : NULL, *found = NULL, *least = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct forward_layer *l = &layers[i];
        if (b->fixed ? l != most : !is_allowed(l, most))
            continue;
        if (!least || is_better(least, l))
            least = l;
        if ((b->fixed || fits(l, b->temporal_id, target_bps)) && (!found || is_better(l, found)))
            found = l;
    }
    const struct forward_layer *l = found ? found : least;
    if (!l)
        return false;
    *out = (struct forward_wish){(uint8_t)(l - layers), fitting(l, b->temporal_id, b->fixed ? 0 : target_bps)};
    return true;
}

static uint32_t part(uint32_t target_bps, uint32_t percent)
{
    uint64_t some = (uint64_t)target_bps * percent / ALL_PERCENT;
    return some > 0 || target_bps == 0 ? (uint32_t)(some < UINT32_MAX ? some : UINT32_MAX) : 1; /* 0 would say that nobody knows */
}

static bool is_more(const struct forward_layer *layers, struct forward_wish a, struct forward_wish b)
{
    return a.layer == b.layer ? a.temporal_id > b.temporal_id : is_better(&layers[a.layer], &layers[b.layer]);
}

static bool same(struct forward_wish a, struct forward_wish b)
{
    return a.layer == b.layer && a.temporal_id == b.temporal_id;
}

/* Whether it has been so for long enough. */
static bool lasts(rtc_time_t *since, bool is_so, rtc_time_t now, rtc_time_t enough)
{
    if (!is_so)
        *since = RTC_TIME_NEVER;
    else if (*since == RTC_TIME_NEVER)
        *since = now;
    return is_so && now - *since >= enough;
}

/* What is sent now, as far as it is still allowed: of the same layer, with no more temporal layers than may be. */
static bool stays(const struct forward_layer *layers, size_t count, const struct forward_bounds *b, struct forward_wish now)
{
    const struct forward_layer *most = b->has_rid ? named(layers, count, b->rid) : NULL;
    if (now.layer >= count || now.temporal_id > b->temporal_id)
        return false;
    return b->fixed ? &layers[now.layer] == most : is_allowed(&layers[now.layer], most);
}

static void become(struct forward_choice *c, struct forward_wish wish)
{
    c->chosen = true;
    c->now = wish;
    c->up_since = c->down_since = RTC_TIME_NEVER;
}

static void follow(struct forward_choice *c, rtc_time_t now, const struct forward_layer *layers, struct forward_wish bold,
                   struct forward_wish careful)
{
    bool down = is_more(layers, c->now, bold), up = is_more(layers, careful, c->now);
    bool waited = c->went_down == RTC_TIME_NEVER || now - c->went_down >= FORWARD_AFTER_DOWN_US;
    if (lasts(&c->down_since, down, now, FORWARD_DOWN_AFTER_US)) {
        become(c, bold);
        c->went_down = now;
    } else if (lasts(&c->up_since, up, now, FORWARD_UP_AFTER_US) && waited) {
        become(c, careful);
    }
}

bool forward_choice_update(struct forward_choice *c, rtc_time_t now, const struct forward_layer *layers, size_t count,
                           const struct forward_bounds *b, uint32_t target_bps, struct forward_wish *out)
{
    struct forward_wish bold, careful; /* with the target stretched a little, and with some of it left */
    if (!best(layers, count, b, part(target_bps, OVER_PERCENT), &bold) ||
        !best(layers, count, b, part(target_bps, SPARE_PERCENT), &careful)) {
        *out = c->now;
        return false;
    }
    if (!c->chosen || !stays(layers, count, b, c->now) || (b->fixed && !same(c->now, careful)))
        become(c, careful);
    else
        follow(c, now, layers, bold, careful);
    *out = c->now;
    return true;
}
