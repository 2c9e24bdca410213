/* SPDX-License-Identifier: MIT */
/* The adaptive jitter buffer of one audio stream: insertion and the playout timeline. */
#include "audio_buffer.h"

#include "sequence.h"

#include <string.h>

enum {
    QUANTILE_PER_MILLE = 995,         /* one packet of two hundred comes too late, and is heard as a loss is */
    INITIAL_DELAY_US = 40000,         /* two packets of 20 ms, before anything was learnt */
    MAX_DELAY_US = 500000,            /* nobody can talk over more than this: what is later is lost */
    DISCONTINUITY_EARLY_US = 1000000, /* media this much ahead of the base line is a new timeline */
    DISCONTINUITY_LATE_US = 5000000,  /* and so is what comes this much behind it */
    DISCONTINUITY_DRY_US = 1000000,   /* or this much, when nothing is left to play */
    STARVED_US = 1000000,             /* concealment without any packet ends after this, */
    SILENT_US = 2000000,              /* silence, of which a packet comes every 400 ms (DTX), after this */
    STALL_US = 500000,                /* a tick this late: the timeline is moved, not caught up with */
    LOSS_MEMORY_US = 6000000,         /* for so long after a loss what may repair it is waited for: the next packet, or one after it */
    REPAIR_WAIT_MAX_US = 120000,      /* what comes later than this after its time repairs nothing that is worth the delay */
    ACCELERATE_EVERY_US = 100000,     /* what is shortened, or stretched, oftener is heard */
    EXPAND_EVERY_US = 200000,
    FAR_US = 100000,            /* an asked delay that is so much longer is not to be waited for: every second packet is stretched */
    SPARE_PACKETS = 16,         /* beside what is held back: for bursts */
    EXPAND_PATIENCE_US = 200000 /* below the target for so long before speech is stretched; silence is at once */
};

void audio_buffer_init(struct audio_buffer *b, uint32_t clock_rate, size_t capacity)
{
    memset(b, 0, sizeof *b);
    b->clock_rate = clock_rate;
    b->capacity = capacity < 2 ? 2 : capacity < AUDIO_BUFFER_MAX ? capacity : AUDIO_BUFFER_MAX;
    b->duration = clock_rate / 50;
}

static void drop_packets(struct audio_buffer *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        jitter_room_give_back(b->room, jitter_room_cost(b->packets[i].frame));
        rtc_encoded_frame_unref(b->packets[i].frame);
    }
    b->count -= n;
    memmove(b->packets, b->packets + n, b->count * sizeof b->packets[0]);
}

void audio_buffer_reset(struct audio_buffer *b)
{
    drop_packets(b, b->count);
    delay_estimator_reset(&b->estimator);
    b->state = AUDIO_BUFFER_IDLE;
    b->has_timestamp = b->emitted = b->concealing = b->silence.plays = false;
}

static rtc_time_t to_us(const struct audio_buffer *b, int64_t units)
{
    return units * 1000000 / (int64_t)b->clock_rate;
}

static int64_t to_units(const struct audio_buffer *b, rtc_time_t us)
{
    return us * (int64_t)b->clock_rate / 1000000;
}

static rtc_time_t delay_of(const struct audio_buffer *b, rtc_time_t time, int64_t timestamp)
{
    return time - delay_estimator_earliest(&b->estimator, to_us(b, timestamp));
}

rtc_time_t audio_buffer_delay(const struct audio_buffer *b)
{
    return b->state == AUDIO_BUFFER_PLAYING ? delay_of(b, b->next_time, b->next_timestamp) : 0;
}

rtc_time_t audio_buffer_own_target(const struct audio_buffer *b, rtc_time_t now)
{
    rtc_time_t packet = to_us(b, b->duration);
    rtc_time_t target = delay_estimator_quantile(&b->estimator, QUANTILE_PER_MILLE);
    if (now < b->repair.until)
        target += b->repair.wait;
    if (target < packet)
        target = packet;
    return target < MAX_DELAY_US ? target : MAX_DELAY_US;
}

static rtc_time_t shorter(rtc_time_t a, rtc_time_t b)
{
    return a < b ? a : b;
}

rtc_time_t audio_buffer_asked_delay(const struct audio_buffer *b)
{
    rtc_time_t most = b->capacity > SPARE_PACKETS ? to_us(b, (int64_t)(b->capacity - SPARE_PACKETS) * b->duration) : 0;
    if (b->room_delay > 0)
        most = shorter(most, b->room_delay);
    return shorter(b->asked_delay, most);
}

