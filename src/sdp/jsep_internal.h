/* SPDX-License-Identifier: MIT */
/* What the files of offer and answer share. */
#ifndef CRTC_JSEP_INTERNAL_H
#define CRTC_JSEP_INTERNAL_H

#include "jsep.h"

/* Copies into a zero-terminated array; false (and "") when it does not fit. */
bool jsep_copy(char *out, size_t size, struct slice from);

/* Room for the lists of a section while it is read. Owner: jsep_read.c, for one description; written by jsep_section.c. */
struct jsep_lists {
    struct jsep_codec codecs[JSEP_CODECS_MAX];
    struct jsep_extension extensions[JSEP_EXTENSIONS_MAX];
    struct jsep_fingerprint fingerprints[JSEP_FINGERPRINTS_MAX];
    struct jsep_rids send_rids, recv_rids;
};
/* jsep_section.c. What the session part gives to every section; *out was zeroed, its lists are `lists` then. */
int jsep_read_session(const struct sdp *sdp, struct jsep_lists *lists, struct jsep_section *out, struct sdp_error *error);
/* Reads one m= section over a copy of that, its lists into `lists`. `candidates` has room for every candidate line of it. */
int jsep_read_section(const struct sdp *sdp, size_t index, struct slice *candidates, struct jsep_lists *lists, struct jsep_section *out,
                      struct sdp_error *error);

/* Whether an application section speaks of its port as before RFC 8841 (sctpmap). */
bool jsep_is_legacy_sctp(const struct sdp_media *media);

/* jsep_codec.c. The entry of a list that is the same codec, or NULL. */
const struct jsep_codec *jsep_codec_find(const struct jsep_codec *codecs, size_t count, const struct jsep_codec *wanted);
/* Clears the feedback of *codec that `other` does not list, and its rtx when the other has none. */
void jsep_codec_restrict(struct jsep_codec *codec, const struct jsep_codec *other);
/* The parameters of one of ours where an answer says what both can. */
void jsep_codec_answer(struct jsep_codec *codec, const struct jsep_codec *theirs);
/* Formats that protect, fill in or signal beside a codec (red, ulpfec, CN, telephone-event, ...): never what media is sent with. */
bool jsep_codec_is_auxiliary(const struct jsep_codec *codec);

const struct jsep_extension *jsep_extension_find(const struct jsep_extension *extensions, size_t count, const char *uri);

/* What our side says of the transport of this section, which may be NULL. */
static inline const struct jsep_local_transport *jsep_transport_of(const struct jsep_snapshot *snapshot, const struct jsep_local_section *s)
{
    return s && s->transport ? s->transport : &snapshot->transport;
}

/* RFC 5761 section 4: second bytes 192 to 223 are RTCP's. */
static inline bool jsep_looks_like_rtcp(uint8_t payload_type)
{
    return payload_type >= 64 && payload_type <= 95;
}

#endif
