/* SPDX-License-Identifier: MIT */
/* RTCPeerConnection (webrtc-pc 4). A connection belongs to its loop's thread (<crtc/loop.h>): call it there, or with the loop's lock held. Calls finish
 * before they return; the events they cause are queued and run only from the loop (or rtc_peer_connection_dispatch), never inside a call. From a callback
 * anything may be called, freeing the connection included. */
#ifndef CRTC_PEER_CONNECTION_H
#define CRTC_PEER_CONNECTION_H

#include <crtc/congestion.h>
#include <crtc/data_channel.h>
#include <crtc/dtls_transport.h>
#include <crtc/loop.h>
#include <crtc/media.h>
#include <crtc/rtp.h>
#include <crtc/sctp_transport.h>
#include <crtc/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RTCPeerConnection: one peer, with all that is sent to it and comes from it.
 *
 * Owner: reference-counted. Its children (channels, transceivers) are references of the connection's that it gives out borrowed; queued events hold references of their own.
 * Thread: its loop's, or that of who drives it (<crtc/transport.h>); from others under rtc_loop_lock. References are taken and dropped on any.
 * Valid: while a reference is held. Once closed it stays valid and inert: accessors answer, other calls are RTC_ERR_INVALID_STATE, and no event follows.
 * Errors: what every call may return beside what it lists: RTC_ERR_TYPE for a NULL connection, and RTC_ERR_NO_MEMORY, also when the connection failed earlier because
 * memory ran out. The words are in rtc_peer_connection_last_error.
 * Section: webrtc-pc 4.4. */
typedef struct rtc_peer_connection rtc_peer_connection;

/* One UDP port for many connections (<crtc/endpoint.h>).
 *
 * Owner: reference-counted; every connection that uses it holds a reference, and the last one that goes closes it.
 * Thread: its loop's, or that of who routes its datagrams; references are taken and dropped on any.
 * Valid: while a reference is held. Once closed its connections go on with the candidates that they have elsewhere.
 * Errors: only its constructor fails. What belongs to no connection is dropped, and counted in rtc_endpoint_stats.
 * Section: none; RFC 8445 7.2.2 says how a datagram finds its connection. */
typedef struct rtc_endpoint rtc_endpoint;

/* ---- Certificates (webrtc-pc 4.9) ------------------------------------------------------------------------------------------- */

/* RTCCertificate: whom a connection proves to be, by the fingerprint in its descriptions. Who makes none uses one that the context keeps ready.
 *
 * Owner: reference-counted; may be shared by any number of connections, each of which holds a reference.
 * Thread: any.
 * Valid: while a reference is held. One that has expired is refused by rtc_peer_connection_new.
 * Errors: as each function says.
 * Section: webrtc-pc 4.9. */
typedef struct rtc_certificate rtc_certificate;

/* The kind of key. ECDSA_P256: what everybody uses. RSA_2048: for peers that know no other; making one takes a second. */
typedef enum rtc_key_algorithm { RTC_KEY_ECDSA_P256 = 0, RTC_KEY_RSA_2048 = 1 } rtc_key_algorithm;

/* Nothing is kept of it. */
typedef struct rtc_certificate_options {
    size_t size;                 /* sizeof(rtc_certificate_options) */
    rtc_key_algorithm algorithm; /* of its key */
    uint64_t lifetime_ms; /* 0: 30 days; more than 365 days count as these */
    /* Whom the certificate is for, so that it serves an HTTPS server as well: host names, "*.example.org" among them, and numeric addresses (subjectAltName,
     * RFC 5280 4.2.1.6). At most 64. Connections need none. */
    const char *const *names;
    size_t name_count;
    bool has_lifetime;        /* lifetime_ms 0 counts, too: it expires at once */
    uint32_t modulus_bits;    /* of an RSA key: 1024 to 4096, in steps of 8; 0: 2048. Less is for peers that take no more, as browsers still make them; larger ones take many seconds. */
    uint32_t public_exponent; /* of an RSA key: 65537, for 0 too */
} rtc_certificate_options;