rtc_time_t audio_buffer_target(const struct audio_buffer *b, rtc_time_t now)
{
    rtc_time_t own = audio_buffer_own_target(b, now), asked = audio_buffer_asked_delay(b),
               more = own > b->minimum_delay ? own : b->minimum_delay;
    return more > asked ? more : asked;
}

void audio_buffer_set_minimum_delay(struct audio_buffer *b, rtc_time_t delay)
{
    b->minimum_delay = delay;
}

void audio_buffer_set_asked_delay(struct audio_buffer *b, rtc_time_t delay)
{
    if (delay != b->asked_delay)
        b->room_delay = 0;
    b->asked_delay = delay;
}

/* ---- Insertion ---- */

static int64_t unwrap(struct audio_buffer *b, uint32_t timestamp)
{
    int64_t t = b->has_timestamp ? unwrap32(b->last_timestamp, timestamp) : timestamp;
    b->has_timestamp = true;
    return t;
}

/* The sender's clock jumped, or it is another sender: nothing that was learnt applies. */
static bool discontinuous(const struct audio_buffer *b, rtc_time_t arrived, int64_t timestamp)
{
    if (!b->estimator.ready)
        return false;
    rtc_time_t late = delay_of(b, arrived, timestamp);
    return late < -DISCONTINUITY_EARLY_US || late > (b->count > 0 ? DISCONTINUITY_LATE_US : DISCONTINUITY_DRY_US);
}

static void begin(struct audio_buffer *b, rtc_time_t now, int64_t timestamp)
{
    rtc_time_t delay = INITIAL_DELAY_US;
    rtc_time_t target = audio_buffer_target(b, now);
    b->state = AUDIO_BUFFER_PLAYING;
    b->emitted = b->concealing = false;
    b->next_timestamp = timestamp;
    b->next_time = now + (target > delay ? target : delay);
    b->starved_since = b->below_since = RTC_TIME_NEVER;
}

/* Reordering at the very start: the timeline begins earlier, everything else stays where it is. */
static void begin_earlier(struct audio_buffer *b, rtc_time_t now, int64_t timestamp)
{
    rtc_time_t time = b->next_time - to_us(b, b->next_timestamp - timestamp);
    if (time < now)
        return;
    b->next_timestamp = timestamp;
    b->next_time = time;
}

static size_t place_of(const struct audio_buffer *b, int64_t timestamp)
{
    size_t i = b->count;
    while (i > 0 && b->packets[i - 1].timestamp >= timestamp)
        i--;
    return i;
}

static enum audio_insert refuse(rtc_encoded_frame *frame, enum audio_insert why)
{
    rtc_encoded_frame_unref(frame);
    return why;
}

/* Silence was longer than was known when it was filled in: the timeline has waited for its end. What comes then is not late. */
static void end_silence(struct audio_buffer *b, int64_t timestamp)
{
    if (b->silence.plays && b->count == 0 && timestamp < b->next_timestamp && timestamp >= b->silence.from)
        b->next_timestamp = timestamp;
}

/* The packet itself came after all: what came in its stead was of no use. */
static enum audio_insert replace(struct audio_buffer *b, struct audio_packet *held, struct audio_packet p)
{
    if (!jitter_room_fits(b->room, jitter_room_cost(p.frame)))
        return refuse(p.frame, AUDIO_OVERFLOW);
    jitter_room_give_back(b->room, jitter_room_cost(held->frame));
    rtc_encoded_frame_unref(held->frame);
    jitter_room_add(b->room, jitter_room_cost(p.frame));
    *held = p;
    b->stats.fec_unused++;
    return AUDIO_INSERTED;
}

static enum audio_insert store(struct audio_buffer *b, struct audio_packet p)
{
    size_t at = place_of(b, p.timestamp);
    if (at < b->count && b->packets[at].timestamp == p.timestamp) {
        if (b->packets[at].redundant && !p.redundant)
            return replace(b, &b->packets[at], p);
        b->stats.duplicate_packets += !p.redundant;
        return refuse(p.frame, AUDIO_DUPLICATE);
    }
    if (!jitter_room_fits(b->room, jitter_room_cost(p.frame)))
        return refuse(p.frame, AUDIO_OVERFLOW);
    if (b->count == b->capacity) {
        if (at == 0)
            return refuse(p.frame, AUDIO_OVERFLOW);
        drop_packets(b, 1);
        at--;
    }
    memmove(&b->packets[at + 1], &b->packets[at], (b->count - at) * sizeof p);
    b->packets[at] = p;
    b->count++;
    jitter_room_add(b->room, jitter_room_cost(p.frame));
    return AUDIO_INSERTED;
}

