/* SPDX-License-Identifier: MIT */
/* Offer and answer (JSEP, RFC 9429; BUNDLE, RFC 8843) as pure functions over plain structs: what the peer layer asks of SDP. A description
 * read from text becomes a struct session_description; a snapshot of what a connection wants becomes offer or answer text; two descriptions
 * of one section become what was negotiated. Nothing here keeps state between calls. */
#ifndef CRTC_JSEP_H
#define CRTC_JSEP_H

#include "direction.h"
#include "sdp.h"
#include "text.h"

enum media_type { MEDIA_AUDIO = 1, MEDIA_VIDEO = 2, MEDIA_APPLICATION = 3, MEDIA_OTHER = 4 };
enum setup_role { SETUP_NONE, SETUP_ACTPASS, SETUP_ACTIVE, SETUP_PASSIVE };

enum {
    JSEP_CODECS_MAX = 64,
    JSEP_EXTENSIONS_MAX = 32,
    JSEP_SSRCS_MAX = 16,
    JSEP_FINGERPRINTS_MAX = 8,
    JSEP_STREAMS_MAX = 4,
    JSEP_ID_MAX = 128,
    JSEP_RIDS_MAX = 8,
    JSEP_RID_MAX = 16, /* that an RTP header extension of the one-byte form carries */
    JSEP_NO_PAYLOAD_TYPE = 0xff
};

struct jsep_codec {
    uint8_t payload_type;
    uint8_t rtx_payload_type; /* of the rtx format whose apt is this one; JSEP_NO_PAYLOAD_TYPE without */
    char name[32];            /* as written; compared without case */
    uint32_t clock_rate;
    uint8_t channels; /* 1 when absent */
    char fmtp[256];   /* as written, "" when absent or longer */
    bool nack, nack_pli, ccm_fir, goog_remb, transport_cc;
    bool ccfb;       /* RFC 8888, of all formats of a section; ours: answered to who offers no transport-cc, not offered before that, but */
    bool ccfb_first; /* ours: offered beside transport-cc, and answered where both are */
    bool on_request;   /* ours: an offer that sends names it if it is preferred, or was named before */
    bool receive_only; /* ours: it is not named where we send (webrtc-pc 4.4.1.5, codecs by direction) */
};

struct jsep_extension {
    uint16_t id;
    rtc_rtp_direction direction; /* SENDRECV when absent */
    char uri[128];
};

struct jsep_fingerprint {
    char hash[16]; /* lower case */
    uint8_t value[64];
    size_t len;
};

/* Where a section's packets go and who may send them: what ICE and DTLS need to know (RFC 8839, RFC 8842). It stands in each section,
 * whichever of them counts: of a BUNDLE group that of the tagged one (session_description_tagged). */
struct jsep_transport {
    struct slice ice_ufrag, ice_pwd;
    bool ice_lite, ice_trickle, end_of_candidates;
    const struct slice *candidates; /* "candidate:..." of this section */
    size_t candidate_count;
    const struct jsep_fingerprint *fingerprints; /* at most JSEP_FINGERPRINTS_MAX */
    size_t fingerprint_count;
    enum setup_role setup;
    struct slice tls_id; /* a=tls-id (RFC 8842), empty when absent */
    bool rtcp_mux;
};

/* Which transport it shares (RFC 8843). */
struct jsep_bundle {
    bool only;       /* a=bundle-only: without the group there is no such section */
    bool grouped;    /* its mid stands in a BUNDLE group */
    size_t group;    /* index of the group; meaningful when grouped */
    size_t position; /* place of its mid in the group */
};

/* A stream that simulcast names (RFC 8853), with what its a=rid line says of it. */
struct jsep_rid {
    char id[JSEP_RID_MAX + 1];
    struct slice restrictions; /* as written, such as "pt=96;max-width=640" (RFC 8851 section 5); borrowed */
};

/* The streams of one direction in the order of a=simulcast: of alternatives the first, each once, with or without "~", and those alone
 * that have an a=rid line. What is too long to be carried, or has other characters than letters and digits (RFC 8852), is left out. */
struct jsep_rids {
    struct jsep_rid all[JSEP_RIDS_MAX];
    size_t count;
};

