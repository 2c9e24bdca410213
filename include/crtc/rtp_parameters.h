/* SPDX-License-Identifier: MIT */
/* What media is sent and received with, read and written as values (webrtc-pc 5.2, 5.3): codecs, capabilities, and the parameters of senders and receivers. */
#ifndef CRTC_RTP_PARAMETERS_H
#define CRTC_RTP_PARAMETERS_H

#include <crtc/media.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RTCPriorityType (webrtc-priority 4). Of a network priority it marks packets (RFC 8837): low, the default, leaves them unmarked; medium and high ask networks that honour it for
 * more than best effort, very low for less. Many networks ignore or erase marks, and a few drop what is marked. */
typedef enum rtc_priority { RTC_PRIORITY_LOW = 0, RTC_PRIORITY_VERY_LOW = 1, RTC_PRIORITY_MEDIUM = 2, RTC_PRIORITY_HIGH = 3 } rtc_priority;

/* RTCDegradationPreference (mst-content-hint 4): what of video is given up first when there is too little rate or time for all of it. Both: pictures become smaller, and
 * fewer. Framerate keeps their number, resolution their size, and framerate with resolution both. */
typedef enum rtc_degradation_preference {
    RTC_DEGRADATION_BALANCED = 0,                         /* both go down */
    RTC_DEGRADATION_MAINTAIN_FRAMERATE = 1,               /* pictures become smaller */
    RTC_DEGRADATION_MAINTAIN_RESOLUTION = 2,              /* pictures are left out */
    RTC_DEGRADATION_MAINTAIN_FRAMERATE_AND_RESOLUTION = 3 /* pictures become worse; those that can not be made in time are left out all the same */
} rtc_degradation_preference;

/* RTCRtpTransceiverDirection. Values are fixed: bit 0 sends, bit 1 receives. */
typedef enum rtc_rtp_direction {
    RTC_DIRECTION_INACTIVE = 0, /* neither */
    RTC_DIRECTION_SENDONLY = 1, /* we send */
    RTC_DIRECTION_RECVONLY = 2, /* the peer sends */
    RTC_DIRECTION_SENDRECV = 3, /* both do */
    RTC_DIRECTION_STOPPED = 4   /* of a transceiver for good: its section is rejected. Can not be set. Of a header extension: it is not used */
} rtc_rtp_direction;

/* RTCRtpCodec, and RTCRtpCodecParameters where it has a payload type. */
typedef struct rtc_rtp_codec {
    size_t size;
    const char *mime_type;     /* "audio/opus"; compared without case */
    uint32_t clock_rate;       /* in Hz */
    uint16_t channels;         /* of sound; 0: not said, as of video */
    const char *sdp_fmtp_line; /* its parameters as in a=fmtp; NULL: none */
    uint8_t payload_type;      /* in the parameters of senders and receivers; else 0, and not read */
    const char *const *scalability_modes; /* of a sender's capability: what scalability_mode may be with it (webrtc-svc); else none, and not read */
    size_t scalability_mode_count;
} rtc_rtp_codec;

/* RTCRtpHeaderExtensionCapability (webrtc-extensions), and RTCRtpHeaderExtensionParameters where it has an id. */
typedef struct rtc_rtp_header_extension {
    size_t size;
    const char *uri; /* that names it */
    uint16_t id;     /* as negotiated; of a capability 0 */
    bool encrypted;  /* never, in this version (RFC 6904) */
    rtc_rtp_direction direction; /* of what a transceiver is to negotiate, or has; else 0, and not read */
} rtc_rtp_header_extension;

/* RTCRtpCapabilities: what this build can do with a kind of media, whatever a peer may want. */
typedef struct rtc_rtp_capabilities {
    size_t size;
    rtc_rtp_codec *const *codecs; /* in the order of preference */
    size_t codec_count;
    rtc_rtp_header_extension *const *header_extensions; /* that can be negotiated */
    size_t header_extension_count;
} rtc_rtp_capabilities;

