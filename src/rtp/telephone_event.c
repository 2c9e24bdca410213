/* SPDX-License-Identifier: MIT */
/* See telephone_event.h. */
#include "telephone_event.h"

#include "reader.h"

enum { EVERY_US = 20000, ENDS = 3, BETWEEN_ENDS_US = 10000, VOLUME = 10, SEGMENT_MAX = 0xffff };
enum { END_BIT = 0x80, VOLUME_BITS = 0x3f };
enum { FORGET_AFTER = 1 << 30 }; /* a quarter of all timestamps: what is older than the last tone is late no more, but comes around */

bool telephone_event_read(struct slice payload, struct telephone_event *out)
{
    struct reader r = reader_of(payload);
    out->event = reader_u8(&r);
    uint8_t bits = reader_u8(&r);
    out->end = (bits & END_BIT) != 0;
    out->volume = bits & VOLUME_BITS;
    out->duration = reader_u16(&r);
    return reader_ok(&r);
}

void telephone_event_write(const struct telephone_event *event, uint8_t out[TELEPHONE_EVENT_LEN])
{
    out[0] = event->event;
    out[1] = (uint8_t)((event->end ? END_BIT : 0) | (event->volume & VOLUME_BITS));
    out[2] = (uint8_t)(event->duration >> 8);
    out[3] = (uint8_t)event->duration;
}

/* ---- Sending ---- */

void tone_sender_start(struct tone_sender *t, rtc_time_t now, uint8_t event, rtc_time_t duration_us, uint32_t timestamp)
{
    uint32_t rate = t->rate, events = t->events;
    *t = (struct tone_sender){
        .active = true,
        .event = event,
        .timestamp = timestamp,
        .segment = now,
        .end = now + duration_us,
        .next = now + EVERY_US,
        .rate = rate,
        .events = events,
    };
}

/* How long a segment may be. */
static rtc_time_t segment_us(const struct tone_sender *t)
{
    return (rtc_time_t)SEGMENT_MAX * 1000000 / t->events;
}

/* When the next packet follows one that was made at `at`. */
static void schedule(struct tone_sender *t, rtc_time_t at, bool ended)
{
    if (ended) {
        t->active = ++t->ends < ENDS;
        t->next += BETWEEN_ENDS_US;
        return;
    }
    t->next = at + EVERY_US < t->end ? at + EVERY_US : t->end;
}

bool tone_sender_next(struct tone_sender *t, rtc_time_t now, struct tone_packet *out)
{
    if (!t->active || now < t->next || t->events == 0)
        return false;
    rtc_time_t at = now < t->end ? now : t->end;
    struct telephone_event e = {.event = t->event, .volume = VOLUME};
    bool full = at - t->segment > segment_us(t);
    e.end = !full && at == t->end;
    e.duration = (uint16_t)(full ? SEGMENT_MAX : (at - t->segment) * (rtc_time_t)t->events / 1000000);
    out->marker = !t->marked;
    out->timestamp = t->timestamp;
    telephone_event_write(&e, out->payload);
    t->marked = true;
    if (full) { /* the rest of the time so far follows at once */
        t->timestamp += (uint32_t)((uint64_t)SEGMENT_MAX * t->rate / t->events);
        t->segment += segment_us(t);
    } else {
        schedule(t, at, e.end);
    }
    return true;
}

rtc_time_t tone_sender_deadline(const struct tone_sender *t)
{
    return t->active ? t->next : RTC_TIME_NEVER;
}

bool tone_sender_sounds(const struct tone_sender *t, rtc_time_t now)
{
    return t->active && now < t->end;
}

/* ---- Receiving ---- */

static uint32_t lasted_ms(const struct tone_receiver *t)
{
    uint64_t all = t->before_ms + (uint64_t)t->duration * 1000 / t->rate;
    return all < UINT32_MAX ? (uint32_t)all : UINT32_MAX;
}

static bool end(struct tone_receiver *t, struct tone_news *news)
{
    if (!t->open)
        return false;
    t->open = false;
    news->ended = true;
    news->ended_event = t->event;
    news->ended_ms = lasted_ms(t);
    return true;
}

/* The packet is of the next segment of a tone that goes on. */
static bool continues(const struct tone_receiver *t, uint32_t timestamp, uint32_t rate, uint32_t event_rate,
                      const struct telephone_event *event)
{
    return t->open && event->event == t->event && t->duration == SEGMENT_MAX &&
           timestamp == t->timestamp + (uint32_t)((uint64_t)SEGMENT_MAX * rate / event_rate);
}

static void begin(struct tone_receiver *t, uint32_t timestamp, uint32_t event_rate, const struct telephone_event *event)
{
    *t = (struct tone_receiver){.known = true, .open = true, .event = event->event, .timestamp = timestamp, .rate = event_rate};
}

bool tone_receiver_packet(struct tone_receiver *t, uint32_t timestamp, uint32_t rate, uint32_t event_rate,
                          const struct telephone_event *event, struct tone_news *news)
{
    *news = (struct tone_news){0};
    if (event->event > TELEPHONE_EVENT_MAX || event_rate == 0)
        return false;
    bool same = t->known && event->event == t->event && timestamp == t->timestamp;
    if (t->known && !same && (int32_t)(timestamp - t->timestamp) < 0)
        return false; /* late */
    if (continues(t, timestamp, rate, event_rate, event)) {
        t->before_ms = lasted_ms(t);
        t->timestamp = timestamp;
        t->duration = 0;
    } else if (!same) {
        (void)end(t, news);
        begin(t, timestamp, event_rate, event);
        news->began = true;
        news->began_event = event->event;
    } else if (!t->open) {
        return false; /* the end, said once more */
    }
    if (event->duration > t->duration)
        t->duration = event->duration;
    news->began_ms = lasted_ms(t);
    if (event->end && !news->began) /* one that begins with its end, for all before it was lost, ends with the next packet that says so */
        (void)end(t, news);
    return news->began || news->ended;
}

bool tone_receiver_sound(struct tone_receiver *t, uint32_t timestamp, struct tone_news *news)
{
    int32_t since = (int32_t)(timestamp - t->timestamp);
    *news = (struct tone_news){0};
    t->known = t->known && (t->open || since < FORGET_AFTER);
    return t->open && since > 0 && end(t, news);
}

bool tone_receiver_lost(struct tone_receiver *t, struct tone_news *news)
{
    *news = (struct tone_news){0};
    return end(t, news);
}
