/* SPDX-License-Identifier: MIT */
/* What this library can do with one kind of media, in the words of offer and answer: made of the rows of the codecs (codec_table.h) and of
 * the header extensions (rtp_extensions.h), and read back out of what was negotiated. */
#ifndef CRTC_CAPABILITIES_H
#define CRTC_CAPABILITIES_H

#include "jsep.h"
#include "rtp_session.h"

enum { CAPABILITIES_CODECS_MAX = RTP_CODECS_MAX };

/* A value, filled by capabilities_of(). */
struct capabilities {
    struct jsep_codec codecs[CAPABILITIES_CODECS_MAX]; /* in order of preference */
    size_t codec_count;
    struct jsep_extension extensions[RTP_EXTENSIONS]; /* all that are known; STOPPED: offered on request only */
    size_t extension_count;
};

/* Of a context: what somebody encodes or decodes in it; all that can be carried where the library has no codecs of its own. With
 * what can only be received, which says so. */
void capabilities_of(rtc_context *context, rtc_media_kind kind, struct capabilities *out);

/* Feedback is asked for by RFC 8888 first: what is sent answers marks of ECN, of which nothing else tells. */
void capabilities_prefer_ccfb(struct capabilities *can);

/* Its sender is asked to leave silence out, where it can. */
void capabilities_ask_dtx(struct jsep_codec *codec);

/* A negotiated codec as RTP wants it. */
void capabilities_read_codec(const struct jsep_codec *from, struct rtp_codec *to);
/* Notes the numbers of parity among these codecs; false: it is none of it. */
bool capabilities_read_parity(const struct jsep_codec *from, struct rtp_fec_formats *to);
/* Whether the peer wants in-band FEC of it. */
bool capabilities_inband_fec(const struct jsep_codec *codec);
/* How many temporal layers it can be sent in: 1 of one that has no layers, 0 of sound. */
uint32_t capabilities_temporal_layers(rtc_context *context, rtc_media_kind kind, const char *codec);
/* The most of any that can be sent. */
uint32_t capabilities_most_temporal_layers(rtc_context *context, rtc_media_kind kind);
/* The ids that were agreed upon, and which of them we are not to send. */
void capabilities_read_extensions(const struct jsep_extension *from, size_t count, struct rtp_section *out);

#endif
