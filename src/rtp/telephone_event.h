/* SPDX-License-Identifier: MIT */
/* Telephone events (RFC 4733 section 2): the payload, the run of packets that is one tone, and what a run of packets that arrive says. DTMF
 * alone: events 0 to 15. */
#ifndef CRTC_TELEPHONE_EVENT_H
#define CRTC_TELEPHONE_EVENT_H

#include "slice.h"

#include <crtc/base.h>

enum { TELEPHONE_EVENT_LEN = 4, TELEPHONE_EVENT_MAX = 15 };

/* One payload (section 2.3). */
struct telephone_event {
    uint8_t event;
    bool end;
    uint8_t volume;    /* -dBm0, 0 to 63 */
    uint16_t duration; /* of the segment so far, in the event's clock */
};
/* False when it is too short. */
bool telephone_event_read(struct slice payload, struct telephone_event *out);
void telephone_event_write(const struct telephone_event *event, uint8_t out[TELEPHONE_EVENT_LEN]);

/* A tone that is sent: a packet every 20 ms with the duration so far, three that say that it ended (2.5.1.4), and a new segment whenever
 * the duration would not fit (2.5.1.3). Owner: the stream that is sent (rtp_send_stream.h), which sets the clock rates and may end it; all
 * else is written by telephone_event.c. All zero: none. */
struct tone_sender {
    bool active; /* packets are still to come */
    uint8_t event;
    bool marked;           /* a packet was made: only the first one has the marker */
    unsigned ends;         /* packets with the end bit, so far */
    uint32_t timestamp;    /* of the segment */
    rtc_time_t segment;    /* when it began */
    rtc_time_t end, next;  /* of the tone; the next packet */
    uint32_t rate, events; /* clock rates: of the stream's timestamps, and of durations */
};
struct tone_packet {
    bool marker;
    uint32_t timestamp;
    uint8_t payload[TELEPHONE_EVENT_LEN];
};
/* In place of one that is under way. `timestamp`: of now, in the stream's clock. */
void tone_sender_start(struct tone_sender *tone, rtc_time_t now, uint8_t event, rtc_time_t duration_us, uint32_t timestamp);
/* The packet that is due; false when none is. */
bool tone_sender_next(struct tone_sender *tone, rtc_time_t now, struct tone_packet *out);
/* RTC_TIME_NEVER when there is none. */
rtc_time_t tone_sender_deadline(const struct tone_sender *tone);
/* It is to be heard in place of other sound. */
bool tone_sender_sounds(const struct tone_sender *tone, rtc_time_t now);

/* A tone that is received. Owner: the stream that it comes in; written by telephone_event.c. All zero: none so far. */
struct tone_receiver {
    bool known, open; /* there was one; it has not ended */
    uint8_t event;
    uint32_t timestamp; /* of the segment */
    uint16_t duration;  /* of the segment so far, in the event's clock */
    uint32_t before_ms; /* segments before it */
    uint32_t rate;      /* of durations */
};
/* What became of tones. */
struct tone_news {
    bool ended, began; /* in this order: one may end for another to begin */
    uint8_t ended_event, began_event;
    uint32_t ended_ms, began_ms; /* how long they lasted, or have lasted so far */
};
/* A packet of the event's clock rate, with the stream's timestamp and its rate. False: it says nothing that is new. */
bool tone_receiver_packet(struct tone_receiver *tone, uint32_t timestamp, uint32_t rate, uint32_t event_rate,
                          const struct telephone_event *event, struct tone_news *news);
/* Other sound with this timestamp: a tone whose end was lost has ended. */
bool tone_receiver_sound(struct tone_receiver *tone, uint32_t timestamp, struct tone_news *news);
/* Nothing came of it for so long that it must have ended. */
enum { TONE_SILENCE_US = 500000 };
bool tone_receiver_lost(struct tone_receiver *tone, struct tone_news *news);

#endif