enum audio_insert audio_buffer_insert(struct audio_buffer *b, rtc_time_t now, uint32_t timestamp, struct audio_packet p)
{
    p.timestamp = unwrap(b, timestamp);
    b->stats.fec_packets += p.fec;
    if (discontinuous(b, p.arrival, p.timestamp)) {
        audio_buffer_reset(b);
        p.timestamp = unwrap(b, timestamp);
    }
    if (p.timestamp > b->last_timestamp || b->state == AUDIO_BUFFER_IDLE)
        b->last_timestamp = p.timestamp;
    delay_estimator_add(&b->estimator, p.arrival, to_us(b, p.timestamp), true);
    b->duration = p.duration;
    if (b->state == AUDIO_BUFFER_IDLE)
        begin(b, now, p.timestamp);
    else if (p.timestamp < b->next_timestamp && !b->emitted)
        begin_earlier(b, now, p.timestamp);
    end_silence(b, p.timestamp);
    if (p.timestamp < b->next_timestamp) {
        b->stats.late_packets++;
        b->stats.fec_unused += p.fec;
        return refuse(p.frame, AUDIO_LATE);
    }
    return store(b, p);
}

static void expect_repair(struct audio_buffer *b, rtc_time_t now, rtc_time_t wait)
{
    if (wait > REPAIR_WAIT_MAX_US) /* of before a silence */
        return;
    if (now >= b->repair.until || wait > b->repair.wait)
        b->repair.wait = wait;
    b->repair.until = now + LOSS_MEMORY_US;
}

/* What is missing is known by the latest packet to be so, and how long after its time it came is how long such repairs take. */
enum audio_insert audio_buffer_insert_redundant(struct audio_buffer *b, rtc_time_t now, uint32_t timestamp, struct audio_packet p)
{
    b->stats.fec_packets++;
    p.redundant = true;
    p.timestamp = b->has_timestamp ? unwrap32(b->last_timestamp, timestamp) : timestamp;
    enum audio_insert result = AUDIO_LATE;
    bool missing = b->state == AUDIO_BUFFER_PLAYING && p.timestamp < b->last_timestamp && p.timestamp >= b->next_timestamp;
    rtc_time_t wait = to_us(b, b->last_timestamp - p.timestamp);
    if (missing)
        result = store(b, p);
    else
        rtc_encoded_frame_unref(p.frame);
    if (result == AUDIO_INSERTED)
        expect_repair(b, now, wait);
    else
        b->stats.fec_unused++;
    return result;
}

/* ---- Playout ---- */

rtc_time_t audio_buffer_deadline(const struct audio_buffer *b)
{
    return b->state == AUDIO_BUFFER_PLAYING ? b->next_time : RTC_TIME_NEVER;
}

static bool decide(struct audio_buffer *b, struct audio_decision *out, enum rtp_audio_action action, uint32_t samples)
{
    *out = (struct audio_decision){.action = action, .samples = samples, .timestamp = b->next_timestamp, .time = b->next_time};
    b->emitted = true;
    b->stats.total_samples += samples;
    return true;
}

static bool invent(struct audio_buffer *b, uint32_t samples, bool advance, struct audio_decision *out)
{
    (void)decide(b, out, RTP_AUDIO_CONCEAL, samples);
    if (advance)
        b->next_timestamp += samples;
    b->next_time += to_us(b, samples);
    return true;
}

/* Silence that stands for silence (DTX) is not counted as concealment. */
static bool conceal(struct audio_buffer *b, uint32_t samples, bool advance, struct audio_decision *out)
{
    if (!b->silence.plays) {
        b->stats.concealed_samples += samples;
        b->stats.concealment_events += !b->concealing;
        b->concealing = true;
    }
    (void)invent(b, samples, advance, out);
    out->missed = !b->silence.plays;
    return true;
}

static bool recover(struct audio_buffer *b, uint32_t samples, struct audio_decision *out)
{
    (void)decide(b, out, RTP_AUDIO_FEC, samples);
    out->frame = rtc_encoded_frame_ref(b->packets[0].frame);
    b->stats.fec_samples += samples;
    b->fec_taken = true;
    b->concealing = false;
    b->next_timestamp += samples;
    b->next_time += to_us(b, samples);
    return true;
}