/* A self-signed certificate that is valid from a day ago. `options` may be NULL. *out is a reference of the caller's.
 * Errors: RTC_ERR_TYPE (out is NULL, a size that is not set, a name is missing), RTC_ERR_NOT_SUPPORTED (the algorithm, its modulus or exponent,
 * or an option that this version does not know), RTC_ERR_RANGE (more than 64 names), RTC_ERR_SYNTAX (a name that is neither a host name nor a numeric address),
 * RTC_ERR_OPERATION (the key or the certificate can not be made), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_certificate_new(rtc_context *context, const rtc_certificate_options *options, rtc_certificate **out);
/* The same without names. `lifetime_ms` 0: 30 days; 365 at most.
 * Errors: RTC_ERR_TYPE (out is NULL), RTC_ERR_NOT_SUPPORTED (the algorithm), RTC_ERR_OPERATION (the key or the certificate can not
 * be made), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_certificate_generate(rtc_context *context, rtc_key_algorithm algorithm, uint64_t lifetime_ms, rtc_certificate **out);
/* From PEM text that holds the certificate and its private key. *out is a reference of the caller's.
 * Errors: RTC_ERR_TYPE (pem or out is NULL), RTC_ERR_SYNTAX (no certificate, no key, or more text than a certificate has), RTC_ERR_INVALID_ACCESS (they do not belong
 * together), RTC_ERR_NOT_SUPPORTED (a key that is neither RSA of 1024 bits or more nor ECDSA on P-256 or P-384), RTC_ERR_OPERATION (its fingerprint can not be made),
 * RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_certificate_import_pem(rtc_context *context, const char *pem, size_t len, rtc_certificate **out);
/* Certificate and private key as PEM; the text is the caller's, freed with rtc_certificate_free_pem (which wipes it).
 * Errors: RTC_ERR_TYPE (certificate or out is NULL), RTC_ERR_OPERATION (they can not be printed), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_certificate_export_pem(const rtc_certificate *certificate, char **out);
/* Wipes and frees what rtc_certificate_export_pem gave of this certificate. NULL is legal. */
RTC_EXPORT void rtc_certificate_free_pem(const rtc_certificate *certificate, char *pem);
/* Takes or drops a reference. NULL is legal. */
RTC_EXPORT rtc_certificate *rtc_certificate_ref(rtc_certificate *certificate);
RTC_EXPORT void rtc_certificate_unref(rtc_certificate *certificate);
/* SHA-256 of it as descriptions have it, "AB:CD:...". Borrowed while a reference is held. */
RTC_EXPORT const char *rtc_certificate_fingerprint(const rtc_certificate *certificate);
/* RTCDtlsFingerprint. The members' texts are borrowed with it. */
typedef struct rtc_dtls_fingerprint {
    size_t size;           /* as this version of the library has it */
    const char *algorithm; /* a hash function of RFC 8122: "sha-256" */
    const char *value;     /* of the certificate, "ab:cd:..." in lower case */
} rtc_dtls_fingerprint;
/* getFingerprints: one for each algorithm, which is one. *count (may be NULL) is how many there are. Borrowed while a reference is held. */
RTC_EXPORT const rtc_dtls_fingerprint *const *rtc_certificate_get_fingerprints(const rtc_certificate *certificate, size_t *count);
/* When it is valid no more, in milliseconds since 1970. */
RTC_EXPORT double rtc_certificate_expires_ms(const rtc_certificate *certificate);

/* ---- Configuration (webrtc-pc 4.2) ------------------------------------------------------------------------------------------ */

/* RTCIceServer. URLs: "stun:host[:port]", "turn:host[:port][?transport=udp|tcp]" and "turns:host[:port][?transport=tcp]" (TLS); ports 3478, for turns: 5349.
 * TURN needs both username and credential (RTC_ERR_INVALID_ACCESS). "stuns:" and TURN over DTLS are RTC_ERR_NOT_SUPPORTED, other schemes RTC_ERR_SYNTAX. */
typedef struct rtc_ice_server {
    size_t size;             /* sizeof(rtc_ice_server) */
    const char *const *urls; /* one at least */
    size_t url_count;
    const char *username;    /* for TURN */
    const char *credential;  /* for TURN: a password */
} rtc_ice_server;

/* RTCBundlePolicy (RFC 9429 4.1.1): how many transports our offers have before the peer bundles. BALANCED: the first audio, the first video and the data each;
 * others are bundle-only. MAX_COMPAT: every section. MAX_BUNDLE: the first section alone, and in answers what is not bundled with the first accepted one is rejected. */
typedef enum rtc_bundle_policy { RTC_BUNDLE_BALANCED = 0, RTC_BUNDLE_MAX_COMPAT = 1, RTC_BUNDLE_MAX_BUNDLE = 2 } rtc_bundle_policy;

/* RTCIceTransportPolicy. ALL: whatever connects. RELAY: nothing but relayed candidates is gathered, used or told to the peer. */
typedef enum rtc_ice_transport_policy { RTC_ICE_TRANSPORT_ALL = 0, RTC_ICE_TRANSPORT_RELAY = 1 } rtc_ice_transport_policy;

/* RTCRtcpMuxPolicy. REQUIRE: RTCP goes where RTP goes, and a description that does not say so is refused. NEGOTIATE, which the standard gave up, is RTC_ERR_NOT_SUPPORTED. */
typedef enum rtc_rtcp_mux_policy { RTC_RTCP_MUX_REQUIRE = 0, RTC_RTCP_MUX_NEGOTIATE = 1 } rtc_rtcp_mux_policy;

/* Candidates for TCP (RFC 6544), used where nothing gets through over UDP. ENABLED: connect to the peer's, and listen for the peer on a port of each
 * interface, as a browser needs, which only connects. ACTIVE: connect only. DISABLED: none. */
typedef enum rtc_ice_tcp_policy { RTC_ICE_TCP_ENABLED = 0, RTC_ICE_TCP_ACTIVE = 1, RTC_ICE_TCP_DISABLED = 2 } rtc_ice_tcp_policy;

/* Whether to follow the network after the first gathering. CONTINUALLY: interfaces that come get candidates, and the gathering state goes back to gathering until they
 * are complete; those that go lose theirs. ONCE: what was gathered at first is all. */
typedef enum rtc_ice_gathering_policy { RTC_ICE_GATHER_CONTINUALLY = 0, RTC_ICE_GATHER_ONCE = 1 } rtc_ice_gathering_policy;