/* RTCRtpEncodingParameters: one encoding of what a sender sends. Zeroed but for size it is the standard's default. A number counts without its has_ flag, which is for 0. */
typedef struct rtc_rtp_encoding_parameters {
    size_t size;
    const char *rid;      /* that names it among several; NULL: none. Set when its transceiver is made, never changed. Letters and digits, at most 16. */
    bool inactive;        /* active is false: nothing is encoded or sent */
    bool has_max_bitrate; /* for 0 */
    uint32_t max_bitrate_bps; /* of what is encoded, without headers and repair; without: the connection's cap */
    bool has_max_framerate; /* for 0, which sends no picture */
    double max_framerate;   /* pictures a second, of video; encoded frames of a source of one's own are passed on as they come */
    bool has_scale_resolution_down_by;    /* for 0, which is refused */
    double scale_resolution_down_by;      /* width and height of video are divided by it; at least 1 */
    rtc_priority priority;                /* of its share of the rate */
    rtc_priority network_priority;        /* of its packets' marks */
    const rtc_rtp_codec *codec;           /* to send it with, of those that were negotiated; NULL: the first of these */
    bool has_scale_resolution_down_to;    /* scaleResolutionDownTo (webrtc-extensions 4.1), in place of scale_resolution_down_by; for a side of 0, which is refused */
    uint32_t scale_resolution_down_to_max_width;  /* pictures are made so small that they fit, upright or lying as they are, with their shape; never larger. Of encodings that are */
    uint32_t scale_resolution_down_to_max_height; /* not inactive all have it, or none */
    bool adaptive_ptime;                  /* packets of sound may last up to 60 ms where the network takes little (webrtc-extensions 4.2), within the peer's a=maxptime; else they last as its a=ptime says, or 20 ms */
    const char *scalability_mode;         /* scalabilityMode (webrtc-svc), of video: "L1T1", or "L1T2" and "L1T3" for two and three temporal layers, of which whoever forwards it may leave the upper ones out. NULL: not said; then
                                             one layer, of several encodings three, as far as the codec makes them. A codec that was negotiated and makes fewer changes it */
} rtc_rtp_encoding_parameters;

/* RTCRtpSendParameters and RTCRtpReceiveParameters: what a sender or receiver works with, as a value of the caller's. Read it, change encodings and the preference, and
 * give it back before the connection dispatches events: each reading begins a transaction that ends then.
 *
 * Owner: the caller, who frees it with rtc_rtp_parameters_free(); all that it points to is a part of it.
 * Thread: any, one at a time.
 * Valid: until it is freed; it does not follow what changes later.
 * Errors: those of rtc_rtp_sender_get_parameters and rtc_rtp_sender_set_parameters.
 * Section: webrtc-pc 5.2.3 to 5.2.8. */
typedef struct rtc_rtp_parameters {
    size_t size;
    const char *transaction_id; /* of a sender: it goes back as it came */
    rtc_rtp_encoding_parameters *const *encodings; /* of a sender */
    size_t encoding_count;
    rtc_rtp_header_extension *const *header_extensions; /* as negotiated, those that are used in this direction */
    size_t header_extension_count;
    const char *rtcp_cname; /* of a sender */
    bool rtcp_reduced_size; /* RFC 5506 */
    rtc_rtp_codec *const *codecs; /* as negotiated, in order; none before that */
    size_t codec_count;
    bool has_degradation_preference;                    /* for balanced, which is 0 */
    rtc_degradation_preference degradation_preference;  /* of video that is sent */
} rtc_rtp_parameters;

/* RTCEncodingOptions and RTCSetParameterOptions (webrtc-extensions 4.3): what setParameters is to do once, beside what stays. */
typedef struct rtc_encoding_options {
    size_t size;
    bool key_frame; /* of video: the next picture of this encoding is a keyframe */
} rtc_encoding_options;
typedef struct rtc_set_parameter_options {
    size_t size;
    const rtc_encoding_options *const *encoding_options; /* one for each encoding, or none */
    size_t encoding_option_count;
} rtc_set_parameter_options;

/* NULL is legal. */
RTC_EXPORT void rtc_rtp_parameters_free(rtc_rtp_parameters *parameters);
RTC_EXPORT void rtc_rtp_capabilities_free(rtc_rtp_capabilities *capabilities);

/* RTCRtpSender.getCapabilities and RTCRtpReceiver.getCapabilities: into *out, which the caller frees. `context` NULL: the default one.
 * Errors: RTC_ERR_TYPE (out is NULL, an unknown kind), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_rtp_sender_get_capabilities(rtc_context *context, rtc_media_kind kind, rtc_rtp_capabilities **out);
RTC_EXPORT int rtc_rtp_receiver_get_capabilities(rtc_context *context, rtc_media_kind kind, rtc_rtp_capabilities **out);

#ifdef __cplusplus
}
#endif
#endif
