/* SPDX-License-Identifier: MIT */
/* RTCRtpTransceiver with its sender and receiver, as the connection sees them. */
#ifndef CRTC_TRANSCEIVER_H
#define CRTC_TRANSCEIVER_H

#include "capabilities.h"
#include "event_queue.h"
#include "jsep.h"
#include "list.h"
#include "media_track.h"
#include "negotiation_state.h"
#include "quality_limitation.h"
#include "rtp_session.h"

#include <crtc/dtmf.h>
#include <crtc/peer_connection.h>
#include <stdatomic.h>

/* What a sender's pipelines counted, over all the tracks it had. A pipeline writes its own with its lock held; a sum is a value. */
struct send_pipeline_stats {
    uint64_t frames_in, frames_dropped, frames_encoded, key_frames_encoded;
    rtc_time_t total_encode_time_us;
    uint64_t quantizers, quantized;             /* of pictures: summed up, and of how many */
    uint64_t huge_frames, encoded_bytes_target; /* of pictures; huge: of two and a half times the size that was wanted */
    uint32_t width, height;                     /* of what is encoded */
    uint32_t resolution_changes;
    uint32_t temporal_layers;             /* that an encoder was told to make; 0: none was */
    struct quality_limitation limitation; /* why pictures are sent smaller than they come */
    uint32_t bitrate_bps;
    const char *implementation; /* what encodes; NULL: nothing, or it is not told */
    rtc_codec_power power;
};

struct send_pipeline;
struct receive_pipeline;
struct rtc_forwarder;
struct rtc_forward;
struct receiver_sources;

/* What the application asks of one encoding ([[SendEncodings]] of webrtc-pc 5.2), beside its rid: a plain value. */
struct encoding_settings {
    bool inactive, has_max_bitrate, has_max_framerate, has_codec;
    uint32_t max_bitrate_bps;
    double max_framerate, scale_resolution_down_by; /* the latter at least 1; 0 of sound */
    uint32_t max_width, max_height;                 /* scaleResolutionDownTo, in place of the scale; 0: not given */
    uint32_t temporal_layers;                       /* scalabilityMode L1T1 to L1T3; 0: not given */
    bool adaptive_ptime;
    rtc_priority priority, network_priority;
    struct jsep_codec codec;
};

/* One stream that is sent, (mid, rid): the connection's half; the RTP session has the other (struct rtp_send_stream). Owner: its sender.
 * Made with the transceiver; `stream` is written where a negotiation is carried out, caps and priorities by what the application asks for,
 * the rest as the session tells. */
struct sender_encoding {
    struct rtp_encoding rtp; /* its name, SSRCs and cap, as negotiations hand them to the session */
    uint32_t stream;         /* handle in the RTP session; 0 before it may send */
    struct encoding_settings settings;
    struct jsep_rid_limits limits;   /* that the peer sets it */
    struct jsep_codec codec;         /* that it is sent with; payload_type JSEP_NO_PAYLOAD_TYPE: none yet */
    uint32_t target_bitrate_bps;     /* what the session last allowed; 0: nothing said yet, or nothing */
    bool target_told;                /* it said something, */
    uint8_t loss_percent;            /* with what it loses of sound, */
    uint8_t packet_ms;               /* and how long packets of that last */
    rtc_circuit circuit;             /* as it was last told */
    uint32_t circuit_reason;         /* enum rtp_breaker_reason, of the last opening */
    struct send_pipeline_stats past; /* of the pipelines before the one that there is */
};

/* A part of its sender; written by dtmf_sender.c alone. */
struct rtc_dtmf_sender {
    char *tones; /* owned; NULL before there were any */
    size_t played;
    uint32_t duration_ms, gap_ms;
    bool scheduled; /* the playout task is to run at `next` */
    rtc_time_t next;
    rtc_dtmf_sender_callbacks callbacks;
    void *user;
};

/* A part of its transceiver. The track, the streams and the pipelines are written by sending.c, what is negotiated by negotiation_apply.c,
 * settings and the transaction by sender_parameters.c, which transceiver.c ends; all of it begins in transceiver_life.c. */
