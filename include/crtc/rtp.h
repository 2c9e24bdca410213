/* SPDX-License-Identifier: MIT */
/* RTCRtpTransceiver, RTCRtpSender, RTCRtpReceiver (webrtc-pc 5). They belong to their connection's thread. */
#ifndef CRTC_RTP_H
#define CRTC_RTP_H

#include <crtc/dtls_transport.h>
#include <crtc/media.h>
#include <crtc/rtp_parameters.h>
#include <crtc/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RTCRtpTransceiver: a section of the session description, with a sender and a receiver of one kind of media.
 *
 * Owner: reference-counted; the connection holds a reference. What gives one gives it borrowed from the connection: take a reference to keep it.
 * Thread: its connection's; references are taken and dropped on any.
 * Valid: while a reference is held. Once stopped, or once its connection is closed, it stays valid and inert.
 * Errors: of each call as it says, with words in rtc_peer_connection_last_error.
 * Section: webrtc-pc 5.4. */
typedef struct rtc_rtp_transceiver rtc_rtp_transceiver;

/* RTCRtpSender: what sends a track, or nothing.
 *
 * Owner: a part of its transceiver, whose references it shares: who holds one of the sender holds the transceiver.
 * Thread: its connection's; references are taken and dropped on any.
 * Valid: as its transceiver.
 * Errors: RTC_ERR_INVALID_STATE once its transceiver is stopped or its connection closed; else as each call says.
 * Section: webrtc-pc 5.2. */
typedef struct rtc_rtp_sender rtc_rtp_sender;

/* RTCRtpReceiver: what the peer sends, as a track.
 *
 * Owner: a part of its transceiver, whose references it shares.
 * Thread: its connection's; references are taken and dropped on any.
 * Valid: as its transceiver; its track may be kept beyond that by a reference of its own, and has ended then.
 * Errors: RTC_ERR_INVALID_STATE once its transceiver is stopped or its connection closed; else as each call says.
 * Section: webrtc-pc 5.3. */
typedef struct rtc_rtp_receiver rtc_rtp_receiver;

/* RTCRtpTransceiverInit. */
typedef struct rtc_rtp_transceiver_init {
    size_t size;
    bool has_direction;            /* for inactive, which is 0: other directions count without; without and 0: sendrecv */
    rtc_rtp_direction direction;   /* what its section offers first */
    rtc_media_stream *const *streams; /* for the sender's msid; may be NULL */
    size_t stream_count;
    rtc_rtp_encoding_parameters *const *send_encodings; /* sendEncodings; none: one of defaults. Several need a rid each. */
    size_t send_encoding_count;
} rtc_rtp_transceiver_init;

/* The circuit breaker of what a sender sends (RFC 8083), which protects networks from media that they can not carry, whatever the rate control believes.
 * CLOSED: all is well. REDUCED: the rate was cut to a tenth, or is being tried from the lowest after a stop. STOPPED: nothing is sent, and nothing is encoded; it is tried again
 * by itself after 5 seconds, later after up to a minute, or when reports of the receiver come again. Sound is not stopped for what video does. */
typedef enum rtc_circuit { RTC_CIRCUIT_CLOSED = 0, RTC_CIRCUIT_REDUCED = 1, RTC_CIRCUIT_STOPPED = 2 } rtc_circuit;

/* Takes or drops a reference. Any thread; NULL is legal. */
RTC_EXPORT rtc_rtp_transceiver *rtc_rtp_transceiver_ref(rtc_rtp_transceiver *transceiver);
RTC_EXPORT void rtc_rtp_transceiver_unref(rtc_rtp_transceiver *transceiver);
/* Of both its tracks. */
RTC_EXPORT rtc_media_kind rtc_rtp_transceiver_kind(const rtc_rtp_transceiver *transceiver);
/* NULL before it is negotiated. Borrowed while a reference is held. */
RTC_EXPORT const char *rtc_rtp_transceiver_mid(const rtc_rtp_transceiver *transceiver);
/* Borrowed while a reference to the transceiver is held. */
RTC_EXPORT rtc_rtp_sender *rtc_rtp_transceiver_sender(const rtc_rtp_transceiver *transceiver);
RTC_EXPORT rtc_rtp_receiver *rtc_rtp_transceiver_receiver(const rtc_rtp_transceiver *transceiver);
/* What was asked for; STOPPED once it is. */
RTC_EXPORT rtc_rtp_direction rtc_rtp_transceiver_direction(const rtc_rtp_transceiver *transceiver);
/* Takes effect with the next negotiation.
 * Errors: RTC_ERR_INVALID_STATE (stopped or closed), RTC_ERR_TYPE (transceiver is NULL, STOPPED or an unknown direction). */
