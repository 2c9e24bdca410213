/* SPDX-License-Identifier: MIT */
/* Everything that this library knows of codecs by name, one row for each: what descriptions say of it, what we offer, and its RTP payload
 * format. A codec that is added needs a row, a payload format if it has none yet, and somebody who encodes it (codec_registry.h), and
 * nothing else. */
#ifndef CRTC_CODEC_TABLE_H
#define CRTC_CODEC_TABLE_H

#include "payload_format.h"

#include <crtc/media.h>

enum { CODEC_NO_PAYLOAD_TYPE = 0xff, CODEC_DISTINCT_MAX = 2 };

/* What parity is made of. */
enum codec_parity { CODEC_NO_PARITY, CODEC_RED, CODEC_ULPFEC, CODEC_FLEXFEC };

/* A parameter of which another value is another bit stream. */
struct codec_parameter {
    const char *name;   /* NULL: none */
    const char *absent; /* its value where it is not given */
    size_t compared;    /* leading characters; 0: all */
};

/* A row of the table: constant. */
struct codec_row {
    const char *name;                    /* the encoding name (RFC 4855), compared without case */
    rtc_media_kind kind;                 /* of what is auxiliary: 0 */
    bool tones;                          /* telephone events (RFC 4733): auxiliary, and offered for sound; a row for each clock rate */
    enum codec_parity parity;            /* auxiliary, and offered for video */
    bool on_request;                     /* where something is sent it is answered, and offered if the application lists it */
    bool redundancy;                     /* what was sent before beside what is (RFC 2198): auxiliary, and offered for sound */
    bool auxiliary;                      /* protects, fills in or signals beside a codec: never what media is sent with */
    const struct payload_format *format; /* NULL: not carried here; the row says when two descriptions of it are the same */
    struct codec_parameter distinct[CODEC_DISTINCT_MAX];
    /* Where that does not say it: whether the parameters of two descriptions mean one format. NULL: `distinct` does. */
    bool (*same_parameters)(const char *a, const char *b);
    /* What an answer says to an offer's parameters. NULL: what we ask for. */
    void (*answer_parameters)(const char *theirs, const char *ours, char *out, size_t size);
    /* How large a picture their receiver takes: blocks of 16 pixels a side, and in a second; 0: as large as it likes. NULL: they do not
     * say. */
    void (*picture_limits)(const char *fmtp, uint32_t *blocks, uint32_t *blocks_per_second);

    /* With a payload format: what descriptions say. Several rows of one name are formats of one codec, alike in all but what they say. */
    bool receive_only; /* nobody encodes it */
    uint32_t clock_rate;
    uint8_t channels;
    uint8_t payload_type;     /* the one we like */
    uint8_t rtx_payload_type; /* of its repair; CODEC_NO_PAYLOAD_TYPE: it is not repaired */
    bool nack, nack_pli, ccm_fir, goog_remb;
    const char *fmtp;                 /* what we ask for; NULL: nothing */
    const char *inband_fec_parameter; /* of 1, where the peer wants packets to repair the ones before them; NULL: there is no such thing */
    const char *dtx;                  /* what asks its senders to leave silence out; NULL: likewise */
};

/* Every row, in the order in which we offer them. */
extern const struct codec_row codec_rows[];
extern const size_t codec_row_count;

/* Whether descriptions have it: it is carried, or signals beside what is. */
static inline bool codec_row_is_offered(const struct codec_row *row)
{
    return row->format || row->tones || row->redundancy || row->parity;
}
/* NULL when nothing is known of it. */
const struct codec_row *codec_row_named(const char *name);
/* The same, of those that can be carried. */
const struct codec_row *codec_row_carried(rtc_media_kind kind, const char *name);

/* How coarse a picture is (payload_format.h); below 0: not known. */
int codec_quantizer(const rtc_encoded_frame *picture);
/* Whether it is as coarse as its codec can make it, or nearly; false where that is not known. */
bool codec_is_coarse(const rtc_encoded_frame *picture);
/* How far apart the values are that it leaves, in percent of what is coarse; 0: not known. */
uint32_t codec_coarseness_percent(const rtc_encoded_frame *picture);

#endif