struct rtc_rtp_sender {
    rtc_media_stream_track *track; /* a reference, or NULL */
    char track_id[JSEP_ID_MAX];    /* the msid track id: kept when the track is replaced */
    char stream_ids[JSEP_STREAMS_MAX][JSEP_ID_MAX];
    size_t stream_count;
    struct sender_encoding encodings[RTP_ENCODINGS_MAX]; /* one without simulcast */
    size_t encoding_count;                               /* at least 1 */
    struct sender_encoding alone;                        /* while they are widened: the only one that there was before */
    bool widened;                                        /* they are those that an offer of the peer's wants, which is not answered yet */
    struct send_pipeline *pipeline;                      /* NULL while nothing is sent */
    struct send_pipeline *prepared;                      /* for the next time that something is; NULL */
    struct rtc_forward *forward;                         /* a reference: what is sent in place of a track; NULL; written by forward.c */
    struct jsep_codec codec;                             /* the first that is agreed on: what nothing else is wanted of is sent with */
    bool takes_tones;                                    /* telephone events were negotiated */
    struct rtc_dtmf_sender dtmf;
    bool has_degradation_preference;
    rtc_degradation_preference degradation_preference;
    bool has_playout_delay;        /* written by transceiver_api.c, and so its value */
    bool had_playout_delay;        /* the peer may have been told one */
    struct rtp_playout_delay held; /* how long the peer is to hold pictures back */
    char transaction_id[40];       /* of the parameters that were read last */
    bool transaction_open;         /* [[LastReturnedParameters]] is not null */
};

/* [[PreferredCodecs]] of webrtc-pc 5.4. Owner: its transceiver; written by codec_preferences.c. */
struct codec_preferences {
    struct jsep_codec codecs[CAPABILITIES_CODECS_MAX];
    size_t count; /* 0: ours, all of them */
};

/* [[HeaderExtensionsToNegotiate]] of webrtc-extensions: by the order of rtp_extension_rows, a direction plus 1; 0: nobody said any. Owner:
 * its transceiver; written by header_extensions.c. */
struct extension_wishes {
    uint8_t directions[RTP_EXTENSIONS];
};

/* One stream that is received, (mid, rid): the connection's half; the RTP session has the other (struct rtp_receive_stream). Owner: its
 * receiver. Made with the transceiver; `stream` is written where a negotiation is carried out, and by transceiver_life.c. */
struct receiver_stream {
    char rid[RTP_RID_MAX + 1];         /* "": the one without a name */
    uint32_t stream;                   /* handle in the RTP session; 0 while nothing may come */
    struct receive_pipeline *pipeline; /* decodes it: a decoder follows one stream */
    bool heard;                        /* media comes: the track is muted while none of its streams is */
};

/* A part of its transceiver. Made by transceiver_life.c, which also ends the track (with transceiver.c); the rids are written by
 * receiver_rids.c. */
struct rtc_rtp_receiver {
    rtc_media_stream_track *track;
    char rids[RTP_RIDS_MAX][RTP_RID_MAX + 1]; /* the streams that the peer names, as negotiated; one of them is in streams[0] */
    size_t rid_count;
    struct receiver_stream streams[1]; /* the one that is shown: that without a name, or the one that was selected of those with */
    size_t stream_count;               /* 1 */
    rtc_media_stream *media_streams[JSEP_STREAMS_MAX]; /* references: [[AssociatedRemoteMediaStreams]], written by remote_streams.c */
    size_t media_stream_count;
    struct receiver_sources *sources; /* owned: who was heard lately */
    struct track_feedback *feedback;  /* what the track's consumers ask for */
    struct rtc_forwarder *forwarder;  /* a reference: who passes on what comes; NULL; written by forwarder.c */
    bool has_jitter_buffer_target;    /* written by transceiver_api.c, and so its value */
    double jitter_buffer_target_ms;   /* 0 without */
    bool ended_untold;                /* its track is to end, in a task of its own */
    bool ended_queued;                /* the event that does it is on its way */
};

/* [[Stopping]] and [[Stopped]] of webrtc-pc 5.4, one way only:
 *
 *   LIVE --stop()--> STOPPING --its section is rejected, or what is below--> STOPPED --negotiated, taken back, or closed--> DETACHED
 *     '------------------its section is rejected, or what is below------------^
 */
enum transceiver_state {
    TRANSCEIVER_LIVE,
    TRANSCEIVER_STOPPING, /* nothing goes either way any more; the next offer rejects its section */
    TRANSCEIVER_STOPPED,  /* the peer knows, or nobody will; the section keeps its place until it is negotiated */
    TRANSCEIVER_DETACHED  /* no connection's any more; the handle is inert */
};

/* Owner: its connection, and whoever has references. Written by transceiver_life.c, sending.c, transceiver_api.c and, for what is
 * negotiated, negotiation.c; the sender's and the receiver's pipelines and what they count by these. */