RTC_EXPORT int rtc_rtp_transceiver_set_direction(rtc_rtp_transceiver *transceiver, rtc_rtp_direction direction);
/* stop(): ends sending and receiving at once and for good; its remote track ends. The next offer of ours rejects its section, and when that is answered the
 * transceiver leaves the connection. Harmless when repeated, also when it has left. A peer that rejects its section in an offer or answer
 * stops it too.
 * Errors: RTC_ERR_INVALID_STATE (closed), RTC_ERR_TYPE (transceiver is NULL). */
RTC_EXPORT int rtc_rtp_transceiver_stop(rtc_rtp_transceiver *transceiver);
/* setCodecPreferences: what offers and answers from now on list for it, in this order; what is not among them is not offered or accepted. No codecs: all of them again, in our
 * order. Taken from rtc_rtp_receiver_get_capabilities(); duplicates are left out. Of one that is stopped or closed they are set in vain.
 * Errors: RTC_ERR_INVALID_MODIFICATION (a codec that can not be received, or none but those that repair others), RTC_ERR_TYPE (transceiver, or an entry, is NULL, a size that is
 * not set), RTC_ERR_NOT_SUPPORTED (an option that this version does not know). */
RTC_EXPORT int rtc_rtp_transceiver_set_codec_preferences(rtc_rtp_transceiver *transceiver, const rtc_rtp_codec *const *codecs, size_t count);
/* What was negotiated last, into *out. False while nothing was (currentDirection null). */
RTC_EXPORT bool rtc_rtp_transceiver_current_direction(const rtc_rtp_transceiver *transceiver, rtc_rtp_direction *out);

/* Takes or drops a reference to its transceiver. Any thread; NULL is legal. */
RTC_EXPORT rtc_rtp_sender *rtc_rtp_sender_ref(rtc_rtp_sender *sender);
RTC_EXPORT void rtc_rtp_sender_unref(rtc_rtp_sender *sender);
/* What is sent: borrowed until it is replaced; NULL without a track. */
RTC_EXPORT rtc_media_stream_track *rtc_rtp_sender_track(const rtc_rtp_sender *sender);
/* Changes what is sent without negotiation; NULL sends nothing. The sender takes a reference.
 * Errors: RTC_ERR_TYPE (sender is NULL, a track of the other kind), RTC_ERR_INVALID_STATE (stopped or closed; it forwards, see rtc_forward). */
RTC_EXPORT int rtc_rtp_sender_replace_track(rtc_rtp_sender *sender, rtc_media_stream_track *track);
/* getHeaderExtensionsToNegotiate (webrtc-extensions): all RTP header extensions that this version knows for its kind, each with the direction in which offers and answers have it;
 * `codecs` are none. Stopped ones are not offered; those that nobody set are offered or not as the library likes, and answered. Into *out, which the caller frees.
 * Errors: RTC_ERR_TYPE (transceiver or out is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_rtp_transceiver_get_header_extensions_to_negotiate(const rtc_rtp_transceiver *transceiver, rtc_rtp_capabilities **out);
/* setHeaderExtensionsToNegotiate: the same list with other directions, for the next offer or answer. The array and what it points to are copied. Of one that is stopped or closed
 * they are set in vain.
 * Errors: RTC_ERR_TYPE (transceiver or an extension is NULL, a URI is NULL or empty, an unknown direction), RTC_ERR_INVALID_MODIFICATION (not the URIs of the list in their
 * order; sdes:mid is to be anything but sendrecv). */
RTC_EXPORT int rtc_rtp_transceiver_set_header_extensions_to_negotiate(rtc_rtp_transceiver *transceiver, const rtc_rtp_header_extension *const *extensions, size_t count);
/* getNegotiatedHeaderExtensions: the same list with the directions that were agreed on; stopped where none was.
 * Errors: RTC_ERR_TYPE (transceiver or out is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_rtp_transceiver_get_negotiated_header_extensions(const rtc_rtp_transceiver *transceiver, rtc_rtp_capabilities **out);
/* sender.transport, receiver.transport: what carries its section; NULL before a local description has the section (a remote offer alone gives none). Borrowed from the connection
 * until a description is set; of a closed connection while the sender's or receiver's reference is held. */
RTC_EXPORT rtc_dtls_transport *rtc_rtp_sender_transport(const rtc_rtp_sender *sender);
RTC_EXPORT rtc_dtls_transport *rtc_rtp_receiver_transport(const rtc_rtp_receiver *receiver);
/* setStreams: the streams that the peer is to show the track in, told with the next negotiation, which is asked for.
 * Errors: RTC_ERR_TYPE (sender is NULL, a stream is missing), RTC_ERR_RANGE (more streams than a track may have, 4), RTC_ERR_INVALID_STATE (closed). */
