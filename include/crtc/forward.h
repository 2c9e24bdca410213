/* SPDX-License-Identifier: MIT */
/* Forwarding: what one connection receives is sent on by others as it is, encoded, without a decoder or an encoder. What a selective forwarding unit (RFC 7667 section 3.7)
 * is made of. */
#ifndef CRTC_FORWARD_H
#define CRTC_FORWARD_H

#include <crtc/rtp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a receiver gets, for any number of senders of other connections that send it on. A peer that sends simulcast (RFC 8853) sends several layers of one picture, each with
 * its rid, and each may have temporal layers; one that does not, sends one layer without a name.
 *
 * Packets are passed on as they come, also while the track has no sinks; what is lost on the way to us is asked for as always. A received track can be watched, recorded
 * and forwarded at the same time.
 *
 * Owner: reference-counted; its receiver and each rtc_forward hold references.
 * Thread: rtc_forwarder_new on that of the receiver's connection; everything else on any.
 * Valid: while a reference is held. Once its transceiver is stopped or its connection closed nothing comes any more.
 * Errors: as each function says.
 * Section: none; RFC 7667 3.7 describes the topology. */
typedef struct rtc_forwarder rtc_forwarder;

/* One way from a forwarder to a sender: the sender sends what comes there, in place of a track.
 *
 * Its peer sees one stream without interruption, whatever layer it is made of: sequence numbers, timestamps, picture ids and TL0PICIDX go on over changes of layers; what is left
 * out on purpose leaves no gap, what was lost on the way to us does, and is filled when it is repaired. Payload types, header extensions and SSRCs are those of the sender's
 * connection; audio levels, orientation and capture times are passed on. What its peer misses is sent again from what was sent to it (RTX, where it was negotiated); that it
 * asks for a keyframe is passed on to the peer that makes the pictures, once for all who ask within a round trip. What does not have the sender's codec is not sent: set codec preferences on
 * both sides (rtc_rtp_transceiver_set_codec_preferences) so that they agree. Of tones and parity nothing is passed on.
 *
 * Owner: reference-counted; its sender holds a reference until rtc_forward_stop.
 * Thread: that of its sender's connection; references are taken and dropped on any.
 * Valid: while a reference is held. Once its transceiver is stopped or its connection closed it sends nothing any more.
 * Errors: with words in rtc_peer_connection_last_error of its sender's connection.
 * Section: none; the rules of the payload formats are RFC 7741 4.2 and RFC 9628 4.2. */
typedef struct rtc_forward rtc_forward;

/* What is to be sent of what comes. */
typedef struct rtc_forward_choice {
    size_t size;              /* sizeof(rtc_forward_choice) */
    const char *rid;          /* the best layer that may be sent, "" the one without a name; NULL: any. Copied, at most 16 characters; one that has not come bounds nothing */
    bool fixed;               /* that layer and no other, whatever the path takes; without: the best up to it that the path takes */
    bool has_max_temporal_id; /* of temporal layers */
    uint32_t max_temporal_id; /* the highest that is sent, 0 to 7; fewer where the path does not take them and the layer is not fixed */
    bool paused;              /* nothing is sent */
} rtc_forward_choice;

/* What a forward tells. Every member but size may be NULL. They run where the callbacks of its sender's connection do, after what they tell of. */
typedef struct rtc_forward_callbacks {
    size_t size;
    /* What the path to the peer takes of this stream, in bits per second of payload, by the congestion control of its connection; 0: nothing may be sent for now. */
    void (*on_target)(void *user, rtc_forward *forward, uint32_t bitrate_bps);
    /* Another layer is sent from now on: its keyframe has left. */
    void (*on_layer)(void *user, rtc_forward *forward, const char *rid);
} rtc_forward_callbacks;

/* What is known of one layer of a forwarder. */
typedef struct rtc_forward_layer {
    size_t size;              /* sizeof(rtc_forward_layer); set by the caller */
    char rid[17];             /* "": it has no name */
    bool flows;               /* something came of it in the last second */
    uint32_t width, height;   /* of its last keyframe, pixels; 0: not known */
    uint32_t temporal_layers; /* at least 1 */
    uint32_t bitrate_bps;     /* of its payloads in the last second, all temporal layers together */
} rtc_forward_layer;

