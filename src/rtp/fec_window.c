/* SPDX-License-Identifier: MIT */
/* See fec_window.h. */
#include "fec_window.h"

#include "memory.h"

/* A number that is further off than this is of another beginning. */
enum { FAR = 2048 };

struct held {
    int64_t sequence; /* -1: none */
    uint16_t len;     /* 0: it came, and nobody has its bytes */
    uint8_t bytes[RTP_HEADER_LEN + FEC_BODY_MAX];
};

struct parity {
    bool used;
    int64_t base;
    struct fec_header header; /* its body is `body` */
    uint8_t body[FEC_BODY_MAX];
};

/* Owned by the stream that it repairs; written by this file. */
struct fec_window {
    rtc_context *context; /* the stream's: no reference */
    bool started;
    uint32_t ssrc;
    int64_t highest; /* of what came */
    size_t waiting;  /* parities in use */
    size_t next;     /* where the next one goes */
    uint64_t discarded;
    struct fec_sum sum; /* of one that is being put together */
    struct held packets[FEC_WINDOW_PACKETS];
    struct parity parities[FEC_WINDOW_PARITIES];
};

int fec_window_new(rtc_context *context, struct fec_window **out)
{
    struct fec_window *w = memory_zeroed(context, sizeof *w);
    if (!w)
        return RTC_ERR_NO_MEMORY;
    w->context = context;
    *out = w;
    return RTC_OK;
}

void fec_window_free(struct fec_window *w)
{
    if (w)
        memory_free(w->context, w);
}

uint64_t fec_window_discarded(const struct fec_window *w)
{
    return w->discarded;
}

static void discard(struct fec_window *w, struct parity *p)
{
    p->used = false;
    w->waiting--;
    w->discarded++;
}

static void begin(struct fec_window *w, uint32_t ssrc, int64_t sequence)
{
    for (size_t i = 0; i < FEC_WINDOW_PARITIES; i++)
        if (w->parities[i].used)
            discard(w, &w->parities[i]);
    for (size_t i = 0; i < FEC_WINDOW_PACKETS; i++)
        w->packets[i].sequence = -1;
    w->started = true;
    w->ssrc = ssrc;
    w->highest = sequence;
}

/* The number nearest to what came. */
static int64_t extend(const struct fec_window *w, uint16_t sequence)
{
    return w->highest + (int16_t)(sequence - (uint16_t)w->highest);
}

static struct held *place(struct fec_window *w, int64_t sequence)
{
    return &w->packets[(size_t)sequence % FEC_WINDOW_PACKETS];
}

/* The place for one more that came; NULL: it is there, or too old. Numbers begin high enough that none is below 0. */
static struct held *take(struct fec_window *w, uint32_t ssrc, uint16_t sequence)
{
    int64_t number = w->started ? extend(w, sequence) : 0;
    if (!w->started || ssrc != w->ssrc || number - w->highest > FAR || w->highest - number > FAR || number < FEC_WINDOW_PACKETS) {
        number = (1 << 16) + sequence;
        begin(w, ssrc, number);
    }
    struct held *h = place(w, number);
    if (number <= w->highest - FEC_WINDOW_PACKETS || h->sequence == number)
        return NULL;
    w->highest = number > w->highest ? number : w->highest;
    h->sequence = number;
    h->len = 0;
    return h;
}

static void keep(struct held *h, struct slice packet)
{
    if (packet.len > sizeof h->bytes)
        return;
    memcpy(h->bytes, packet.data, packet.len);
    h->len = (uint16_t)packet.len;
}

void fec_window_packet(struct fec_window *w, struct slice packet, const struct rtp_header *header)
{
    struct held *h = take(w, header->ssrc, header->sequence);
    if (!h)
        return;
    keep(h, packet);
    if (h->len > 0)
        fec_blank(h->bytes, packet, header);
}

void fec_window_has(struct fec_window *w, uint32_t ssrc, uint16_t sequence)
{
    if (w->started && ssrc == w->ssrc)
        (void)take(w, ssrc, sequence);
}

/* ---- Parity ---- */

/* What is missing of the packets that it protects. */
struct lack {
    unsigned missing, blank; /* blank: came, without bytes */
    int64_t sequence;        /* of the last one that is missing */
    bool old;                /* some are too old to be known of */
};