RTC_EXPORT int rtc_rtp_sender_set_streams(rtc_rtp_sender *sender, rtc_media_stream *const *streams, size_t count);
/* getParameters: into *out, which the caller frees. Those of a sender that is stopped or closed can be read, too.
 * Errors: RTC_ERR_TYPE (sender or out is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_rtp_sender_get_parameters(rtc_rtp_sender *sender, rtc_rtp_parameters **out);
/* setParameters: encodings and the degradation preference are what these say from now on, without negotiation; everything else must be as it was read.
 * Errors: RTC_ERR_INVALID_STATE (stopped or closed; they were not read since events were dispatched last), RTC_ERR_TYPE (sender, parameters, the transaction id, encodings or one of
 * them is NULL, an unknown priority or preference, a size that is not set), RTC_ERR_INVALID_MODIFICATION (what may not be changed was, encodings came or went, a codec
 * that was not negotiated, a scalability_mode that the codec does not make), RTC_ERR_RANGE (scale_resolution_down_by under 1, max_framerate under 0), RTC_ERR_NOT_SUPPORTED (an option that this version does not know). */
RTC_EXPORT int rtc_rtp_sender_set_parameters(rtc_rtp_sender *sender, const rtc_rtp_parameters *parameters);
/* The same, with options; NULL: none.
 * Errors: those of rtc_rtp_sender_set_parameters, RTC_ERR_INVALID_MODIFICATION (options of another number of encodings), RTC_ERR_TYPE (a size that is not set, an entry is NULL). */
RTC_EXPORT int rtc_rtp_sender_set_parameters_with(rtc_rtp_sender *sender, const rtc_rtp_parameters *parameters, const rtc_set_parameter_options *options);
/* How long who receives is to hold pictures back before they are shown (the header extension playout-delay), in milliseconds: with more they come evenly, with less they come
 * soon. */
typedef struct rtc_playout_delay {
    size_t size;     /* sizeof(rtc_playout_delay); set by the caller */
    uint32_t min_ms; /* at least; both are rounded to 10 ms */
    uint32_t max_ms; /* at most, 40950 being any; with both 0 each picture is shown as soon as it is there */
} rtc_playout_delay;
/* What was set, into *out (as far as its size says), which may be NULL. False without: then *out is untouched. */
RTC_EXPORT bool rtc_rtp_sender_playout_delay(const rtc_rtp_sender *sender, rtc_playout_delay *out);
/* Sets it for all encodings from the next picture on, without negotiation; NULL: who receives does again as is best. It is said where `http://www.webrtc.org/experiments/rtp-hdrext/playout-delay`
 * was negotiated, which is offered when rtc_rtp_transceiver_set_header_extensions_to_negotiate() asks for it, and answered; else in vain. May be set at any time, of a stopped one in vain.
 * Errors: RTC_ERR_TYPE (sender is NULL, a size that is not set), RTC_ERR_INVALID_ACCESS (of sound), RTC_ERR_RANGE (over 40950, or more at least than at most), RTC_ERR_NOT_SUPPORTED
 * (an option that this version does not know). */
RTC_EXPORT int rtc_rtp_sender_set_playout_delay(rtc_rtp_sender *sender, const rtc_playout_delay *delay);
/* CLOSED, which is the good one, while nothing is sent. Changes are told by on_circuit_change. */
RTC_EXPORT rtc_circuit rtc_rtp_sender_circuit(const rtc_rtp_sender *sender);
/* "closed", "reduced", "stopped"; "?" for a value that is none. Static. Any thread. */
RTC_EXPORT const char *rtc_circuit_name(rtc_circuit circuit);