/* RTCConfiguration. Zero is a default everywhere.
 *
 * Owner: the caller's. Everything is copied, or referenced where it is a handle.
 * Thread: that of the call that it is given to.
 * Valid: for that call.
 * Errors: of rtc_peer_connection_new and rtc_peer_connection_set_configuration, which change nothing then; the members say what they refuse.
 * Section: webrtc-pc 4.2. */
typedef struct rtc_configuration {
    size_t size;                               /* sizeof(rtc_configuration) */
    rtc_loop *loop;                            /* NULL: no loop, see <crtc/transport.h>. Must outlive the connection. */
    const rtc_ice_server *const *ice_servers;  /* iceServers: an array of pointers. URLs beyond the 32nd are ignored. */
    size_t ice_server_count;
    rtc_certificate *const *certificates;      /* the first is used, none may have expired; none given: one of the context's ready-made ones */
    size_t certificate_count;
    rtc_bundle_policy bundle_policy;           /* can not change */
    rtc_ice_transport_policy ice_transport_policy; /* RELAY: nothing but relayed candidates is gathered, used or told to the peer */
    bool include_loopback;                     /* gather 127.0.0.1 and ::1 too */
    uint16_t max_channels;                     /* data channels each way; 0: 256; at most 65534. Memory per connection grows with it. */
    uint32_t max_bitrate_bps;                  /* for all video sent; 0: 1.5 Mbit/s, the least is 50 kbit/s: RTC_ERR_RANGE */
    uint32_t max_message_size;                 /* largest data channel message taken from the peer; 0: 256 KiB, which is also the most */
    const char *authorities_pem;               /* whom turns: servers' certificates must be from, PEM; NULL: the system's authorities */
    rtc_ice_gathering_policy ice_gathering_policy; /* whether to follow the network */
    /* Which interfaces to gather from, for every kind of candidate: each text is an interface name, where '*' stands for any run of characters ("docker*"),
     * or an address, or a prefix of addresses ("10.0.0.0/8", "fc00::/7"). An address is used when ice_allow is empty or matches, and ice_deny does not. At
     * most 32 each. RTC_ERR_SYNTAX, RTC_ERR_RANGE. */
    const char *const *ice_allow;
    size_t ice_allow_count;
    const char *const *ice_deny;
    size_t ice_deny_count;
    /* For hosts behind a 1:1 NAT, as in most clouds: "EXTERNAL" or "LOCAL=EXTERNAL". Host candidates show the external address in place of the local one, or
     * of every one of its family; ports stay, and hide_local_addresses does not hide them. At most 16. RTC_ERR_SYNTAX, RTC_ERR_RANGE. */
    const char *const *external_addresses;
    size_t external_address_count;
    uint16_t port_min, port_max;               /* local ports of UDP sockets, those to TURN servers included, and of TCP listeners; both 0: any. RTC_ERR_RANGE.
                                                * When none is free the socket's candidates are missing, and the log says so. */
    uint8_t ice_candidate_pool_size;           /* > 0: candidates are gathered from the start, and told when a local description is set. The first transport
                                                  has a pool, so larger sizes are like 1. */
    /* Tell the peer random names in place of the addresses of this host (draft-ietf-mmusic-mdns-ice-candidates); peers on the same local network resolve
     * them by multicast DNS. Nothing that the application is told, but a server-reflexive candidate, has an address of this host then. Can not change. */
    bool hide_local_addresses;
    rtc_endpoint *endpoint;                    /* whose UDP port is shared with others, and which has the same loop (else RTC_ERR_INVALID_ACCESS); NULL: sockets of its own */
    /* For servers with a public address: answer the peer's ICE checks and send none (ICE-lite, RFC 8445 section 2.5). The peer must be a full agent, as browsers are;
     * with another lite one ours behaves as a full one. Servers and the relay policy are RTC_ERR_INVALID_ACCESS then. */
    bool ice_lite;
    rtc_ice_tcp_policy ice_tcp_policy;
    /* Where to send ICE checks, and connect, when a peer says that it is there. Whoever may signal candidates could otherwise make a server knock at doors that
     * are not its own, so that by default nothing goes to: 0.0.0.0/8, 240.0.0.0/4, broadcast and multicast addresses; loopback addresses, unless this side gathers
     * from loopback itself (include_loopback, or a host without network); addresses of clouds' metadata (169.254.169.254, fd00:ec2::254 and the like); all these
     * in IPv6 form; IPv6 link-local ones, and IPv4 ones over TCP; ports below 1024 but 80 and 443 (over TCP these neither at private addresses), and over UDP 1900, 3702,
     * 5353, 5355 and 11211. What matches remote_allow is taken all the same, at any port; what matches remote_deny is not, allowed or not. Addresses or
     * prefixes of them ("10.0.0.0/8"), at most 32 each. A server that only talks to the internet denies its own networks: "10.0.0.0/8", "172.16.0.0/12",
     * "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7". rtc_peer_connection_explain() says what was left out and why, the transport's candidatesLeftOut in
     * the statistics how much. RTC_ERR_SYNTAX, RTC_ERR_RANGE. Can not change. */
    const char *const *remote_allow;
    size_t remote_allow_count;
    const char *const *remote_deny;
    size_t remote_deny_count;
    uint32_t start_bitrate_bps;                /* for all video sent, to begin with; 0: 300 kbit/s. From there it climbs within seconds while the network
                                                * takes it; who knows that there is room may begin higher. From 50 kbit/s to max_bitrate_bps: RTC_ERR_RANGE. Can not change. */
    rtc_rtcp_mux_policy rtcp_mux_policy;       /* rtcpMuxPolicy */
    /* Offers say how the association of data channels begins (a=sctp-init, draft-hancke-tsvwg-snap): with a peer that knows of it channels open with the first packet
     * that DTLS protects, up to two round trips sooner; with others as ever. Answers say it to who offers it, whatever stands here. It takes the memory of an association,
     * some tens of kilobytes, from the offer on. It may change, for the next offer. */
    bool offer_sctp_init;
    rtc_congestion_control congestion_control; /* by which rules what is sent follows the network; can not change */
    /* A controller of the program's own in place of congestion_control, and what its `make` is given. The table is copied; `congestion_user` is the program's,
     * and stays until the connection is freed. Can not change. RTC_ERR_TYPE: without `make` or `target`. */
    const rtc_congestion_controller *congestion_controller;
    void *congestion_user;
    /* Who sends to this side is asked to leave silence out: descriptions say usedtx=1 of Opus (RFC 7587 section 6.1). Instead of fifty packets a second one comes
     * every 400 ms then, and the decoder fills in noise like that of the silence. This side does so where the peer asks for it, whatever stands here. Can not change. */
    bool use_dtx;
} rtc_configuration;

