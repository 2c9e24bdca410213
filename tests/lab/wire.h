/* SPDX-License-Identifier: MIT */
/* One direction of an emulated link, in whatever time its caller keeps: packets go in, and come out later, or not at all. In order of
 * effect: the link is down; the queue before the bottleneck is full; the bottleneck's rate; random loss, alone and in bursts (a Gilbert-
 * Elliott chain); delay, jitter that keeps the order, packets that fall behind, packets that come twice. */
#ifndef LAB_WIRE_H
#define LAB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define WIRE_PACKET_MAX 2048
#define WIRE_PACKETS_MAX 8192 /* under way at one time; the queue is full when they are in use */
#define WIRE_NEVER INT64_MAX

/* What became of a packet that was taken. */
enum wire_fate { WIRE_GIVEN, WIRE_LOST, WIRE_OVERFLOWED, WIRE_DOWN };

struct wire_passage {
    enum wire_fate fate;
    int64_t queue_us; /* how long it waits before the bottleneck; 0 when it does not get there */
};

struct wire_settings {
    double rate_kbps;           /* 0: without limit */
    double queue_ms;            /* at the rate; 0: without limit */
    double policing;            /* not 0: nothing waits; what would wait longer than queue_ms is dropped, the rest passes at once */
    double delay_ms, jitter_ms; /* jitter adds 0 to so much */
    double loss_percent;
    double bad_begin_percent, bad_end_percent; /* chances, with each packet, to enter and to leave the bad state */
    double bad_loss_percent;                   /* the loss in the bad state */
    double late_percent, late_ms;              /* so many packets fall so far behind */
    double twice_percent;
    double down; /* not 0: nothing passes */
};

struct wire_packet {
    TAILQ_ENTRY(wire_packet) entry;
    int64_t due_us;
    size_t len;
    uint8_t bytes[WIRE_PACKET_MAX];
};

TAILQ_HEAD(wire_packets, wire_packet);

struct wire_counts {
    uint64_t taken, given, lost, overflowed, down;
};

struct wire {
    struct wire_settings settings;
    struct wire_counts counts;
    struct wire_packet *pool;
    struct wire_packets unused, under_way; /* under_way: by due_us */
    int64_t idle_us;                       /* when the bottleneck will have sent what it has */
    int64_t last_due_us;
    uint64_t random;
    bool bad;
};

/* False: out of memory. */
bool wire_init(struct wire *wire, uint64_t seed);
void wire_fini(struct wire *wire);

/* Reads words like "delay_ms=25"; what is not named stays. False: a word is none of these, and those before it are in effect. */
bool wire_set(struct wire_settings *settings, const char *text);

struct wire_passage wire_take(struct wire *wire, const void *bytes, size_t len, int64_t now_us);
/* When the next packet comes out; WIRE_NEVER: none is under way. */
int64_t wire_next_us(const struct wire *wire);
/* The next packet that is due, valid until the next call; NULL: none. */
const struct wire_packet *wire_give(struct wire *wire, int64_t now_us);

#endif