static struct lack lack_of(struct fec_window *w, int64_t base, const struct fec_header *header)
{
    struct lack lack = {0};
    for (unsigned i = 0; i < FEC_MASK_BITS; i++) {
        if (!fec_header_protects(header, i))
            continue;
        const struct held *h = place(w, base + i);
        lack.old = lack.old || base + i <= w->highest - FEC_WINDOW_PACKETS;
        if (h->sequence == base + i) {
            lack.blank += h->len == 0;
        } else {
            lack.missing++;
            lack.sequence = base + i;
        }
    }
    return lack;
}

static bool is_there(const struct fec_window *w, int64_t base, const struct fec_header *h)
{
    for (size_t i = 0; i < FEC_WINDOW_PARITIES; i++)
        if (w->parities[i].used && w->parities[i].base == base && memcmp(w->parities[i].header.mask, h->mask, sizeof h->mask) == 0)
            return true;
    return false;
}

bool fec_window_parity(struct fec_window *w, uint32_t ssrc, const struct fec_header *header)
{
    int64_t base = w->started ? extend(w, header->base) : 0;
    struct lack lack = {.old = true};
    if (w->started && ssrc == w->ssrc && base >= FEC_WINDOW_PACKETS && base - w->highest < FEC_WINDOW_PACKETS)
        lack = lack_of(w, base, header);
    if (lack.old || lack.missing == 0 || lack.blank > 0 || is_there(w, base, header)) {
        w->discarded++;
        return false;
    }
    struct parity *p = &w->parities[w->next];
    w->next = (w->next + 1) % FEC_WINDOW_PARITIES;
    if (p->used)
        discard(w, p);
    p->used = true;
    p->base = base;
    p->header = *header;
    memcpy(p->body, header->body.data, header->body.len);
    p->header.body = slice_of(p->body, header->body.len);
    w->waiting++;
    return true;
}

static void sum_up(struct fec_window *w, const struct parity *p)
{
    struct fec_sum *sum = &w->sum;
    fec_sum_clear(sum);
    sum->flags[0] = p->header.flags[0];
    sum->flags[1] = p->header.flags[1];
    sum->length = p->header.length;
    sum->timestamp = p->header.timestamp;
    sum->body_len = (uint16_t)p->header.body.len;
    memcpy(sum->body, p->body, p->header.body.len);
    for (unsigned i = 0; i < FEC_MASK_BITS; i++) {
        const struct held *h = fec_header_protects(&p->header, i) ? place(w, p->base + i) : NULL;
        if (h && h->sequence == p->base + i)
            (void)fec_sum_add(sum, slice_of(h->bytes, h->len));
    }
}

/* The packet that this one gives back; NULL: its sum is no packet, or there is no memory. */
static struct packet *recover(struct fec_window *w, const struct parity *p, int64_t sequence, struct packet_pool *pool)
{
    struct rtp_header h;
    sum_up(w, p);
    if (p->header.body.len < w->sum.length)
        return NULL;
    struct packet *packet = packet_new(pool);
    if (!packet)
        return NULL;
    packet->len = (uint32_t)fec_sum_packet(&w->sum, w->ssrc, (uint16_t)sequence, packet_data(packet), packet_tailroom(packet));
    if (packet->len == 0 || !rtp_parse(packet_slice(packet), NULL, &h)) {
        packet_free(packet);
        return NULL;
    }
    packet->arrived = RTC_TIME_NEVER;
    return packet;
}

struct packet *fec_window_next(struct fec_window *w, struct packet_pool *pool)
{
    for (size_t i = 0; w->waiting > 0 && i < FEC_WINDOW_PARITIES; i++) {
        struct parity *p = &w->parities[i];
        struct lack lack = {0};
        if (!p->used)
            continue;
        lack = lack_of(w, p->base, &p->header);
        if (lack.old || lack.missing == 0 || lack.blank > 0) {
            discard(w, p);
            continue;
        }
        if (lack.missing > 1)
            continue;
        struct packet *packet = recover(w, p, lack.sequence, pool);
        struct held *h = packet ? take(w, w->ssrc, (uint16_t)lack.sequence) : NULL;
        p->used = false;
        w->waiting--;
        w->discarded += !packet;
        if (h)
            keep(h, packet_slice(packet));
        if (packet)
            return packet;
    }
    return NULL;
}