/* ---- States and events ------------------------------------------------------------------------------------------------------ */

/* RTCSignalingState (webrtc-pc 4.3.1). The values are the standard's. */
typedef enum rtc_signaling_state {
    RTC_SIGNALING_STABLE = 0,
    RTC_SIGNALING_HAVE_LOCAL_OFFER = 1,
    RTC_SIGNALING_HAVE_REMOTE_OFFER = 2,
    RTC_SIGNALING_HAVE_LOCAL_PRANSWER = 3,
    RTC_SIGNALING_HAVE_REMOTE_PRANSWER = 4,
    RTC_SIGNALING_CLOSED = 5
} rtc_signaling_state;
/* RTCIceConnectionState (webrtc-pc 4.3.4). The values are the standard's. */
typedef enum rtc_ice_connection_state {
    RTC_ICE_CONNECTION_NEW = 0,
    RTC_ICE_CONNECTION_CHECKING = 1,
    RTC_ICE_CONNECTION_CONNECTED = 2,
    RTC_ICE_CONNECTION_COMPLETED = 3,
    RTC_ICE_CONNECTION_DISCONNECTED = 4,
    RTC_ICE_CONNECTION_FAILED = 5,
    RTC_ICE_CONNECTION_CLOSED = 6
} rtc_ice_connection_state;
/* RTCPeerConnectionState (webrtc-pc 4.3.3). The values are the standard's. */
typedef enum rtc_peer_connection_state {
    RTC_PEER_CONNECTION_NEW = 0,
    RTC_PEER_CONNECTION_CONNECTING = 1,
    RTC_PEER_CONNECTION_CONNECTED = 2,
    RTC_PEER_CONNECTION_DISCONNECTED = 3,
    RTC_PEER_CONNECTION_FAILED = 4,
    RTC_PEER_CONNECTION_CLOSED = 5
} rtc_peer_connection_state;

/* The W3C names: "have-local-offer", "checking", ... Static storage; "?" for a value that is none. Any thread. */
RTC_EXPORT const char *rtc_signaling_state_name(rtc_signaling_state state);
RTC_EXPORT const char *rtc_ice_connection_state_name(rtc_ice_connection_state state);
RTC_EXPORT const char *rtc_peer_connection_state_name(rtc_peer_connection_state state);
/* "connecting", "open", "closing", "closed"; "?" for a value that is none. Static storage. Any thread. */
RTC_EXPORT const char *rtc_data_channel_state_name(rtc_data_channel_state state);

/* RTCSdpType: what a session description is. NONE stands for "no description" and, in set_local_description, for the parameterless form; OFFER and ANSWER are exchanged;
 * ROLLBACK takes an offer back; PRANSWER is an answer that is not the last word: it takes effect, and others or the answer follow. Descriptions are text: there is no handle for them.
 *
 * Owner: the connection keeps what was created last and what is set; texts that are given in are copied.
 * Thread: the connection's.
 * Valid: what rtc_peer_connection_create_offer and rtc_peer_connection_create_answer give until the next of these two calls, what
 * rtc_peer_connection_local_description and rtc_peer_connection_remote_description give until the next call into the connection.
 * Errors: a description that is refused changes nothing. rtc_peer_connection_last_error says why, with the line.
 * Section: webrtc-pc 4.6, RFC 9429, RFC 8866. */
typedef enum rtc_sdp_type { RTC_SDP_NONE = 0, RTC_SDP_OFFER = 1, RTC_SDP_PRANSWER = 2, RTC_SDP_ANSWER = 3, RTC_SDP_ROLLBACK = 4 } rtc_sdp_type;
/* "offer", "pranswer", "answer", "rollback", or "" for NONE; and back (NONE for text that is none of these). */
RTC_EXPORT const char *rtc_sdp_type_name(rtc_sdp_type type);
RTC_EXPORT rtc_sdp_type rtc_sdp_type_from_name(const char *name);