struct rtc_rtp_transceiver {
    atomic_uint references;
    rtc_context *context;
    rtc_peer_connection *connection; /* NULL when detached; not a reference */
    struct link link;
    enum transceiver_state state; /* written by its setter in transceiver_life.c only */
    enum transceiver_owner owner;
    rtc_media_kind kind;
    uint32_t number;               /* in its connection's negotiation */
    uint64_t session;              /* which is this one's, also when it has left the connection */
    struct closed_mark *mark;      /* its connection's; a reference, from when it was made */
    char mid[JSEP_ID_MAX];         /* as negotiated; "" before it is associated */
    char offered_mid[JSEP_ID_MAX]; /* of the section that the offer which was created last has for it; "": it has a mid, or no section */
    rtc_rtp_direction direction;
    rtc_rtp_direction current_direction;
    bool has_current_direction;
    bool has_sent;                      /* a current direction once said so: addTrack does not take the sender any more */
    struct transport *transport;        /* of the m= section; the connection's; NULL without one */
    rtc_dtls_transport *last_transport; /* what applications see of it once it is detached; a reference; NULL */
    uint32_t rtp_member;                /* what its RTP session has for that section: a handle; 0 without */
    struct codec_preferences preferences;
    struct extension_wishes extensions;
    rtc_rtp_sender sender;
    rtc_rtp_receiver receiver;
};

enum transceiver_event {
    TRANSCEIVER_TRACK,        /* more: struct track_streams */
    TRANSCEIVER_STREAM,       /* value: its track came into a stream (also), or left it */
    TRANSCEIVER_TONE,         /* received; value: as transceiver_tone_value() */
    TRANSCEIVER_TONE_CHANGE,  /* sent; value: the character, or 0 */
    TRANSCEIVER_TRACK_ENDED,  /* its source did */
    TRANSCEIVER_TRACK_MUTE,   /* value: muted */
    TRANSCEIVER_CIRCUIT,      /* value: rtc_circuit */
    TRANSCEIVER_TRANSACTION,  /* the parameters that were read before can not be set any more */
    TRANSCEIVER_ENCODED_FRAME /* frame: received, for the track's sinks */
};

/* The streams of a track event, as they were when it was queued: references. */
struct track_streams {
    size_t count;
    rtc_media_stream *streams[JSEP_STREAMS_MAX];
};

/* A received tone as the value of an event: of one that lasts for more than an hour, the most that fits. */
static inline int transceiver_tone_value(uint8_t event, bool ended, uint32_t duration_ms)
{
    return (int)((duration_ms < 0x3fffff ? duration_ms : 0x3fffff) << 8 | (ended ? 0x80u : 0u) | (event & 0x7fu));
}

/* As peer_tell(). */
struct user_event *transceiver_tell(rtc_rtp_transceiver *t, enum transceiver_event type, int value);
/* Its connection is closed, whether it left that before or not. */
bool transceiver_is_closed(const rtc_rtp_transceiver *t);
/* What a call on a transceiver, or on what belongs to it, begins with that may fail: it is refused when stopped or closed. */
int transceiver_begin(const rtc_rtp_transceiver *t, const char *caller);
rtc_rtp_transceiver *transceiver_by_number(const rtc_peer_connection *pc, uint32_t number);
rtc_rtp_transceiver *transceiver_by_mid(const rtc_peer_connection *pc, const char *mid);
rtc_rtp_transceiver *transceiver_by_rtp_member(const rtc_peer_connection *pc, const struct transport *transport, uint32_t member);
/* By its handle in the RTP session; NULL when it is not the sender's. */
struct sender_encoding *sender_encoding_of(rtc_rtp_sender *sender, uint32_t stream);
/* The encodings are those that an offer of the peer wants, and nothing that answers it has been set: what they replace is what is sent. */
bool sender_awaits_answer(const rtc_rtp_sender *sender);
/* The encodings that are sent at present. */
struct sent_encodings {
    const struct sender_encoding *all;
    size_t count; /* at least 1 */
};
struct sent_encodings sender_sent(const rtc_rtp_sender *sender);
/* What was said and counted of the stream that both are. */
void sender_encoding_take_over(struct sender_encoding *encoding, const struct sender_encoding *from);
/* After the session said something of a stream of its: what is sent at present knows it, too. */
void sender_heard_of_stream(rtc_rtp_sender *sender);
/* By its handle, of what is received. */
struct receiver_stream *receiver_stream_of(rtc_rtp_receiver *receiver, uint32_t stream);
/* What all its encodings may make together; 0: nothing was said yet, or all are stopped. */
uint32_t sender_target_bitrate(const rtc_rtp_sender *sender);
/* Nothing of it may be sent: the breakers of all encodings that are sent at present are open. */
bool sender_is_stopped(const rtc_rtp_sender *sender);
/* The mark of its packets: that of its most urgent encoding. */
uint8_t sender_dscp(const rtc_rtp_transceiver *t);
/* As the session is to have it. */
struct rtp_playout transceiver_playout(const rtc_rtp_transceiver *t);

#endif
