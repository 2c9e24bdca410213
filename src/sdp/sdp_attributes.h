/* SPDX-License-Identifier: MIT */
/* Typed readers, one for each attribute that offer and answer need. Each takes the attribute's value (after the colon) and is false when
 * the value breaks the grammar of its RFC; slices in the result point into the value. */
#ifndef CRTC_SDP_ATTRIBUTES_H
#define CRTC_SDP_ATTRIBUTES_H

#include "slice.h"

/* "111 opus/48000/2" (RFC 8866 section 6.6) */
struct sdp_rtpmap {
    uint8_t payload_type;
    struct slice encoding;
    uint32_t clock_rate;
    uint8_t channels; /* 1 when absent */
};
bool sdp_read_rtpmap(struct slice value, struct sdp_rtpmap *out);

/* "111 minptime=10;useinbandfec=1" (RFC 8866 section 6.15) */
struct sdp_fmtp {
    uint8_t payload_type;
    struct slice parameters;
};
bool sdp_read_fmtp(struct slice value, struct sdp_fmtp *out);

/* "96 nack pli", "* transport-cc" (RFC 4585 section 4.2) */
struct sdp_rtcp_fb {
    bool any;
    uint8_t payload_type;
    struct slice type, parameter;
};
bool sdp_read_rtcp_fb(struct slice value, struct sdp_rtcp_fb *out);

/* "3/sendonly urn:... attributes" (RFC 8285 section 5). Ids are 1-255, or 4096-4351 for "to be chosen by the answer". No extension that we
 * know has attributes: they are passed over. */
struct sdp_extmap {
    uint16_t id;
    struct slice direction; /* empty when absent */
    struct slice uri;
};
bool sdp_read_extmap(struct slice value, struct sdp_extmap *out);

/* "stream track" (RFC 8830 section 2); the track may be absent. */
struct sdp_msid {
    struct slice stream, track;
};
bool sdp_read_msid(struct slice value, struct sdp_msid *out);

/* "12345 cname:abc" (RFC 5576 section 4.1) */
struct sdp_ssrc {
    uint32_t ssrc;
    struct slice attribute, value;
};
bool sdp_read_ssrc(struct slice value, struct sdp_ssrc *out);

/* "FID 1 2" (RFC 5576 section 4.2): the numbers are words of `ssrcs`. */
struct sdp_ssrc_group {
    struct slice semantics, ssrcs;
};
bool sdp_read_ssrc_group(struct slice value, struct sdp_ssrc_group *out);
/* The next SSRC of a group; false at the end or for what is no SSRC. */
bool sdp_next_ssrc(struct slice *ssrcs, uint32_t *out);

/* "sha-256 AA:BB:..." (RFC 8122 section 5). The length must be that of the hash, when it is a known one. */
struct sdp_fingerprint {
    struct slice hash;
    uint8_t value[64];
    size_t len;
};
bool sdp_read_fingerprint(struct slice value, struct sdp_fingerprint *out);

/* "BUNDLE 0 1" (RFC 5888 section 5): the ids are words of `mids`. */
struct sdp_group {
    struct slice semantics, mids;
};
bool sdp_read_group(struct slice value, struct sdp_group *out);

/* "f send pt=96;max-width=640" (RFC 8851 section 4); ids of at most 255 characters. Descriptions are refused when it is malformed. */
struct sdp_rid {
    struct slice id;
    bool send;
    struct slice restrictions;
};
bool sdp_read_rid(struct slice value, struct sdp_rid *out);

/* "send q;h;~f recv x" (RFC 8853 section 5.1): the stream lists as written, empty when absent. Likewise. */
struct sdp_simulcast {
    struct slice send, recv;
};
bool sdp_read_simulcast(struct slice value, struct sdp_simulcast *out);

/* "5000 webrtc-datachannel 1024" (the form before RFC 8841). A number of streams may follow: it is checked and
 * passed over, for SCTP agrees on that by itself. */
struct sdp_sctpmap {
    uint16_t port;
    struct slice application;
};
bool sdp_read_sctpmap(struct slice value, struct sdp_sctpmap *out);

/* Whether a list of ICE options (RFC 8839 section 5.6) holds this one. Some peers separate by commas. */
bool sdp_ice_options_has(struct slice value, const char *option);
/* ice-ufrag and ice-pwd (RFC 8839 section 5.4): no spaces, `min` to 256 characters. */
bool sdp_is_ice_credential(struct slice value, size_t min);
/* RFC 8866 section 9: token. */
bool sdp_is_token(struct slice value);
/* A byte-string without line ends, NUL or other control characters. */
bool sdp_is_text(struct slice value);
/* Visible ASCII without spaces. */
bool sdp_is_visible(struct slice value);

#endif
