/* SPDX-License-Identifier: MIT */
/* From sequence numbers to the transport's: see sent_sequences.h. */
#include "sent_sequences.h"

#include "memory.h"

struct source {
    uint32_t ssrc;
    uint64_t last;                          /* the newest number */
    uint64_t number[SENT_SEQUENCES_WINDOW]; /* plus 1, by the rest of the sequence number; 0: none */
    uint16_t sequence[SENT_SEQUENCES_WINDOW];
};

struct sent_sequences {
    rtc_context *context;
    struct source *sources[SENT_SEQUENCES_SOURCES_MAX]; /* owned */
    size_t count;
};

int sent_sequences_new(rtc_context *context, struct sent_sequences **out)
{
    struct sent_sequences *s = memory_zeroed(context, sizeof *s);
    if (!s)
        return RTC_ERR_NO_MEMORY;
    s->context = context;
    *out = s;
    return RTC_OK;
}

void sent_sequences_free(struct sent_sequences *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        memory_free(s->context, s->sources[i]);
    memory_free(s->context, s);
}

static struct source *find(const struct sent_sequences *s, uint32_t ssrc)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->sources[i]->ssrc == ssrc)
            return s->sources[i];
    return NULL;
}

/* That of whoever sent nothing for longest, when there are too many. */
static struct source *add(struct sent_sequences *s, uint32_t ssrc)
{
    struct source *source = s->sources[0];
    if (s->count < SENT_SEQUENCES_SOURCES_MAX) {
        source = memory_zeroed(s->context, sizeof *source);
        if (!source)
            return NULL;
        s->sources[s->count++] = source;
    } else {
        for (size_t i = 1; i < s->count; i++)
            source = s->sources[i]->last < source->last ? s->sources[i] : source;
        memset(source, 0, sizeof *source);
    }
    source->ssrc = ssrc;
    return source;
}

void sent_sequences_add(struct sent_sequences *s, uint32_t ssrc, uint16_t sequence, uint64_t number)
{
    struct source *source = find(s, ssrc);
    if (!source)
        source = add(s, ssrc);
    if (!source)
        return;
    source->last = number;
    source->number[sequence % SENT_SEQUENCES_WINDOW] = number + 1;
    source->sequence[sequence % SENT_SEQUENCES_WINDOW] = sequence;
}

bool sent_sequences_find(const struct sent_sequences *s, uint32_t ssrc, uint16_t sequence, uint64_t *number)
{
    const struct source *source = find(s, ssrc);
    size_t slot = sequence % SENT_SEQUENCES_WINDOW;
    if (!source || source->number[slot] == 0 || source->sequence[slot] != sequence)
        return false;
    *number = source->number[slot] - 1;
    return true;
}