/* What the packets of an RTP section are: formats, header extensions, and what the author sends. */
struct jsep_rtp {
    const struct jsep_codec *codecs; /* in order of preference; rtx formats are folded into the codec they repair */
    size_t codec_count;
    const struct jsep_extension *extensions;
    size_t extension_count;
    bool rtcp_reduced_size, extmap_allow_mixed;
    bool rtcp_reference_times; /* a=rtcp-xr:rcvr-rtt=all (RFC 3611 section 5): receivers tell their time, and are answered */
    char stream_ids[JSEP_STREAMS_MAX][JSEP_ID_MAX]; /* from a=msid ("-" gives none) or a=ssrc msid */
    size_t stream_count;
    bool says_msid; /* even if that is "-" */
    char track_id[JSEP_ID_MAX];
    uint32_t ssrcs[JSEP_SSRCS_MAX];     /* media SSRCs in order, without repair ones */
    uint32_t rtx_ssrcs[JSEP_SSRCS_MAX]; /* FID partner, 0 without */
    uint32_t fec_ssrcs[JSEP_SSRCS_MAX]; /* FEC-FR partner, 0 without */
    size_t ssrc_count;
    char cname[JSEP_ID_MAX];
    bool simulcast;                                /* a=simulcast present */
    uint32_t packet_ms, packet_most_ms;            /* a=ptime, a=maxptime; 0: absent, or not to be understood */
    const struct jsep_rids *send_rids, *recv_rids; /* its author's */
};

/* The association of an application section (RFC 8841). */
struct jsep_sctp {
    uint16_t port;             /* from sctp-port or sctpmap; 0: none is given, or no association is wanted */
    uint64_t max_message_size; /* 65536 when absent (RFC 8841 section 6); 0: any */
    struct slice init;         /* a=sctp-init (draft-hancke-tsvwg-snap) as written, empty when absent */
    bool data_channel;         /* protocol and format are those of WebRTC data channels (either spelling) */
};

/* One m= section as its author wrote it, session-level attributes inherited. Text and lists in it are borrowed from the description.
 * Written by jsep_section.c while it is read, and by jsep_read.c, which knows the groups; nobody changes it later. */
struct jsep_section {
    enum media_type type;
    struct slice media; /* "audio", as written */
    uint16_t port;
    bool rejected;         /* port 0 without bundle-only */
    char mid[JSEP_ID_MAX]; /* "" when absent */
    rtc_rtp_direction direction;
    uint64_t bandwidth_bps; /* what its author wants to get at most: sdp_bandwidth() */
    struct jsep_bundle bundle;
    struct jsep_transport transport;
    struct jsep_rtp rtp;   /* of audio and video */
    struct jsep_sctp sctp; /* of applications */
    void *lists;           /* owned by its description: most sections have few of what is bounded, so they stand in a block of their own */
};

/* Owner: who had it made. Written while it is read (jsep_read.c, jsep_section.c) and by session_description_give_mids(), never later. */
struct session_description {
    struct sdp *sdp;        /* owned */
    uint64_t bandwidth_bps; /* for all sections together, beside what each says: sdp_bandwidth() */
    size_t section_count;
    struct jsep_section *sections; /* owned array, with their lists */
    struct slice *candidates;      /* owned: what the sections' candidates point into */
};

/* Reads a description. RTC_ERR_SYNTAX for what is no SDP or breaks its grammar; RTC_ERR_INVALID_ACCESS for what is well-formed but breaks
 * JSEP's rules (no ufrag, no fingerprint, duplicate mid, BUNDLE of an unknown mid, holdconn, ...); RTC_ERR_NO_MEMORY. *error is filled when
 * not NULL. */
int session_description_parse(rtc_context *context, struct slice text, struct session_description **out, struct sdp_error *error);
void session_description_free(rtc_context *context, struct session_description *description);
/* Its author takes candidates one by one (a=ice-options:trickle, RFC 8840). */
bool session_description_trickles(const struct session_description *description);
/* An offer's sections without a mid get one that no other has, the same for the same offer (RFC 9429 section 5.10). */
void session_description_give_mids(struct session_description *offer);
/* Index of the section with this mid, or -1. */
int session_description_find(const struct session_description *description, const char *mid);
/* The section whose transport attributes (ICE, DTLS, candidates) count for this one: of its BUNDLE group the first that is not rejected, in
 * the group's order (the tagged section of RFC 8843); itself when it is not bundled. */