/* RTCPeerConnectionIceErrorEvent. */
typedef struct rtc_ice_candidate_error {
    size_t size;
    const char *address;    /* local address, "" when unknown */
    uint16_t port;          /* local port, 0 when unknown */
    const char *url;        /* of the server */
    uint16_t error_code;    /* a STUN error code, or 701: no answer */
    const char *error_text; /* what the server said, or why there is no answer */
} rtc_ice_candidate_error;

/* RTCTrackEvent. Borrowed for the callback: take references to keep. */
typedef struct rtc_track_event {
    size_t size;
    rtc_rtp_transceiver *transceiver; /* what receives it */
    rtc_rtp_receiver *receiver;       /* the same one's receiver */
    rtc_media_stream_track *track;    /* the receiver's track */
    const char *const *stream_ids;    /* the streams that the peer says it is in */
    size_t stream_count;              /* of both lists */
    rtc_media_stream *const *streams; /* the same as objects: for one id a connection has one, and the track is in it already */
} rtc_track_event;

/* Events of a connection; every member but size may be NULL. New states are read with the accessors below: an event fires after its state changed and sees the
 * state as it was when it was queued only through its argument.
 *
 * While a connection comes up the side that offers is told, in this order: on_negotiation_needed; the signaling state have-local-offer; that gathering began, each
 * candidate, and NULL after the last, once gathering is complete; stable, when the answer is set; ICE checking, the connection connecting, DTLS connecting; ICE connected, DTLS
 * connected, the connection connected; then its channels open. Candidates may go on coming in between. The side that answers is told of tracks between have-remote-offer
 * and stable, and of the channels that the peer opened after the connection is connected. */
typedef struct rtc_peer_connection_callbacks {
    size_t size;
    /* Something was asked for that the next offer will carry. Not during an exchange: after it. */
    void (*on_negotiation_needed)(rtc_peer_connection *connection, void *user);
    /* candidate NULL: gathering is complete. */
    void (*on_ice_candidate)(rtc_peer_connection *connection, void *user, const rtc_ice_candidate *candidate);
    /* A server gave nothing. */
    void (*on_ice_candidate_error)(rtc_peer_connection *connection, void *user, const rtc_ice_candidate_error *error);
    /* A state changed. Of several that change at once, ICE's comes before the connection's (webrtc-pc 4.3.3). */
    void (*on_signaling_state_change)(rtc_peer_connection *connection, void *user, rtc_signaling_state state);
    void (*on_ice_gathering_state_change)(rtc_peer_connection *connection, void *user, rtc_ice_gathering_state state);
    void (*on_ice_connection_state_change)(rtc_peer_connection *connection, void *user, rtc_ice_connection_state state);
    void (*on_connection_state_change)(rtc_peer_connection *connection, void *user, rtc_peer_connection_state state);
    /* The peer opened a channel. Set its callbacks here; take a reference to keep it beyond its closing. */
    void (*on_data_channel)(rtc_peer_connection *connection, void *user, rtc_data_channel *channel);
    /* The peer sends a track, anew or once more, or it came into one more stream. */
    void (*on_track)(rtc_peer_connection *connection, void *user, const rtc_track_event *event);
    /* A remote track began or stopped to receive. */
    void (*on_track_mute)(rtc_peer_connection *connection, void *user, rtc_media_stream_track *track, bool muted);
    /* The circuit breaker (RFC 8083 section 4.5) reduced or stopped what `sender` sends, or all is well again. The sender is borrowed for the callback. */
    void (*on_circuit_change)(rtc_peer_connection *connection, void *user, rtc_rtp_sender *sender, rtc_circuit circuit);
    /* The peer sends a telephone event (RFC 4733): `tone` is a character of "0123456789*#ABCD". Once when it begins, with what it lasted so far, and once when it
     * `ended`, with its whole duration. The receiver is borrowed for the callback. */
    void (*on_tone)(rtc_peer_connection *connection, void *user, rtc_rtp_receiver *receiver, char tone, uint32_t duration_ms, bool ended);
} rtc_peer_connection_callbacks;

/* ---- The connection --------------------------------------------------------------------------------------------------------- */

/* new RTCPeerConnection(configuration). `configuration` and `callbacks` may be NULL and are copied. *out is a reference of the caller's. Why it was refused says
 * rtc_last_error.
 * Errors: RTC_ERR_TYPE (out is NULL, a size that is not set, an unknown policy, an entry of a list is missing), RTC_ERR_SYNTAX (a server's URL, or a rule for addresses, that can not
 * be read), RTC_ERR_NOT_SUPPORTED (a URL's transport, an option or a callback that this version does not know), RTC_ERR_INVALID_ACCESS (an expired certificate, a TURN server
 * without credentials, an endpoint of another loop, servers or relays with ICE-lite), RTC_ERR_INVALID_STATE (the endpoint is closed), RTC_ERR_RANGE (a number or a list
 * beyond its bounds), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_new(rtc_context *context, const rtc_configuration *configuration, const rtc_peer_connection_callbacks *callbacks, void *user,
                                       rtc_peer_connection **out);
/* Any thread, as for every handle of the library. The last reference that goes closes the connection: on its loop's thread, in the loop's next turn, when it went on
 * another thread than the loop's, such as that of a garbage collector (at once on the loop's own thread, which while nobody runs it is the one that made, ran or started it
 * last, and where this thread holds the loop's lock). It waits for nobody: none of its callbacks begins after this returned, but one that runs on the loop's thread at that
 * moment goes on, so what callbacks use is freed by rtc_loop_post. Without a loop it closes here, so this belongs to the connection's thread then. */