/* getStats of a sender: the "outbound-rtp" of all its encodings, and what these refer to, directly or not: codec, media-source, transport, candidate pair and so on (webrtc-pc 8.5). A report
 * without any dictionary when it sends nothing: before that is negotiated, stopped, or closed. *out is a reference of the caller's.
 * Errors: RTC_ERR_TYPE (sender or out is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_rtp_sender_get_stats(rtc_rtp_sender *sender, rtc_stats_report **out);

/* Takes or drops a reference to its transceiver. Any thread; NULL is legal. */
RTC_EXPORT rtc_rtp_receiver *rtc_rtp_receiver_ref(rtc_rtp_receiver *receiver);
RTC_EXPORT void rtc_rtp_receiver_unref(rtc_rtp_receiver *receiver);
/* Never NULL. Borrowed while a reference is held. Its sinks get decoded or encoded frames. */
RTC_EXPORT rtc_media_stream_track *rtc_rtp_receiver_track(const rtc_rtp_receiver *receiver);
/* RTCRtpContributingSource, RTCRtpSynchronizationSource (webrtc-pc 5.3.1): who was heard, or seen, in what a receiver got. */
typedef struct rtc_rtp_source {
    size_t size;             /* sizeof(rtc_rtp_source); set by the caller */
    rtc_time_t timestamp_us; /* when the last frame of it went to the track */
    uint32_t source;         /* its CSRC or SSRC */
    uint32_t rtp_timestamp;  /* of that frame */
    bool has_audio_level;    /* the peer said how loud it is (RFC 6464; of a contributing source RFC 6465, which a mixer offers and we answer) */
    double audio_level;      /* 0 to 1, linear: 1 is as loud as can be */
    bool has_capture_timestamp;          /* abs-capture-time was negotiated, and came */
    double capture_timestamp_ms;         /* captureTimestamp: when that frame was captured, by the clock of who captured it, in milliseconds of NTP time (since 1900) */
    bool has_sender_capture_time_offset; /* the sender knows it */
    double sender_capture_time_offset_ms; /* senderCaptureTimeOffset: how far that clock is ahead of the sender's */
} rtc_rtp_source;
/* getSynchronizationSources and getContributingSources: those of the last 10 seconds, the latest first. False for an index beyond the last one, whoever was heard, and once
 * the connection is closed; then *out is untouched. */
RTC_EXPORT bool rtc_rtp_receiver_synchronization_source(const rtc_rtp_receiver *receiver, size_t index, rtc_rtp_source *out);
RTC_EXPORT bool rtc_rtp_receiver_contributing_source(const rtc_rtp_receiver *receiver, size_t index, rtc_rtp_source *out);
/* getParameters: into *out, which the caller frees. Codecs and header extensions are those that may come: what was agreed on last, be it provisionally.
 * Errors: RTC_ERR_TYPE (receiver or out is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_rtp_receiver_get_parameters(rtc_rtp_receiver *receiver, rtc_rtp_parameters **out);
/* The streams that the peer sends in this section (simulcast, RFC 8853), by the names that it gives them, as negotiated; 0 without simulcast. NULL beyond the last. Borrowed until
 * the next negotiation. */
RTC_EXPORT size_t rtc_rtp_receiver_rid_count(const rtc_rtp_receiver *receiver);
RTC_EXPORT const char *rtc_rtp_receiver_rid(const rtc_rtp_receiver *receiver, size_t index);
/* The one of them that the track shows: at first the first. NULL without simulcast. Borrowed as above. */
RTC_EXPORT const char *rtc_rtp_receiver_selected_rid(const rtc_rtp_receiver *receiver);
/* Chooses the one that the track shows, beginning with a keyframe, which is asked for.
 * Errors: RTC_ERR_TYPE (receiver or rid is NULL), RTC_ERR_NOT_FOUND (the peer sends no such stream), RTC_ERR_INVALID_STATE (stopped or closed). */
RTC_EXPORT int rtc_rtp_receiver_select_rid(rtc_rtp_receiver *receiver, const char *rid);
/* Asks the peer for a keyframe.
 * Errors: RTC_ERR_TYPE (receiver is NULL), RTC_ERR_INVALID_ACCESS (of sound), RTC_ERR_INVALID_STATE (nothing is received yet; stopped or closed). */
RTC_EXPORT int rtc_rtp_receiver_request_keyframe(rtc_rtp_receiver *receiver);
/* jitterBufferTarget (webrtc-pc 5.3): how long what comes is held back at least before it is played, in milliseconds. False without: then, as with 0, for as long as is
 * best, within what the sender of pictures asks for (rtc_rtp_sender_set_playout_delay). What `out` points to is untouched then; it may be NULL. */
RTC_EXPORT bool rtc_rtp_receiver_jitter_buffer_target_ms(const rtc_rtp_receiver *receiver, double *out);
/* Sets it; NULL: none. Playout goes there within some seconds, by stretching and shrinking what is heard, and holds for streams that come later, too; frames that there is no
 * room for (rtc_limits) are not held back. Where a sender asks that its pictures be held back for less, this counts. Sound and pictures that belong together wait for each other, up to a second. May be set at any time, of a stopped one in vain.
 * Errors: RTC_ERR_TYPE (receiver is NULL), RTC_ERR_RANGE (not 0 to 4000). */
RTC_EXPORT int rtc_rtp_receiver_set_jitter_buffer_target_ms(rtc_rtp_receiver *receiver, const double *target_ms);
/* getStats of a receiver: its "inbound-rtp", and what these refer to, directly or not (webrtc-pc 8.5). A report without any dictionary when nothing has been received, stopped, or closed.
 * *out is a reference of the caller's.
 * Errors: RTC_ERR_TYPE (receiver or out is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_rtp_receiver_get_stats(rtc_rtp_receiver *receiver, rtc_stats_report **out);

#ifdef __cplusplus
}
#endif
#endif