size_t session_description_tagged(const struct session_description *description, size_t index);

/* What our side says of the transport of a section. Text is borrowed. */
struct jsep_local_transport {
    const char *ice_ufrag, *ice_pwd;
    struct slice tls_id;   /* of the association (RFC 8842); empty: it says none, as in an answer to an offer without */
    enum setup_role setup; /* answer: what we choose when the offer lets us (ACTIVE by default); offers always say actpass */
};

/* What our side has for one section. Text is borrowed. */
struct jsep_local_section {
    const struct jsep_local_transport *transport; /* NULL: the snapshot's */
    bool bundle_only; /* offer: it has no transport of its own, so that it is there in the group only, until the peer bundled it */
    size_t group;     /* offer: those with the same number are one BUNDLE group */
    enum media_type type;
    char mid[JSEP_ID_MAX];           /* ours for an offer; ignored in an answer, where the offer's counts */
    bool rejected;                   /* write port 0 (stopped, or not acceptable) */
    rtc_rtp_direction direction;     /* what we want */
    const struct jsep_codec *codecs; /* what we can do, in order of preference, with the payload types we would like */
    size_t codec_count;
    bool prefers; /* an answer lists codecs in this order; else in the offer's */
    const struct jsep_extension *extensions;
    size_t extension_count;
    const char *const *stream_ids; /* msid; none: "-" */
    size_t stream_count;
    const char *track_id;       /* NULL: no msid line */
    struct jsep_rids send_rids; /* of several encodings; none: one without a name */
    bool takes_rids;            /* an answer receives all the streams that the offer names */
    uint32_t ssrc, rtx_ssrc;    /* 0: no a=ssrc lines */
    uint32_t fec_ssrc;          /* of FlexFEC, where that is agreed on; 0: none */
    bool has_sent;              /* once: a=ssrc lines stay in every direction */
    uint16_t sctp_port;
    uint64_t max_message_size;
    struct slice sctp_init; /* empty: none */
};

struct jsep_snapshot {
    uint64_t session_id, version;
    struct jsep_local_transport transport; /* of sections that name none, and of rejected ones */
    const struct jsep_fingerprint *fingerprint;
    const char *cname;
    bool ice_lite;
    bool one_transport;                        /* answer: what is outside of the BUNDLE group of the first accepted section is rejected */
    const struct jsep_local_section *sections; /* in m= order. Offer: old ones first, then new. Answer: one for each section of the offer */
    size_t section_count;
    const struct session_description
        *previous_local; /* the last negotiated pair, for stable payload types and extension ids; may be NULL */
    const struct session_description *previous_remote;
};

/* An offer: every section in a group, trickle, rtcp-mux. */
int jsep_create_offer(rtc_context *context, const struct jsep_snapshot *snapshot, struct text *out);
/* An answer to `offer`: payload types and extension ids are the offer's; codecs are those both know; sections of
 * unknown media, or marked rejected, get port 0. Its groups are the offer's. */
int jsep_create_answer(rtc_context *context, const struct jsep_snapshot *snapshot, const struct session_description *offer,
                       struct text *out);

/* Checks that `answer` answers `offer`: same sections and order, mids, no new BUNDLE members, setup allowed. RTC_ERR_INVALID_ACCESS with
 * *error filled. */
int jsep_check_answer(const struct session_description *offer, const struct session_description *answer, struct sdp_error *error);
/* Checks that `offer` may follow what was negotiated (sections never vanish or change kind, but for those that either side rejected).
 * `previous`: its author's side, `ours`: the other's; may be NULL. */
int jsep_check_offer(const struct session_description *previous, const struct session_description *ours,
                     const struct session_description *offer, struct sdp_error *error);

/* Checks that no two sections of a peer's description have the same a=msid. RTC_ERR_OPERATION with *error filled. */
int jsep_check_tracks(const struct session_description *d, struct sdp_error *error);
/* Whether a description of the peer's gives the ids of header extensions that both sides agreed on to others than one before it did, while
 * its sender is the same (RFC 8285 section 5). `previous` and `ours`, of before, may be NULL. RTC_ERR_INVALID_ACCESS with *error filled. */