RTC_EXPORT rtc_peer_connection *rtc_peer_connection_ref(rtc_peer_connection *connection);
RTC_EXPORT void rtc_peer_connection_unref(rtc_peer_connection *connection);
/* close(): ends everything; no event of the connection follows. The handle stays valid and inert. Allocations on TURN servers are given back, which may take
 * another second: while rtc_peer_connection_deadline says so the sans-I/O face goes on; the library's loop does that by itself, also after
 * rtc_peer_connection_free. */
RTC_EXPORT void rtc_peer_connection_close(rtc_peer_connection *connection);
/* Clears the callbacks, closes and drops the caller's reference: none of its callbacks runs once this returned. Legal in callbacks; like every call but ref and unref,
 * on the loop's thread or with its lock held. NULL is legal. */
RTC_EXPORT void rtc_peer_connection_free(rtc_peer_connection *connection);
/* Replaces the events' receiver; NULL clears: after that none runs any more.
 * Errors: RTC_ERR_TYPE (connection is NULL, a size that is not set), RTC_ERR_NOT_SUPPORTED (a callback that this version of the library does not know). The receiver
 * stays then. */
RTC_EXPORT int rtc_peer_connection_set_callbacks(rtc_peer_connection *connection, const rtc_peer_connection_callbacks *callbacks, void *user);
/* setConfiguration: servers and policy may change; with a local description they take effect with the next ICE restart, which the next offer begins by itself
 * (RFC 9429 3.5.1). The candidate pool's size may change until a local description is set; loop and certificates may not change (NULL and none: as they are).
 * A max_bitrate_bps that is not 0 is taken, too. The other members keep the values they had.
 * Errors: RTC_ERR_INVALID_STATE (closed), RTC_ERR_INVALID_MODIFICATION (what can not change), RTC_ERR_TYPE (connection is NULL, a size that is not set, an unknown policy, an entry
 * of a list is missing), RTC_ERR_SYNTAX (a server's URL), RTC_ERR_NOT_SUPPORTED (a URL's transport, an option that this version does not know), RTC_ERR_INVALID_ACCESS (a TURN
 * server without credentials, servers or relays with ICE-lite), RTC_ERR_RANGE (max_bitrate_bps), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_set_configuration(rtc_peer_connection *connection, const rtc_configuration *configuration);
/* getConfiguration: what it was made with, and what set_configuration changed since; `size` is that of the library. Members that were not given are zero, as they were.
 * Borrowed until the next rtc_peer_connection_set_configuration; also of a closed connection. */
RTC_EXPORT const rtc_configuration *rtc_peer_connection_get_configuration(const rtc_peer_connection *connection);
/* What went wrong in the last call on the connection, or on a channel, transceiver, sender or receiver of it, among those that can fail: in words, with the offending
 * SDP line or value; "" when that call succeeded. Borrowed until the next call. For a NULL handle, or where there is no connection (its constructor): rtc_last_error(). */
RTC_EXPORT const char *rtc_peer_connection_last_error(const rtc_peer_connection *connection);

/* createOffer, createAnswer. *sdp is borrowed until the next create call, or call without a text to rtc_peer_connection_set_local_description. It is the text of last time when nothing has changed
 * since.
 * Errors: RTC_ERR_INVALID_STATE (closed; an offer needs "stable" or "have-local-offer", an answer "have-remote-offer" or "have-local-pranswer"), RTC_ERR_TYPE (connection or sdp is NULL),
 * RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_create_offer(rtc_peer_connection *connection, const char **sdp);
RTC_EXPORT int rtc_peer_connection_create_answer(rtc_peer_connection *connection, const char **sdp);
/* RTCOfferOptions (webrtc-pc 4.2.7), with the legacy members of 4.4.3.2. */
typedef struct rtc_offer_options {
    size_t size;                     /* sizeof(rtc_offer_options) */
    bool ice_restart;                /* this offer has other ICE credentials than our description that counts */
    bool has_offer_to_receive_audio; /* for false: true counts without */
    bool offer_to_receive_audio;     /* true: a transceiver is added that receives, if there is none; false: those there are receive no more */
    bool has_offer_to_receive_video; /* the same for video */
    bool offer_to_receive_video;     /* the same for video */
} rtc_offer_options;
/* createOffer with options, which may be NULL.
 * Errors: RTC_ERR_INVALID_STATE (closed, or neither "stable" nor "have-local-offer"), RTC_ERR_TYPE (connection or sdp is NULL, a size that is not set),
 * RTC_ERR_NOT_SUPPORTED (an option that this version does not know), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_create_offer_with(rtc_peer_connection *connection, const rtc_offer_options *options, const char **sdp);
/* setLocalDescription. RTC_SDP_NONE with NULL is the parameterless form: it makes the offer or answer itself. A text must be what create gave last; NULL or "" stands
 * for that, or for a new one if that does not say what there is any more. RTC_SDP_ROLLBACK in "have-local-offer" takes our offer back, whatever the text: everything is as it was when the state was "stable" last, and the offer may
 * be set again.
 * Errors: RTC_ERR_INVALID_STATE (closed, or the signaling state lets no such description be set), RTC_ERR_INVALID_MODIFICATION (another text), RTC_ERR_TYPE (connection is NULL, an unknown type), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_set_local_description(rtc_peer_connection *connection, rtc_sdp_type type, const char *sdp);
/* setRemoteDescription. A refused description changes nothing. An offer with other ICE credentials than before restarts ICE (RFC 8839 4.4.1.1). The answer to an offer of
 * ours that restarts has other ones; with the old ones it declines, and everything goes on as it was. Any other answer must have the same.
 * RTC_SDP_ROLLBACK in "have-remote-offer" takes the peer's offer back; `sdp` may be NULL then. The transceivers that the offer made go, unless rtc_peer_connection_add_track
 * used them, and what it did to tracks is undone. An offer in "have-local-offer" first takes ours back, even if it is refused then itself: that is all that is left of glare.
 * Errors: RTC_ERR_INVALID_STATE (closed, or the signaling state lets no such description be set), RTC_ERR_SYNTAX (not SDP), RTC_ERR_INVALID_ACCESS (well-formed but not
 * acceptable, such as credentials that may not change), RTC_ERR_NOT_SUPPORTED (another certificate), RTC_ERR_RANGE (beyond a limit of the context),
 * RTC_ERR_TYPE (connection or sdp is NULL, an unknown type), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_set_remote_description(rtc_peer_connection *connection, rtc_sdp_type type, const char *sdp);
/* localDescription, with the candidates that events told so far; remoteDescription, with those that were added. The pending one, while there is one, else the current one. NULL
 * (and *type NONE) when there is none; `type` may be NULL. Borrowed until the next call into the connection, or its next event. */