/* What a forward does at the moment, and what it has done. */
typedef struct rtc_forward_state {
    size_t size;                 /* sizeof(rtc_forward_state); set by the caller */
    bool sends;                  /* a layer is being sent: */
    char rid[17];                /* which one */
    uint32_t width, height;      /* of its last keyframe that was sent, pixels */
    uint32_t max_temporal_id;    /* the highest temporal layer that is sent; 7: all there are */
    bool waits;                  /* another layer is to be sent as soon as a keyframe of it comes */
    uint32_t target_bps;         /* as on_target tells it; 0 before anything is known */
    uint64_t packets_forwarded;  /* in all */
    uint64_t packets_left_out;   /* of the layer that was sent at the time: not wanted, or padding */
    uint64_t packets_refused;    /* that could not be sent: another codec, no room, too large with the headers of this side */
    uint64_t layer_changes;      /* how often another layer, or another stream of it, took the place of the one before */
} rtc_forward_state;

/* The forwarder of a receiver: made when it is asked for first, the same one later. From then on the receiver passes packets on. *out is a new reference of the caller's.
 * Errors: RTC_ERR_TYPE (receiver or out is NULL), RTC_ERR_INVALID_STATE (its transceiver is stopped, or its connection closed), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_forwarder_new(rtc_rtp_receiver *receiver, rtc_forwarder **out);
/* Takes or drops a reference. Any thread; NULL is legal. */
RTC_EXPORT rtc_forwarder *rtc_forwarder_ref(rtc_forwarder *forwarder);
RTC_EXPORT void rtc_forwarder_unref(rtc_forwarder *forwarder);
/* Of the receiver's track. Any thread. */
RTC_EXPORT rtc_media_kind rtc_forwarder_kind(const rtc_forwarder *forwarder);
/* The layers that have come so far, and those that were negotiated, in the order in which the description has them. False for an index beyond the last one; then *out is
 * untouched. Any thread. */
RTC_EXPORT bool rtc_forwarder_layer(rtc_forwarder *forwarder, size_t index, rtc_forward_layer *out);

/* Begins to send what comes at the forwarder, once the sender's section is negotiated and connected. The sender must have no track. Its direction is to be sendonly or sendrecv; of
 * several encodings the first is used. The sender may be of any connection, of another loop or thread too. `choice` and `callbacks` may be NULL: the best layer that the path takes,
 * nobody is told. They are copied. *out is a reference of the caller's.
 * Errors: RTC_ERR_TYPE (sender, forwarder or out is NULL, media of another kind, a size that is not set, a rid that is too long), RTC_ERR_RANGE (a temporal layer over 7),
 * RTC_ERR_INVALID_STATE (the sender has a track or forwards already, its transceiver is stopped, its connection closed), RTC_ERR_NOT_SUPPORTED (a member that this version does not
 * know), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_forward_new(rtc_rtp_sender *sender, rtc_forwarder *forwarder, const rtc_forward_choice *choice, const rtc_forward_callbacks *callbacks, void *user, rtc_forward **out);
/* Takes or drops a reference. Any thread; NULL is legal. */
RTC_EXPORT rtc_forward *rtc_forward_ref(rtc_forward *forward);
RTC_EXPORT void rtc_forward_unref(rtc_forward *forward);
/* Chooses anew. Another layer begins with its next keyframe, which is asked for at once; until then the one before goes on. Fewer temporal layers are sent from the next picture on,
 * more as soon as the codec allows to go up.
 * Errors: RTC_ERR_TYPE (forward or choice is NULL, a size that is not set, a rid that is too long), RTC_ERR_RANGE (a temporal layer over 7), RTC_ERR_INVALID_STATE (it was stopped, its
 * transceiver too, or its connection closed), RTC_ERR_NOT_SUPPORTED (a member that this version does not know). */
RTC_EXPORT int rtc_forward_choose(rtc_forward *forward, const rtc_forward_choice *choice);
/* What it does at the moment; once stopped, what it did last.
 * Errors: RTC_ERR_TYPE (forward or out is NULL, or its size is not set). */
RTC_EXPORT int rtc_forward_get_state(const rtc_forward *forward, rtc_forward_state *out);
/* The sender sends nothing any more, and may be given a track or another forward, which goes on where this one ended. Harmless when repeated. No callback runs any more. NULL is legal. */
RTC_EXPORT void rtc_forward_stop(rtc_forward *forward);

#ifdef __cplusplus
}
#endif
#endif
