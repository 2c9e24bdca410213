/* SPDX-License-Identifier: MIT */
/* RTCIceCandidate (webrtc-pc 4.8.1): a candidate as text, and the members that the text is made of. */
#ifndef CRTC_ICE_CANDIDATE_PUBLIC_H
#define CRTC_ICE_CANDIDATE_PUBLIC_H

#include <crtc/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RTCIceCandidate. Events give them, transports list them (<crtc/ice_transport.h>), and rtc_ice_candidate_new makes one of what the peer signalled. An empty `candidate`
 * says that the generation has no more candidates (send it to the peer like any other). From `foundation` on its members are what the text says: all of them are NULL or
 * zero when it is empty or does not follow the grammar.
 *
 * Owner: reference-counted. What an event or a list gives is borrowed: take a reference to keep it.
 * Thread: any; it never changes.
 * Valid: while a reference is held, texts included.
 * Errors: of rtc_ice_candidate_new and rtc_peer_connection_add_ice_candidate. What could not be gathered is told by on_ice_candidate_error.
 * Section: webrtc-pc 4.8.1, RFC 8839 5.1. */
typedef struct rtc_ice_candidate {
    size_t size;                   /* sizeof(rtc_ice_candidate) of the library */
    const char *candidate;         /* "candidate:...", or "" */
    const char *sdp_mid;           /* of the section that carries the transport; NULL: not said */
    int sdp_m_line_index;          /* of the same, from 0; -1: not said */
    const char *username_fragment; /* of its generation; NULL: not said */
    const char *foundation;        /* candidates with the same one share a fate; NULL: `candidate` can not be read */
    const char *component;         /* "rtp" or "rtcp"; NULL for others */
    uint32_t priority;             /* as the text says it */
    const char *address;           /* numeric, or a name such as "x.local" */
    const char *protocol;          /* "udp" or "tcp" */
    uint16_t port;                 /* as the text says it */
    const char *type;              /* "host", "srflx", "prflx" or "relay" */
    const char *tcp_type;          /* "active", "passive" or "so"; NULL over UDP */
    const char *related_address;   /* where it was gathered from, of one that is not a host's; NULL: not said */
    int related_port;              /* of the same; -1: not said */
    const char *relay_protocol;    /* of a local relayed one: how the TURN server is spoken to, "udp", "tcp" or "tls"; else NULL */
    const char *url;               /* of a local one: of the server that it came from; else NULL */
} rtc_ice_candidate;

/* RTCIceCandidateInit: a candidate of the peer's, as it was signalled.
 *
 * Owner: the caller's; everything is copied.
 * Thread: that of the call that it is given to.
 * Valid: for that call.
 * Errors: of the calls that take it.
 * Section: webrtc-pc 4.8.1.1. */
typedef struct rtc_ice_candidate_init {
    size_t size;
    const char *candidate;         /* "candidate:..."; NULL or "": the peer has no more */
    const char *sdp_mid;           /* may be NULL */
    bool has_sdp_m_line_index;     /* for index 0: another one counts without */
    uint16_t sdp_m_line_index;     /* of the section, from 0, when there is no sdp_mid */
    const char *username_fragment; /* may be NULL */
    const char *relay_protocol;    /* may be NULL; kept, and used for nothing */
    const char *url;               /* the same */
} rtc_ice_candidate_init;

/* new RTCIceCandidate(init): reads the text into members; text that does not follow the grammar is kept as it is, without them. `context` may be NULL. *out is a reference
 * of the caller's.
 * Errors: RTC_ERR_TYPE (out is NULL, neither sdp_mid nor sdp_m_line_index, a size that is not set), RTC_ERR_NOT_SUPPORTED (a member that this version does not know),
 * RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_ice_candidate_new(rtc_context *context, const rtc_ice_candidate_init *init, const rtc_ice_candidate **out);
/* Takes or drops a reference. Only of candidates that the library gave. NULL is legal. */
RTC_EXPORT const rtc_ice_candidate *rtc_ice_candidate_ref(const rtc_ice_candidate *candidate);
RTC_EXPORT void rtc_ice_candidate_unref(const rtc_ice_candidate *candidate);

#ifdef __cplusplus
}
#endif
#endif