RTC_EXPORT const char *rtc_peer_connection_local_description(rtc_peer_connection *connection, rtc_sdp_type *type);
RTC_EXPORT const char *rtc_peer_connection_remote_description(rtc_peer_connection *connection, rtc_sdp_type *type);
/* currentLocalDescription, currentRemoteDescription: what both sides agreed on last. As above. */
RTC_EXPORT const char *rtc_peer_connection_current_local_description(rtc_peer_connection *connection, rtc_sdp_type *type);
RTC_EXPORT const char *rtc_peer_connection_current_remote_description(rtc_peer_connection *connection, rtc_sdp_type *type);
/* pendingLocalDescription, pendingRemoteDescription: the offer that waits for its answer, and a provisional answer to it. As above. */
RTC_EXPORT const char *rtc_peer_connection_pending_local_description(rtc_peer_connection *connection, rtc_sdp_type *type);
RTC_EXPORT const char *rtc_peer_connection_pending_remote_description(rtc_peer_connection *connection, rtc_sdp_type *type);

/* What the last description of the peer says of candidates that come one by one. */
typedef enum rtc_trickle {
    RTC_TRICKLE_UNKNOWN = 0,    /* there is none */
    RTC_TRICKLE_SUPPORTED = 1,  /* the peer takes them */
    RTC_TRICKLE_UNSUPPORTED = 2 /* it wants them all in a description: set one that is complete (on_ice_candidate with NULL) */
} rtc_trickle;
/* canTrickleIceCandidates (webrtc-pc 4.4.2). */
RTC_EXPORT rtc_trickle rtc_peer_connection_can_trickle_ice_candidates(const rtc_peer_connection *connection);

/* addIceCandidate. `candidate` NULL, or one without text, mid and index: the peer has no more for any section. What was added stands in the remote description, the pending
 * one, the current one or both, as the username fragments say. What comes for a section that the remote description rejects is taken and goes nowhere.
 * Errors: RTC_ERR_INVALID_STATE (closed, or there is no remote description), RTC_ERR_OPERATION (text that is no candidate, no such section, or the username fragment of no
 * description), RTC_ERR_TYPE (connection is NULL, a size that is not set, neither mid nor index), RTC_ERR_NOT_SUPPORTED (a member that this version does not know),
 * RTC_ERR_QUOTA_EXCEEDED (more candidates than rtc_limits.remote_candidates), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_add_ice_candidate(rtc_peer_connection *connection, const rtc_ice_candidate_init *candidate);

/* restartIce: the next offers carry new ICE credentials until a negotiation with them is complete, or one of the peer's replaced ours; on_negotiation_needed
 * follows (once stable). The path there is goes on being used until the new generation has one; channels and media do not notice. Without a local description
 * there is nothing to restart, nor in a closed connection.
 * Errors: RTC_ERR_TYPE (connection is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_restart_ice(rtc_peer_connection *connection);

/* Whether another negotiation is needed ([[NegotiationNeeded]], webrtc-pc 4.7.3), as of the last time that the connection was stable: what on_negotiation_needed told
 * may be settled by now. A program that puts its own operations in a queue asks again when it gets to it. False once closed. */
RTC_EXPORT bool rtc_peer_connection_negotiation_needed(const rtc_peer_connection *connection);