/* The packet in front is used up, or too late: nobody needs what it says of the one before it any more. */
static void settle_fec(struct audio_buffer *b)
{
    b->stats.fec_unused += b->packets[0].fec && !b->packets[0].redundant && !b->fec_taken;
    b->fec_taken = false;
}

static void count_delay(struct audio_buffer *b, const struct audio_packet *p)
{
    int64_t samples = p->duration;
    b->stats.emitted_samples += p->duration;
    b->stats.delay_sum_us_samples_ms += (b->next_time - p->arrival) * samples / 1000;
    b->stats.target_sum += audio_buffer_target(b, b->next_time) * samples / 1000;
    b->stats.own_target_sum += audio_buffer_own_target(b, b->next_time) * samples / 1000;
}

static bool play(struct audio_buffer *b, enum rtp_audio_action action, struct audio_decision *out)
{
    struct audio_packet *p = &b->packets[0];
    (void)decide(b, out, action, p->duration);
    out->frame = rtc_encoded_frame_ref(p->frame);
    out->arrived = p->arrival;
    out->level = p->level;
    count_delay(b, p);
    settle_fec(b);
    b->concealing = false;
    b->silence.plays = p->quiet;
    b->next_timestamp += p->duration;
    b->silence.from = b->next_timestamp;
    if (action == RTP_AUDIO_ACCELERATE)
        b->stats.accelerated_samples += p->duration;
    else
        b->next_time += to_us(b, p->duration);
    drop_packets(b, 1);
    return true;
}

/* Nothing is there: the timeline waits, so that what comes late is still played. What is too much of it is won back later. Silence takes as
 * long as it does: the timeline goes on. */
static bool starve(struct audio_buffer *b, rtc_time_t now, struct audio_decision *out)
{
    if (b->starved_since == RTC_TIME_NEVER)
        b->starved_since = now;
    if (now - b->starved_since < (b->silence.plays ? SILENT_US : STARVED_US))
        return conceal(b, b->duration, b->silence.plays, out);
    b->state = AUDIO_BUFFER_IDLE;
    return false;
}

/* Media that never came, and that FEC can not bring back, is the cheapest to leave out when the delay is above its target. */
static int64_t leave_out(struct audio_buffer *b, int64_t gap, rtc_time_t target)
{
    const struct audio_packet *p = &b->packets[0];
    int64_t excess = to_units(b, audio_buffer_delay(b) - target), step = p->duration;
    int64_t most = p->fec && !b->silence.plays && gap >= step ? gap - step : gap;
    if (excess <= 0)
        return gap;
    int64_t skip = excess >= most ? most : excess / step * step;
    skip += (gap - skip) % ((int64_t)b->clock_rate / 400); /* codecs conceal multiples of 2.5 ms */
    b->next_timestamp += skip;
    if (!b->silence.plays)
        b->stats.accelerated_samples += (uint64_t)skip;
    return gap - skip;
}

static bool is_far(const struct audio_buffer *b)
{
    return audio_buffer_delay(b) + FAR_US < audio_buffer_asked_delay(b);
}

static bool may_expand(struct audio_buffer *b, rtc_time_t now, rtc_time_t target)
{
    bool below = audio_buffer_delay(b) + to_us(b, b->duration) < target;
    if (!below)
        b->below_since = RTC_TIME_NEVER;
    else if (b->below_since == RTC_TIME_NEVER)
        b->below_since = now;
    return below && now - b->last_expand >= (is_far(b) ? 2 * to_us(b, b->duration) : EXPAND_EVERY_US);
}

/* Nothing is missing: it is played slower (webrtc-stats, insertedSamplesForDeceleration). */
static bool expand(struct audio_buffer *b, rtc_time_t now, struct audio_decision *out)
{
    b->last_expand = now;
    b->stats.inserted_samples += b->duration;
    return invent(b, b->duration, false, out);
}

static bool bridge(struct audio_buffer *b, rtc_time_t now, int64_t gap, rtc_time_t target, struct audio_decision *out)
{
    const struct audio_packet *p = &b->packets[0];
    if (!b->silence.plays)
        expect_repair(b, now, to_us(b, p->duration));
    if (may_expand(b, now, target))
        return expand(b, now, out);
    if (p->fec && gap == p->duration)
        return recover(b, (uint32_t)gap, out);
    return conceal(b, gap < p->duration ? (uint32_t)gap : p->duration, true, out);
}

