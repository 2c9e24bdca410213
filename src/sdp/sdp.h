/* SPDX-License-Identifier: MIT */
/* A session description (RFC 8866) as its author wrote it: one owned copy of the text and, in order, every line of it as a view into that
 * copy. The session part and each m= section are runs of those lines, so nothing is lost: what this library does not know survives
 * printing. Typed readers for single attributes are in sdp_attributes.h. */
#ifndef CRTC_SDP_H
#define CRTC_SDP_H

#include "slice.h"

#include <crtc/context.h>

struct text;

/* "x=text". For a=: text is "name" or "name:value". */
struct sdp_line {
    char type;
    uint32_t number;    /* 1-based */
    struct slice text;  /* after "x=", without line end */
    struct slice name;  /* of an attribute; else empty */
    struct slice value; /* of an attribute; data is NULL when there is no colon */
};

/* A run of lines of the description, which owns them. */
struct sdp_block {
    const struct sdp_line *lines;
    size_t count;
};

/* o=; the numbers have as many digits as their author liked (RFC 8866 section 9): they are text to us. */
struct sdp_origin {
    struct slice username;
    struct slice session_id, version;
    struct slice address;
};

/* m= and what follows it. */
struct sdp_media {
    struct sdp_block block; /* lines[0] is the m= line */
    struct slice media;
    uint16_t port;
    struct slice protocol;
    struct slice formats; /* words separated by single spaces */
};

/* Made by sdp_parse(), never changed afterwards; sdp_free(). Owner: a session_description, or who had it made. */
struct sdp {
    rtc_context *context;
    char *text;             /* owned; every slice points into it */
    struct sdp_line *lines; /* owned */
    size_t line_count;
    struct sdp_origin origin;
    struct sdp_block session;
    struct sdp_media *media; /* owned */
    size_t media_count;
};

/* Where and why text was refused. */
struct sdp_error {
    int code;    /* RTC_ERR_* */
    size_t line; /* 1-based; 0: none in particular */
    char text[160];
};

/* Reads a description; lines may end in CRLF or LF. RTC_ERR_SYNTAX; RTC_ERR_RANGE when it exceeds the context's limits; RTC_ERR_NO_MEMORY.
 * *error is filled on failure when not NULL. */
int sdp_parse(rtc_context *context, struct slice text, struct sdp **out, struct sdp_error *error);
void sdp_free(struct sdp *sdp);
/* Every line as it was read, each ended by CRLF: the input, when that was well-formed. */
void sdp_print(const struct sdp *sdp, struct text *out);

/* The next line of this type at or after *cursor, which moves past it; NULL at the end. */
const struct sdp_line *sdp_next_line(const struct sdp_block *block, char type, size_t *cursor);
/* The same for the attributes of one name (case matters, RFC 8866 section 6). */
const struct sdp_line *sdp_next_attribute(const struct sdp_block *block, const char *name, size_t *cursor);
/* The first attribute of that name, or NULL. */
const struct sdp_line *sdp_attribute(const struct sdp_block *block, const char *name);

/* What the b= lines of the block allow (RFC 9429 section 5.10), in bits per second of media without any header: TIAS is that (RFC 3890), of
 * AS in kilobits (RFC 8866 section 5.8) a twentieth is taken off for RTCP and the headers of fifty packets a second. UINT64_MAX when there
 * are none that can be read; others are ignored, as RFC 8866 wants it. */
uint64_t sdp_bandwidth(const struct sdp_block *block);

/* Takes the next word from *rest (words are separated by spaces); an empty slice at the end. */
struct slice sdp_word(struct slice *rest);
/* Takes what stands before `separator` from *rest, and the separator; all of *rest when there is none. */
struct slice sdp_until(struct slice *rest, char separator);

/* Fills *error (may be NULL) and returns `code`. */
int sdp_fail(struct sdp_error *error, int code, size_t line, const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
