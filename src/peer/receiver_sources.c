/* SPDX-License-Identifier: MIT */
/* See receiver_sources.h. */
#include "receiver_sources.h"

#include "memory.h"

#include <math.h>

enum { SOURCES_MAX = 32, WINDOW_US = 10000000, SILENT = 127 };

/* A part of the list below. */
struct source {
    uint32_t id;
    uint32_t rtp_timestamp;
    rtc_time_t at;
    uint8_t level;
    bool contributing;
    bool has_capture, has_offset; /* as in struct frame_origin */
    double capture_ms, offset_ms;
};

/* Owner: a receiver; written here alone. The latest comes first. */
struct receiver_sources {
    size_t count;
    struct source items[SOURCES_MAX];
};

int receiver_sources_new(rtc_context *context, struct receiver_sources **out)
{
    struct receiver_sources *s = memory_zeroed(context, sizeof *s);
    if (!s)
        return RTC_ERR_NO_MEMORY;
    *out = s;
    return RTC_OK;
}

static size_t place_of(const struct receiver_sources *s, uint32_t id, bool contributing)
{
    size_t i = 0;
    while (i < s->count && !(s->items[i].id == id && s->items[i].contributing == contributing))
        i++;
    return i;
}

static void put(struct receiver_sources *s, struct source source)
{
    size_t i = place_of(s, source.id, source.contributing);
    if (i == SOURCES_MAX)
        i--;
    else if (i == s->count)
        s->count++;
    memmove(&s->items[1], &s->items[0], i * sizeof s->items[0]);
    s->items[0] = source;
}

void receiver_sources_note(struct receiver_sources *s, rtc_time_t now, const struct frame_origin *origin, uint32_t rtp_timestamp)
{
    if (origin->ssrc == 0)
        return;
    for (size_t i = origin->csrc_count; i-- > 0;)
        put(s, (struct source){.id = origin->csrcs[i],
                               .rtp_timestamp = rtp_timestamp,
                               .at = now,
                               .level = origin->has_csrc_levels ? origin->csrc_levels[i] : FRAME_NO_LEVEL,
                               .contributing = true});
    put(s, (struct source){.id = origin->ssrc,
                           .rtp_timestamp = rtp_timestamp,
                           .at = now,
                           .level = origin->level,
                           .has_capture = origin->has_capture,
                           .has_offset = origin->has_capture_offset,
                           .capture_ms = origin->capture_ms,
                           .offset_ms = origin->capture_offset_ms});
}

bool receiver_sources_at(const struct receiver_sources *s, rtc_time_t now, bool contributing, size_t index, rtc_rtp_source *out)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct source *source = &s->items[i];
        if (source->contributing != contributing || now - source->at > WINDOW_US || index-- > 0)
            continue;
        out->timestamp_us = source->at;
        out->source = source->id;
        out->rtp_timestamp = source->rtp_timestamp;
        out->has_capture_timestamp = source->has_capture;
        out->capture_timestamp_ms = source->capture_ms;
        out->has_sender_capture_time_offset = source->has_offset;
        out->sender_capture_time_offset_ms = source->offset_ms;
        out->has_audio_level = source->level != FRAME_NO_LEVEL;
        out->audio_level = !out->has_audio_level || source->level >= SILENT ? 0 : pow(10, -source->level / 20.0);
        return true;
    }
    return false;
}