static bool may_accelerate(struct audio_buffer *b, rtc_time_t now, rtc_time_t target)
{
    const struct audio_packet *p = &b->packets[0];
    rtc_time_t duration = to_us(b, p->duration), every = duration * 5;
    if (every > ACCELERATE_EVERY_US)
        every = ACCELERATE_EVERY_US > duration ? ACCELERATE_EVERY_US : duration;
    bool next = b->count > 1 && b->packets[1].timestamp == p->timestamp + p->duration;
    return next && audio_buffer_delay(b) - target >= duration + duration / 4 && now - b->last_accelerate >= every;
}

static bool play_head(struct audio_buffer *b, rtc_time_t now, rtc_time_t target, struct audio_decision *out)
{
    if (may_accelerate(b, now, target)) {
        b->last_accelerate = now;
        return play(b, RTP_AUDIO_ACCELERATE, out);
    }
    if (may_expand(b, now, target) && (b->silence.plays || is_far(b) || now - b->below_since >= EXPAND_PATIENCE_US))
        return expand(b, now, out);
    return play(b, RTP_AUDIO_PACKET, out);
}

static int64_t buffered(const struct audio_buffer *b)
{
    const struct audio_packet *last = &b->packets[b->count - 1];
    return last->timestamp + last->duration - b->next_timestamp;
}

static void drop_late(struct audio_buffer *b)
{
    b->stats.late_packets += !b->packets[0].redundant;
    b->stats.fec_unused += b->packets[0].redundant;
    settle_fec(b);
    drop_packets(b, 1);
}

/* A burst after a stall: more than anybody wants to hear faster. */
static void drop_excess(struct audio_buffer *b, rtc_time_t target)
{
    while (b->count > 1 && to_us(b, buffered(b)) > target + MAX_DELAY_US) {
        drop_late(b);
        b->next_timestamp = b->packets[0].timestamp;
    }
}

/* Packets that overlap what was played already. */
static void drop_overlapped(struct audio_buffer *b)
{
    while (b->count > 0 && b->packets[0].timestamp < b->next_timestamp) {
        drop_late(b);
    }
}

/* All but one part of so many of the room for all streams is taken. */
static bool is_room_taken(const struct audio_buffer *b, uint64_t part)
{
    return !jitter_room_fits(b->room, b->room ? b->room->most / part : 0);
}

/* Where the room for all streams is too small for what was asked for, less is held, until there is more. */
static void fit(struct audio_buffer *b, rtc_time_t now)
{
    if (b->asked_delay > 0 && is_room_taken(b, 16)) {
        if (!b->emitted && b->next_time > now) /* it waits for its beginning */
            b->next_time = now;
        rtc_time_t less = audio_buffer_delay(b) - 2 * to_us(b, b->duration);
        if (b->room_delay == 0 || less < b->room_delay)
            b->room_delay = less > 0 ? less : 1;
    } else if (b->room_delay > 0 && !is_room_taken(b, 4)) {
        b->room_delay = 0;
    }
}

bool audio_buffer_next(struct audio_buffer *b, rtc_time_t now, struct audio_decision *out)
{
    if (b->state == AUDIO_BUFFER_PLAYING)
        fit(b, now);
    if (b->state != AUDIO_BUFFER_PLAYING || b->next_time > now)
        return false;
    if (now - b->next_time > STALL_US)
        b->next_time = now;
    rtc_time_t target = audio_buffer_target(b, now);
    drop_overlapped(b);
    drop_excess(b, target);
    if (b->count == 0)
        return starve(b, now, out);
    b->starved_since = RTC_TIME_NEVER;
    int64_t gap = b->packets[0].timestamp - b->next_timestamp;
    if (gap > 0)
        gap = leave_out(b, gap, target);
    return gap > 0 ? bridge(b, now, gap, target, out) : play_head(b, now, target, out);
}

bool audio_buffer_drain(struct audio_buffer *b, struct audio_decision *out)
{
    if (b->count == 0)
        return false;
    b->next_timestamp = b->packets[0].timestamp;
    return play(b, RTP_AUDIO_PACKET, out);
}

void audio_buffer_set_clock(struct audio_buffer *b, uint32_t clock_rate)
{
    audio_buffer_reset(b);
    b->clock_rate = clock_rate;
    b->duration = clock_rate / 50;
}