int jsep_check_extensions(const struct session_description *previous, const struct session_description *ours,
                          const struct session_description *d, struct sdp_error *error);

/* What two descriptions of one section agree on, from the local side's view. */
struct jsep_negotiated {
    bool rejected;
    rtc_rtp_direction direction; /* ours */
    struct jsep_codec
        send_codec; /* the first of the remote's codecs that the local side lists too; payload_type NO_PAYLOAD_TYPE when none */
    struct jsep_codec tone_codec; /* the remote's telephone events, by the clock of send_codec if it has such; NO_PAYLOAD_TYPE when none */
    struct jsep_codec receive_codecs[JSEP_CODECS_MAX]; /* what the remote may send, with our payload types */
    size_t receive_codec_count;
    struct jsep_extension extensions[JSEP_EXTENSIONS_MAX]; /* listed by both; ids as the answer says */
    size_t extension_count;
    bool rtcp_reduced_size, rtcp_reference_times;
    struct jsep_rids send_rids, receive_rids; /* that both name; in our order and in theirs */
};
void jsep_negotiate(const struct jsep_section *local, const struct jsep_section *remote, struct jsep_negotiated *out);

/* FlexFEC, which is a stream of its own (RFC 5956). */
bool jsep_codec_is_flexfec(const struct jsep_codec *codec);
/* Telephone events (RFC 4733). */
bool jsep_codec_has_tones(const struct jsep_codec *codec);
/* Blocks of sound (RFC 2198). */
bool jsep_codec_is_redundancy(const struct jsep_codec *codec);
/* What stands in such blocks: the first of these that can; NULL: none. */
const struct jsep_codec *jsep_codec_wrapped(const struct jsep_codec *codecs, size_t count);
/* The codecs of `theirs` that `ours` lists, too, with what both can do, into `out`; so many. Those beside media are among them. */
size_t jsep_common_codecs(const struct jsep_section *theirs, const struct jsep_section *ours, struct jsep_codec *out, size_t max);
/* The one of theirs that is `wanted`, with what both can do; false: it is not among those that both list. */
bool jsep_common_codec(const struct jsep_section *theirs, const struct jsep_section *ours, const struct jsep_codec *wanted,
                       struct jsep_codec *out);
/* The first of theirs that one of these `codecs` can send, with what both can do; false: there is none. */
bool jsep_codec_for_sending(const struct jsep_section *theirs, const struct jsep_codec *codecs, size_t count, struct jsep_codec *out);
/* Whether two formats are the same codec: name without case, clock rate, channels, and those parameters that make it another format. */
bool jsep_codec_same(const struct jsep_codec *a, const struct jsep_codec *b);
/* It protects, fills in or signals beside a codec: never what media is sent with. */
bool jsep_codec_is_beside(const struct jsep_codec *codec);
/* What the restrictions of a stream ask of who sends it; 0: nothing. */
struct jsep_rid_limits {
    uint32_t max_width, max_height, max_fps, max_bitrate_bps;
    uint64_t payload_types[2]; /* a bit for each; no bit: any */
};
/* Reads them (RFC 8851 sections 4 and 5); what is unknown is passed over. False, and *out says nothing, when they break the grammar. */
bool jsep_rid_read_limits(struct slice restrictions, struct jsep_rid_limits *out);
bool jsep_rid_allows(const struct jsep_rid_limits *limits, uint8_t payload_type);
/* NULL: it is not among them. */
const struct jsep_rid *jsep_rids_find(const struct jsep_rids *rids, const char *id);
/* Whether one of the codecs that media can be sent with is in both lists. */
bool jsep_codecs_meet(const struct jsep_codec *a, size_t a_count, const struct jsep_codec *b, size_t b_count);
/* The names of such codecs, each once, with commas; "none" when there is none. */
void jsep_list_codecs(const struct jsep_codec *codecs, size_t count, struct text *out);

/* The text of a description with candidate lines ("candidate:...", without "a=") added to the section with this index (and the default
 * address and port in its m= and c= lines), and a=end-of-candidates when `complete`. RTC_ERR_NOT_FOUND without such a section. */
int jsep_with_candidates(rtc_context *context, struct slice text, size_t section, const struct slice *candidates, size_t count,
                         bool complete, struct text *out);

#endif
