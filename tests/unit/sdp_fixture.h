/* SPDX-License-Identifier: MIT */
/* What the tests of src/sdp share: the corpus of peers' descriptions, and a local side that offers and answers. */
#ifndef SDP_FIXTURE_H
#define SDP_FIXTURE_H

#include "jsep.h"

/* Calls `visit` for every *.sdp of the corpus in alphabetical order; returns how many there were. */
size_t corpus_each(void (*visit)(const char *name, struct slice text, void *user), void *user);
/* One of them; the caller frees the text. */
char *corpus_read(const char *name);

/* Parses or fails the test, naming the reason. */
struct session_description *parsed(const char *text);
struct session_description *parsed_file(const char *name);
/* The code that parsing fails with (0: it does not); `detail` (may be NULL) is filled. */
int parse_error(const char *text, struct sdp_error *detail);

/* The lines before the first section, and those of a section that say where it is. */
#define SDP_SESSION "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define SDP_TRANSPORT                                                              \
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=fingerprint:sha-1 " \
    "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13\r\n"

enum { LOCAL_SECTIONS_MAX = 8 };
/* A local side: Opus, VP8 with rtx, four extensions, a data channel. */
struct local_side {
    struct jsep_fingerprint fingerprint;
    struct jsep_local_section sections[LOCAL_SECTIONS_MAX];
    struct jsep_snapshot snapshot;
};
void local_init(struct local_side *local, const char *ufrag);
/* Appends a section of this kind with this mid and returns it. */
struct jsep_local_section *local_add(struct local_side *local, enum media_type type, const char *mid);
/* Sections as an answerer would have them for this offer. */
void local_match(struct local_side *local, const struct session_description *offer);

/* The text of an offer or answer, to be freed with free(); fails the test when it can not be made. */
char *offer_text(const struct local_side *local);
char *answer_text(const struct local_side *local, const struct session_description *offer);

bool contains(const char *text, const char *part);
/* Fails the test, showing the text, unless the part is there, or is not. */
void has(const char *text, const char *part, bool wanted);

#endif