/* The states as they are now: what events tell may be older. */
RTC_EXPORT rtc_signaling_state rtc_peer_connection_signaling_state(const rtc_peer_connection *connection);
RTC_EXPORT rtc_ice_gathering_state rtc_peer_connection_ice_gathering_state(const rtc_peer_connection *connection);
RTC_EXPORT rtc_ice_connection_state rtc_peer_connection_ice_connection_state(const rtc_peer_connection *connection);
/* connectionState, with one difference to webrtc-pc 4.3.3: a connection whose peer ended DTLS is "disconnected", not "connected", since nothing gets through. */
RTC_EXPORT rtc_peer_connection_state rtc_peer_connection_connection_state(const rtc_peer_connection *connection);

/* addTrack: sends the track in the streams given (their ids; may be none). *sender (may be NULL) is borrowed from the connection.
 * Errors: RTC_ERR_INVALID_ACCESS (it is sent already), RTC_ERR_INVALID_STATE (closed), RTC_ERR_TYPE (connection or track is NULL, a stream is missing), RTC_ERR_RANGE (more
 * streams than a track may have, 4), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_add_track(rtc_peer_connection *connection, rtc_media_stream_track *track, rtc_media_stream *const *streams, size_t stream_count,
                                             rtc_rtp_sender **sender);
/* addTransceiver with a track, or with a kind when track is NULL. `init` may be NULL. *out (may be NULL) is borrowed from the connection.
 * Errors: RTC_ERR_TYPE (connection is NULL, an unknown kind, direction or priority, a stream is missing, a size that is not set), RTC_ERR_RANGE (more streams than a track may
 * have, 4; a scale or rate of send_encodings), RTC_ERR_OPERATION (a codec of send_encodings that is not one to send with, sizes for some of them only), RTC_ERR_INVALID_STATE
 * (closed), RTC_ERR_NOT_SUPPORTED (an option that this version does not know), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_add_transceiver(rtc_peer_connection *connection, rtc_media_kind kind, rtc_media_stream_track *track,
                                                   const rtc_rtp_transceiver_init *init, rtc_rtp_transceiver **out);
/* removeTrack: the sender stops; takes effect in SDP with the next negotiation.
 * Errors: RTC_ERR_INVALID_ACCESS (another connection's sender), RTC_ERR_INVALID_STATE (closed), RTC_ERR_TYPE (connection or sender is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_remove_track(rtc_peer_connection *connection, rtc_rtp_sender *sender);
/* getTransceivers, in order of creation. NULL beyond the last. Borrowed from the connection: a remote offer that replaces one which was not answered takes away what
 * only that one brought, unless a track was added to it. Those
 * of a connection that is closed stay, stopped, until it is freed. */
RTC_EXPORT size_t rtc_peer_connection_transceiver_count(const rtc_peer_connection *connection);
RTC_EXPORT rtc_rtp_transceiver *rtc_peer_connection_transceiver(const rtc_peer_connection *connection, size_t index);

/* createDataChannel. `label` may hold any bytes; `init` may be NULL. *out is a reference of the caller's. Where the SCTP association has ended, since the peer hung up, an error
 * event and a close event follow.
 * Errors: RTC_ERR_INVALID_STATE (the connection is closed), RTC_ERR_TYPE (connection, label or out is NULL, contradictory or too long values, a size that is
 * not set), RTC_ERR_OPERATION (the id is taken or beyond what both sides have, or none is left), RTC_ERR_NOT_SUPPORTED (an option that this version does
 * not know), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_create_data_channel(rtc_peer_connection *connection, const char *label, size_t label_len, const rtc_data_channel_init *init,
                                                       rtc_data_channel **out);
/* sctp: NULL while no description that is set has a section of data, or the section is rejected. Borrowed from the connection until a description is set. Of a connection that is
 * closed: what it had. */
RTC_EXPORT rtc_sctp_transport *rtc_peer_connection_sctp(const rtc_peer_connection *connection);

/* Why the connection is not connected, or how it is, for a person to read: the first line is the conclusion, such as "24 checks on 2 of 2 pairs were never
 * answered: a firewall or NAT may be in the way, or the peer is gone; no TURN server is configured, which could relay"; the lines after it are the
 * evidence, one for the state of ICE and for each server, candidate and pair, with the reason why it is of no use. The wording is not fixed. Borrowed until
 * the next call of this function; NULL when out of memory. */
RTC_EXPORT const char *rtc_peer_connection_explain(rtc_peer_connection *connection);

/* getStats. *out is a reference of the caller's. Beside the dictionaries of webrtc-stats there is a "rejected-section" (mid, kind, reason) for each section of the
 * peer's that has no codec in common with this side. A closed connection gives what it still knows.
 * Errors: RTC_ERR_TYPE (connection or out is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_get_stats(rtc_peer_connection *connection, rtc_stats_report **out);
/* getStats with a track as the selector: what rtc_rtp_sender_get_stats or rtc_rtp_receiver_get_stats gives of the one sender or receiver that has it (webrtc-pc 8.2).
 * Errors: RTC_ERR_TYPE (connection, track or out is NULL), RTC_ERR_INVALID_ACCESS (no sender or receiver of the connection has this track, or more than one), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_get_track_stats(rtc_peer_connection *connection, const rtc_media_stream_track *track, rtc_stats_report **out);

/* What its callbacks are given. */
RTC_EXPORT void *rtc_peer_connection_user(const rtc_peer_connection *connection);

#ifdef __cplusplus
}
#endif
#endif
