/* SPDX-License-Identifier: MIT */
/* Media objects: frames, tracks, sources, sinks, and the codec interface. Raw and encoded frames go in and out of the library through them. */
#ifndef CRTC_MEDIA_H
#define CRTC_MEDIA_H

#include <crtc/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a track, frame or codec is of: AUDIO or VIDEO. Values are fixed. */
typedef enum rtc_media_kind { RTC_MEDIA_AUDIO = 1, RTC_MEDIA_VIDEO = 2 } rtc_media_kind;

/* ---- Video frames --------------------------------------------------------------------------------------------------------- */

/* Pixel formats; values are fixed. I420: planes Y, U, V, chroma of half width and half height, rounded up. NV12: planes Y and interleaved UV.
 * YUYV: one plane, two pixels in four bytes Y U Y V. RGB24: one plane, bytes R G B. BGRA and RGBA: one plane, bytes B G R A and R G B A; A is
 * not looked at, and 255 where the library makes it. MJPEG: one plane that holds a
 * whole JPEG picture, `stride` its length in bytes. */
typedef enum rtc_video_format {
    RTC_VIDEO_I420 = 1,
    RTC_VIDEO_NV12 = 2,
    RTC_VIDEO_YUYV = 3,
    RTC_VIDEO_RGB24 = 4,
    RTC_VIDEO_BGRA = 5,
    RTC_VIDEO_MJPEG = 6,
    RTC_VIDEO_RGBA = 7
} rtc_video_format;

/* A picture (VideoFrame).
 *
 * Owner: reference-counted. Who pushes one keeps its own reference; sinks get one borrowed for the call.
 * Thread: any, to read, to ref and to unref; one writes, before it is pushed.
 * Valid: while a reference is held, with its planes; read-only once pushed into a source or received from a sink.
 * Errors: as rtc_video_frame_new and rtc_video_frame_convert say.
 * Section: webcodecs 9.4. */
typedef struct rtc_video_frame rtc_video_frame;

/* What a picture is to be. */
typedef struct rtc_video_frame_options {
    size_t size;                 /* sizeof(rtc_video_frame_options) */
    rtc_video_format format;     /* of its planes */
    uint32_t width, height;      /* pixels, 1 to 16384 */
    rtc_time_t capture_time_us;  /* monotonic; 0: now */
    uint32_t rotation;           /* degrees clockwise to turn it upright: 0, 90, 180 or 270 */
    /* Memory to wrap in place of allocating: planes and their strides in bytes. `release(release_user)` runs once, on any thread, when the frame
     * is no longer used. All NULL: the frame allocates its own planes (I420 and NV12 rows are 64-byte aligned). */
    uint8_t *planes[4];
    size_t strides[4];
    void (*release)(void *release_user);
    void *release_user;
} rtc_video_frame_options;

/* A picture with memory of its own, or around the caller's. *out is a reference of the caller's. When it fails, release has not run.
 * Errors: RTC_ERR_TYPE (options or out is NULL, an unknown format, a plane is missing, a size that is not set), RTC_ERR_RANGE (width, height, rotation or a stride out of
 * bounds), RTC_ERR_NOT_SUPPORTED (an option that this version does not know), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_video_frame_new(rtc_context *context, const rtc_video_frame_options *options, rtc_video_frame **out);
/* Takes or drops a reference. NULL is legal. */
RTC_EXPORT rtc_video_frame *rtc_video_frame_ref(rtc_video_frame *frame);
RTC_EXPORT void rtc_video_frame_unref(rtc_video_frame *frame);
/* What it was made with. */
RTC_EXPORT rtc_video_format rtc_video_frame_format(const rtc_video_frame *frame);
RTC_EXPORT uint32_t rtc_video_frame_width(const rtc_video_frame *frame);
RTC_EXPORT uint32_t rtc_video_frame_height(const rtc_video_frame *frame);
RTC_EXPORT uint32_t rtc_video_frame_rotation(const rtc_video_frame *frame);
RTC_EXPORT rtc_time_t rtc_video_frame_capture_time_us(const rtc_video_frame *frame);
/* The RTP timestamp (90 kHz) of a received frame; 0 for a captured one. */
RTC_EXPORT uint32_t rtc_video_frame_rtp_timestamp(const rtc_video_frame *frame);
RTC_EXPORT void rtc_video_frame_set_rtp_timestamp(rtc_video_frame *frame, uint32_t rtp_timestamp);
/* Plane `index`, borrowed while a reference is held; NULL beyond the format's planes. */
RTC_EXPORT const uint8_t *rtc_video_frame_plane(const rtc_video_frame *frame, size_t index);
/* Bytes from one row of the plane to the next. */
RTC_EXPORT size_t rtc_video_frame_stride(const rtc_video_frame *frame, size_t index);
/* For filling a frame that allocated its own planes, before it is pushed; NULL for wrapped memory. */
RTC_EXPORT uint8_t *rtc_video_frame_writable_plane(rtc_video_frame *frame, size_t index);

/* The picture in another format, turned upright, and scaled to this size; width and height 0: its own, after turning and made even. To: I420, RGB24, BGRA, RGBA. From:
 * every format. YUV is that of BT.601 in studio range, as VP8 and JPEG cameras have it; between two RGB formats the way is by I420, which keeps half of the
 * resolution in colour. Times are kept. *out is a new reference, to `frame` itself when there is nothing to do. Any thread; it takes about a millisecond for a
 * million pixels.
 * Errors: RTC_ERR_TYPE (frame or out is NULL, a format that is not among those), RTC_ERR_RANGE (a side over 16384, one of them 0), RTC_ERR_ENCODING (a broken JPEG),
 * RTC_ERR_NOT_SUPPORTED (the library was built without media), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_video_frame_convert(rtc_context *context, rtc_video_frame *frame, rtc_video_format format, uint32_t width, uint32_t height,
                                       rtc_video_frame **out);

/* ---- Audio frames --------------------------------------------------------------------------------------------------------- */

/* How a sample is kept, in native byte order: S16, signed 16 bits, or F32, a float in [-1, 1]. */
typedef enum rtc_audio_format { RTC_AUDIO_S16 = 1, RTC_AUDIO_F32 = 2 } rtc_audio_format;

/* A stretch of sound (AudioData): interleaved samples.
 *
 * Owner: reference-counted, like a video frame.
 * Thread: any, to read, to ref and to unref; one writes, before it is pushed.
 * Valid: while a reference is held, with its samples; read-only once pushed into a source or received from a sink.
 * Errors: as rtc_audio_frame_new says.
 * Section: webcodecs 9.2. */
typedef struct rtc_audio_frame rtc_audio_frame;

/* What it is to hold. */
typedef struct rtc_audio_frame_options {
    size_t size;                 /* sizeof(rtc_audio_frame_options) */
    rtc_audio_format format;     /* of its samples */
    uint32_t sample_rate;        /* 8000 to 192000 Hz */
    uint32_t channels;           /* 1 to 8 */
    uint32_t samples;            /* per channel, 1 to sample_rate (one second) */
    rtc_time_t capture_time_us;  /* of the first sample, monotonic; 0: now */
    const void *data;            /* copied, samples x channels values; NULL: silence */
} rtc_audio_frame_options;

/* *out is a reference of the caller's. Any thread.
 * Errors: RTC_ERR_TYPE (options or out is NULL, an unknown format, a size that is not set), RTC_ERR_RANGE (rate, channels or samples out of bounds), RTC_ERR_NOT_SUPPORTED (an
 * option that this version does not know), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_audio_frame_new(rtc_context *context, const rtc_audio_frame_options *options, rtc_audio_frame **out);
/* Takes or drops a reference. NULL is legal. */
RTC_EXPORT rtc_audio_frame *rtc_audio_frame_ref(rtc_audio_frame *frame);
RTC_EXPORT void rtc_audio_frame_unref(rtc_audio_frame *frame);
/* What it was made with; samples are those of one channel. */
RTC_EXPORT rtc_audio_format rtc_audio_frame_format(const rtc_audio_frame *frame);
RTC_EXPORT uint32_t rtc_audio_frame_sample_rate(const rtc_audio_frame *frame);
RTC_EXPORT uint32_t rtc_audio_frame_channels(const rtc_audio_frame *frame);
RTC_EXPORT uint32_t rtc_audio_frame_samples(const rtc_audio_frame *frame);
RTC_EXPORT rtc_time_t rtc_audio_frame_capture_time_us(const rtc_audio_frame *frame);
/* The RTP timestamp (48 kHz) of a received frame; 0 for a captured one. */
RTC_EXPORT uint32_t rtc_audio_frame_rtp_timestamp(const rtc_audio_frame *frame);
RTC_EXPORT void rtc_audio_frame_set_rtp_timestamp(rtc_audio_frame *frame, uint32_t rtp_timestamp);
/* The samples, channels in turn. Borrowed while a reference is held. */
RTC_EXPORT const void *rtc_audio_frame_data(const rtc_audio_frame *frame);
/* For filling a frame before it is pushed. */
RTC_EXPORT void *rtc_audio_frame_writable_data(rtc_audio_frame *frame);

/* ---- Encoded frames ------------------------------------------------------------------------------------------------------- */

/* One encoded picture or packet of audio (RTCEncodedVideoFrame, RTCEncodedAudioFrame).
 *
 * Owner: reference-counted, like a video frame.
 * Thread: any, to read, to ref and to unref; one writes, before it is handed on.
 * Valid: while a reference is held, with its bytes; read-only once pushed into a source or received from a sink.
 * Errors: as rtc_encoded_frame_new says.
 * Section: webrtc-encoded-transform 6, 7. */
typedef struct rtc_encoded_frame rtc_encoded_frame;

/* What else there is to say of a picture's layers. */
typedef enum rtc_layer_flags {
    RTC_LAYER_TEMPORAL = 1, /* its stream has temporal layers, and it says which one it belongs to, the lowest included */
    RTC_LAYER_SYNC = 2      /* it refers to nothing but the base layer: who gets lower layers may get this one from here on */
} rtc_layer_flags;

/* What it holds. */
typedef struct rtc_encoded_frame_options {
    size_t size;                 /* sizeof(rtc_encoded_frame_options) */
    rtc_media_kind kind;         /* which of the members below count */
    const char *codec;           /* the RTP encoding name: "VP8", "opus" (RFC 4855); copied, at most 15 characters */
    const void *data;            /* copied; NULL: room that is filled through rtc_encoded_frame_writable_data */
    size_t data_len;             /* bytes; 1 to 8 MiB */
    bool keyframe;               /* video: decodable without any other */
    uint32_t rtp_timestamp;      /* in the codec's clock: 90000 Hz for video, 48000 Hz for Opus */
    rtc_time_t capture_time_us;  /* monotonic; 0: now */
    uint32_t duration;           /* audio: samples per channel at the codec's clock; 0: unknown */
    uint32_t width, height;      /* video: pixels, 0 when unknown */
    uint32_t unused;             /* not looked at: what follows stands behind the struct of older versions, their padding included */
    uint32_t spatial_id, temporal_id; /* video: the layer it belongs to, 0 to 7; the base layer is 0 */
    uint32_t simulcast_index;    /* video: which of the sender's encodings it is, 0 to 3 */
    uint32_t layer_flags;        /* video: of rtc_layer_flags, or 0 */
    uint32_t rotation;           /* video: degrees clockwise to turn the picture upright: 0, 90, 180 or 270 (urn:3gpp:video-orientation, where it was negotiated) */
} rtc_encoded_frame_options;

/* *out is a reference of the caller's. Any thread.
 * Errors: RTC_ERR_TYPE (options, out or the codec's name is NULL, an unknown kind, a name that is too long, a size that is not set), RTC_ERR_RANGE (no bytes, more than
 * 8 MiB, a layer over 7, another rotation), RTC_ERR_NOT_SUPPORTED (an option that this version does not know), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_encoded_frame_new(rtc_context *context, const rtc_encoded_frame_options *options, rtc_encoded_frame **out);
/* Takes or drops a reference. NULL is legal. */
RTC_EXPORT rtc_encoded_frame *rtc_encoded_frame_ref(rtc_encoded_frame *frame);
RTC_EXPORT void rtc_encoded_frame_unref(rtc_encoded_frame *frame);
/* Degrees clockwise that turn its picture upright. */
RTC_EXPORT uint32_t rtc_encoded_frame_rotation(const rtc_encoded_frame *frame);
/* What it was made with, or came with. Name and bytes are borrowed while a reference is held. */
RTC_EXPORT rtc_media_kind rtc_encoded_frame_kind(const rtc_encoded_frame *frame);
RTC_EXPORT const char *rtc_encoded_frame_codec(const rtc_encoded_frame *frame);
RTC_EXPORT const uint8_t *rtc_encoded_frame_data(const rtc_encoded_frame *frame);
RTC_EXPORT size_t rtc_encoded_frame_len(const rtc_encoded_frame *frame);
RTC_EXPORT bool rtc_encoded_frame_keyframe(const rtc_encoded_frame *frame);
RTC_EXPORT uint32_t rtc_encoded_frame_rtp_timestamp(const rtc_encoded_frame *frame);
RTC_EXPORT rtc_time_t rtc_encoded_frame_capture_time_us(const rtc_encoded_frame *frame);
RTC_EXPORT uint32_t rtc_encoded_frame_duration(const rtc_encoded_frame *frame);
RTC_EXPORT uint32_t rtc_encoded_frame_width(const rtc_encoded_frame *frame);
RTC_EXPORT uint32_t rtc_encoded_frame_height(const rtc_encoded_frame *frame);
/* The layer of a picture, 0 where there are none. A received one has what its payload format says: of VP8 the temporal layer and its flags (RFC 7741 section 4.2).
 * No decoder needs a picture of a higher temporal layer to show those of the lower ones. A picture that is sent says so in its packets when it has RTC_LAYER_TEMPORAL,
 * as far as its payload format can. */
RTC_EXPORT uint32_t rtc_encoded_frame_spatial_id(const rtc_encoded_frame *frame);
RTC_EXPORT uint32_t rtc_encoded_frame_temporal_id(const rtc_encoded_frame *frame);
RTC_EXPORT uint32_t rtc_encoded_frame_simulcast_index(const rtc_encoded_frame *frame);
/* Of rtc_layer_flags. */
RTC_EXPORT uint32_t rtc_encoded_frame_layer_flags(const rtc_encoded_frame *frame);
/* Before it is handed on: the bytes, and a shorter length once they are known. */
RTC_EXPORT uint8_t *rtc_encoded_frame_writable_data(rtc_encoded_frame *frame);
RTC_EXPORT void rtc_encoded_frame_truncate(rtc_encoded_frame *frame, size_t data_len);

/* ---- Sources, tracks, streams, sinks ---------------------------------------------------------------------------------------- */

/* Where a track's media comes from. Frames are pushed into it; every track of it gets them.
 *
 * Owner: reference-counted; its tracks hold references.
 * Thread: any, and several at once.
 * Valid: while a reference is held. `ops` are called until destroy, which comes with the last one.
 * Errors: as each function says. A frame that nobody takes is no error.
 * Section: mediacapture-streams 4.3.1 (a track's source). */
typedef struct rtc_media_source rtc_media_source;

/* MediaStreamTrack: one source's media on their way to senders and sinks.
 *
 * Owner: reference-counted; senders and receivers hold references. It holds one to its source, and its sinks go with it.
 * Thread: any.
 * Valid: while a reference is held. A remote track ends when its transceiver stops or its connection closes, and stays readable.
 * Errors: as each function says.
 * Section: mediacapture-streams 4.3. */
typedef struct rtc_media_stream_track rtc_media_stream_track;

/* What a source may be told by whoever consumes it; for sources that make their own frames. All optional; called on any thread, `start` and `stop` in turns
 * and never at the same time. A consumer is a sink or a connection that sends a track which has not ended.
 * They may be called from within a connection and so must not call into one; rtc_loop_post can. */
typedef struct rtc_media_source_ops {
    size_t size;
    void (*start)(void *user);            /* the first consumer came */
    void (*stop)(void *user);             /* the last consumer went: after it returns nothing more is pushed. May come on the pushing thread itself. */
    void (*request_keyframe)(void *user); /* encoded sources: a receiver can not go on without one */
    void (*set_bitrate)(void *user, uint32_t bitrate_bps); /* encoded sources: what the network takes; of several consumers the slowest */
    void (*destroy)(void *user);          /* the last reference went */
} rtc_media_source_ops;

/* A source that is fed by hand. `label` (UTF-8, may be NULL) becomes its tracks' label. `ops` may be NULL. *out is a reference of the caller's.
 * Errors: RTC_ERR_TYPE (out is NULL, an unknown kind, a size that is not set), RTC_ERR_NOT_SUPPORTED (an operation that this version does not know), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_media_source_new(rtc_context *context, rtc_media_kind kind, const char *label, const rtc_media_source_ops *ops, void *user,
                                    rtc_media_source **out);
/* Takes or drops a reference. NULL is legal. */
RTC_EXPORT rtc_media_source *rtc_media_source_ref(rtc_media_source *source);
RTC_EXPORT void rtc_media_source_unref(rtc_media_source *source);
/* Of all its tracks. */
RTC_EXPORT rtc_media_kind rtc_media_source_kind(const rtc_media_source *source);
/* It has nothing more to give, and never will: a file is over, a device was unplugged. Its tracks end, and those that were not stopped tell it (on_ended);
 * none of them gets anything any more, what is pushed afterwards is refused, and the source is told to stop. A track that is made of it has ended.
 * Not to be taken back; once more does nothing, and NULL is legal. Any thread, its own callbacks included (mediacapture-streams 4.3.1). */
RTC_EXPORT void rtc_media_source_end(rtc_media_source *source);
/* Whether it gives nothing for now: a lid that is closed, a device that somebody else has. Its tracks are muted, those that are made meanwhile too, and tell it (on_mute,
 * on_unmute). What is pushed while they are arrives as black or silence, as with a disabled track, and encoded frames do not: the first encoded picture after it
 * should be a keyframe. Who pushes nothing has nothing sent. The same again is no event, and an ended source stays as it is; NULL is legal. Any thread, its own callbacks
 * included (mediacapture-streams 4.3.1). */
RTC_EXPORT void rtc_media_source_set_muted(rtc_media_source *source, bool muted);
/* Push one frame; the source takes references of its own. Any thread.
 * Errors: RTC_ERR_TYPE (source or frame is NULL, a frame of the other kind), RTC_ERR_INVALID_STATE (the source has ended).
 *
 * Media is live: a frame is pushed when its time has come, and stands for the time since the one before. A file that is pushed at once is a camera that went mad: a
 * sender encodes one picture and keeps the newest of those that come meanwhile, up to 10 frames of sound wait for their encoder, and up to 64 encoded frames for the
 * network; a sink keeps 2 pictures or 50 frames of sound. The oldest beyond that are dropped and counted ("framesDropped" of outbound-rtp). So push by a clock (a
 * timer each 33 ms, or each 10 ms for sound; examples/own_media.c), give `capture_time_us` on the time base of rtc_now(), and ask rtc_media_source_room() where frames
 * come in bursts. Encoded pictures begin with a keyframe whenever a sender takes the track: request_keyframe asks for it, and what comes before it is dropped. */
RTC_EXPORT int rtc_media_source_push_video(rtc_media_source *source, rtc_video_frame *frame);
RTC_EXPORT int rtc_media_source_push_audio(rtc_media_source *source, rtc_audio_frame *frame);
RTC_EXPORT int rtc_media_source_push_encoded(rtc_media_source *source, rtc_encoded_frame *frame);
/* How many frames can be pushed now before a consumer drops one: what its slowest has room for; of pictures that is one or none. 0 while nobody consumes,
 * for then frames go nowhere. Any thread. */
RTC_EXPORT uint32_t rtc_media_source_room(rtc_media_source *source);

/* A moving test picture: colour bars, a frame counter and a running clock that stay readable after encoding; any size and rate. Made on a thread of
 * its own while somebody consumes it. */
typedef struct rtc_test_video_options {
    size_t size;
    uint32_t width, height;   /* default 640x360; even, 16 to 4096 */
    uint32_t frames_per_second; /* default 30; 1 to 120 */
    uint32_t colour;          /* 0xRRGGBB of the background; default: moving colour bars */
    uint32_t grain;           /* 0 to 64: noise of that amplitude that is another one in each picture, as hard to encode as what cameras make; default none */
} rtc_test_video_options;
/* `options` may be NULL. *out is a reference of the caller's. Any thread.
 * Errors: RTC_ERR_TYPE (out is NULL, a size that is not set), RTC_ERR_RANGE (a member out of bounds), RTC_ERR_NOT_SUPPORTED (the library was built without media, or an option
 * that this version does not know), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_test_video_source_new(rtc_context *context, const rtc_test_video_options *options, rtc_media_source **out);

/* A sine tone, or a made-up voice, in 48 kHz S16 frames of 10 ms. */
typedef struct rtc_test_audio_options {
    size_t size;
    uint32_t frequency_hz;    /* default 440, of a voice (its pitch) 120; 20 to 20000 */
    uint32_t channels;        /* default 1; 1 or 2 */
    uint32_t level_percent;   /* amplitude; default 30 */
    uint32_t voice;           /* not 0: syllables in place of the tone, other ones for each number, which encoders take for speech */
} rtc_test_audio_options;
/* The same for sound.
 * Errors: RTC_ERR_TYPE (out is NULL, a size that is not set), RTC_ERR_RANGE (a member out of bounds), RTC_ERR_NOT_SUPPORTED (the library was built without media, or an option
 * that this version does not know), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_test_audio_source_new(rtc_context *context, const rtc_test_audio_options *options, rtc_media_source **out);

/* MediaStreamTrackState: LIVE, or ENDED, which is for good. */
typedef enum rtc_track_ready_state { RTC_TRACK_LIVE = 1, RTC_TRACK_ENDED = 2 } rtc_track_ready_state;

/* A track of a source, with a fresh random id. *out is a reference of the caller's.
 * Errors: RTC_ERR_TYPE (source or out is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_media_stream_track_new(rtc_media_source *source, rtc_media_stream_track **out);
/* Takes or drops a reference. NULL is legal. */
RTC_EXPORT rtc_media_stream_track *rtc_media_stream_track_ref(rtc_media_stream_track *track);
RTC_EXPORT void rtc_media_stream_track_unref(rtc_media_stream_track *track);
/* Of its source. */
RTC_EXPORT rtc_media_kind rtc_media_stream_track_kind(const rtc_media_stream_track *track);
/* Its id, which its peer is told, and its source's label. UTF-8, borrowed while a reference is held. */
RTC_EXPORT const char *rtc_media_stream_track_id(const rtc_media_stream_track *track);
RTC_EXPORT const char *rtc_media_stream_track_label(const rtc_media_stream_track *track);
/* A disabled track carries black pictures and silence in place of raw frames, and no encoded ones. */
RTC_EXPORT bool rtc_media_stream_track_enabled(const rtc_media_stream_track *track);
RTC_EXPORT void rtc_media_stream_track_set_enabled(rtc_media_stream_track *track, bool enabled);
/* What its media are for whoever encodes them (mst-content-hint 3); of sound and of pictures those that are named so. */
typedef enum rtc_content_hint {
    RTC_CONTENT_HINT_NONE = 0,               /* "": nothing was said */
    RTC_CONTENT_HINT_SPEECH = 1,             /* sound */
    RTC_CONTENT_HINT_SPEECH_RECOGNITION = 2, /* sound, for machines */
    RTC_CONTENT_HINT_MUSIC = 3,              /* sound */
    RTC_CONTENT_HINT_MOTION = 4,             /* pictures: smooth rather than sharp */
    RTC_CONTENT_HINT_DETAIL = 5,             /* pictures: sharp rather than smooth */
    RTC_CONTENT_HINT_TEXT = 6                /* pictures: of text, sharp rather than smooth */
} rtc_content_hint;
/* contentHint: kept for whoever asks. No encoder of this version looks at it.
 * Errors: RTC_ERR_TYPE (track is NULL, a hint of the other kind or an unknown one). */
RTC_EXPORT rtc_content_hint rtc_media_stream_track_content_hint(const rtc_media_stream_track *track);
RTC_EXPORT int rtc_media_stream_track_set_content_hint(rtc_media_stream_track *track, rtc_content_hint hint);
/* Another track of the same source, with an id of its own, that begins as this one is: enabled or not, muted or not, ended or not, with its hint
 * (mediacapture-streams 4.3.1). A clone of a remote track is muted and ends with it, and is stopped by itself. *out is a reference of the caller's. Any thread.
 * Errors: RTC_ERR_TYPE (track or out is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_media_stream_track_clone(rtc_media_stream_track *track, rtc_media_stream_track **out);
/* MediaTrackSettings: what comes from a track's source, as the last frames were. All are 0 before the first one, and what is of the other kind of media always. */
typedef struct rtc_track_settings {
    size_t size;            /* sizeof(rtc_track_settings); set by the caller */
    uint32_t width, height; /* of the last picture, pixels */
    double frame_rate;      /* pictures in a second, as they came in the last one */
    uint32_t sample_rate;   /* of sound, Hz; of a remote track while somebody hears it */
    uint32_t channels;      /* of sound */
} rtc_track_settings;
/* getSettings (mediacapture-streams 4.3.3.3). Any thread.
 * Errors: RTC_ERR_TYPE (track or out is NULL, or its size is not set). */
RTC_EXPORT int rtc_media_stream_track_get_settings(const rtc_media_stream_track *track, rtc_track_settings *out);
/* True while its source gives nothing: the peer's, or one that rtc_media_source_set_muted() muted. */
RTC_EXPORT bool rtc_media_stream_track_muted(const rtc_media_stream_track *track);
/* readyState. */
RTC_EXPORT rtc_track_ready_state rtc_media_stream_track_ready_state(const rtc_media_stream_track *track);
/* Ends the track: nothing more passes. */
RTC_EXPORT void rtc_media_stream_track_stop(rtc_media_stream_track *track);

/* What a track tells (mediacapture-streams 4.3.1). Every member but size may be NULL. Each runs after the change, which rtc_media_stream_track_muted() and _ready_state()
 * say already; `track` is borrowed for the call.
 *
 * The events of a remote track run where its connection's callbacks do, in the order of those: on its loop's thread, or from rtc_peer_connection_dispatch(); that
 * it ended, which was not told yet when the connection is closed, runs on a worker thread of the library, since no event of the connection follows. The events of a local track run within
 * rtc_media_source_end() and rtc_media_source_set_muted(), on the thread that calls, or on one that is within them for the same source already. A callback runs for one event at a time. It
 * may add and remove any of them, close and free anything, drop the last reference to the track. */
typedef struct rtc_track_callbacks {
    size_t size;
    void (*on_mute)(void *user, rtc_media_stream_track *track);   /* nothing comes from its source for now */
    void (*on_unmute)(void *user, rtc_media_stream_track *track); /* again */
    /* Its source ended: of a local track rtc_media_source_end() said so, of a remote one its transceiver stopped, or was taken back. Not after rtc_media_stream_track_stop(), nor when the connection is closed: then the track has ended, and nobody is told (no event of a closed connection follows, unlike in webrtc-pc 4.4.2). The last event. */
    void (*on_ended)(void *user, rtc_media_stream_track *track);
} rtc_track_callbacks;

/* Who listens to a track.
 *
 * Owner: its track; it goes with the last reference to that, or is removed before.
 * Thread: any.
 * Valid: until it is removed, or its track goes.
 * Errors: as rtc_media_stream_track_add_listener says.
 * Section: mediacapture-streams 4.3.1, DOM 2.7. */
typedef struct rtc_track_listener rtc_track_listener;

/* Adds one more who listens, for what happens from now on. The callbacks are copied; *listener goes with the last reference to the track, if it is not removed before.
 * Any thread. Errors: RTC_ERR_TYPE, RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_media_stream_track_add_listener(rtc_media_stream_track *track, const rtc_track_callbacks *callbacks, void *user,
                                                   rtc_track_listener **listener);
/* Once this returns none of its callbacks runs any more; from within one of them it returns at once, and that call is the last. So it waits for a callback on another
 * thread: hold no lock (such as a loop's) that the callback wants. Any thread; NULL is legal. */
RTC_EXPORT void rtc_media_stream_track_remove_listener(rtc_media_stream_track *track, rtc_track_listener *listener);

/* What receives a track's media. Every member but size may be NULL. A sink of a remote track that has neither on_video nor on_audio leaves its frames
 * undecoded. Frames are borrowed for the call: take a reference to keep one. on_video and on_audio run on a worker thread of the library, one call at a time
 * per sink; on_encoded runs on the thread that pushed or received it: it gets what comes from now on,
 * so whoever records a running call asks for a keyframe (rtc_rtp_receiver_request_keyframe). A sink with on_video gets one by itself.
 *
 * Of a remote track on_video gets I420 of whatever size the peer sends, which may change with any frame, and with the rotation that it says (rtc_video_frame_rotation: cameras of
 * phones); rtc_video_frame_convert() turns it upright, and makes RGB of it. Its planes are
 * read by their strides. on_audio gets S16 at 48000 Hz in two channels, the two alike where the peer sends one, mostly 20 ms at a time (960 samples per channel) but
 * also other lengths, since playout is stretched and shrunk by some milliseconds. capture_time_us of both is when they came, on the time base of rtc_now();
 * rtp_timestamp is the sender's. on_encoded gets VP8 frames and Opus packets as they were sent. Codecs that were added to the context (rtc_context_add_codec) give what
 * they like. While it is muted nothing comes: sound has faded to silence before, and on_mute says so
 * (mediacapture-streams has black and silence there). Of a local track every sink gets what was pushed, in the format in which it was pushed, and black or silence while the track is disabled. */
typedef struct rtc_media_sink_ops {
    size_t size;
    void (*on_video)(void *user, rtc_video_frame *frame);     /* a picture */
    void (*on_audio)(void *user, rtc_audio_frame *frame);     /* a stretch of sound */
    void (*on_encoded)(void *user, rtc_encoded_frame *frame); /* what was sent or pushed, undecoded */
} rtc_media_sink_ops;

/* What receives a track's media.
 *
 * Owner: its track, until rtc_media_stream_track_remove_sink, or until the last reference to the track goes.
 * Thread: it is added and removed on any.
 * Valid: until it is removed: then no callback of it runs any more, and the handle is gone. The frames that it is given are borrowed for the call.
 * Errors: as rtc_media_stream_track_add_sink says. A slow sink loses the oldest frames.
 * Section: none; mediacapture-streams 4.3.1 calls it a consumer. */
typedef struct rtc_media_sink rtc_media_sink;

/* A sink that is not removed goes with the last reference to its track, as if by rtc_media_stream_track_remove_sink(). `ops` is copied.
 * Errors: RTC_ERR_TYPE (track, ops or out is NULL, a size that is not set), RTC_ERR_NOT_SUPPORTED (an operation that this version does not know), RTC_ERR_NO_MEMORY (also when no
 * worker thread can be had). */
RTC_EXPORT int rtc_media_stream_track_add_sink(rtc_media_stream_track *track, const rtc_media_sink_ops *ops, void *user, rtc_media_sink **out);
/* Once this returns no callback of the sink runs any more; from within one of its own callbacks it returns at once and that call is the last. So it waits
 * for a callback on another thread: hold no lock (such as a loop's) that the callback wants. NULL is legal. */
RTC_EXPORT void rtc_media_stream_track_remove_sink(rtc_media_stream_track *track, rtc_media_sink *sink);

/* ---- Codecs --------------------------------------------------------------------------------------------------------------- */

/* A codec as offer and answer agreed on it. Borrowed for the call that gets it. */
typedef struct rtc_codec_parameters {
    size_t size;
    const char *name;    /* the RTP encoding name */
    uint32_t clock_rate; /* Hz */
    uint32_t channels;   /* 1 unless the description says otherwise */
    const char *fmtp;    /* "minptime=10;useinbandfec=1", as it is written; "": none. Of what is sent the peer's, of what is received our own (RFC 3264 section 6.1) with what the peer says of what it sends ("sprop-...") */
} rtc_codec_parameters;

/* What an encoder is to make. */
typedef struct rtc_encoder_settings {
    size_t size;
    uint32_t width, height;     /* video */
    uint32_t frames_per_second; /* video */
    uint32_t sample_rate;       /* audio: of the frames that come; the codec's clock rate: 48000 of Opus */
    uint32_t channels;          /* audio */
    uint32_t bitrate_bps;       /* what the network takes */
    uint32_t packet_loss_percent; /* audio: what in-band FEC should expect */
    bool inband_fec;            /* audio */
    uint32_t speed;             /* video: 0, the usual care, to 4, the least: raised while encoding takes more than half of the time */
    uint32_t encodings;         /* video: how many simulcast_index may name; of others nothing is sent. 1 before simulcast is negotiated */
    const rtc_codec_parameters *parameters; /* an encoder is made anew when they change, and never told others */
    uint32_t temporal_layers;   /* video: in how many temporal layers pictures are to come (scalabilityMode), no more than the codec says it makes; 0 and 1: in one */
} rtc_encoder_settings;

/* How many encoded pictures may come of one. */
enum { RTC_ENCODER_LAYERS_MAX = 16 };

/* What to do for one stretch of audio playout. */
typedef enum rtc_audio_decode {
    RTC_AUDIO_DECODE_FRAME = 1,   /* decode `frame` */
    RTC_AUDIO_DECODE_FEC = 2,     /* `frame` is the packet after a lost one: recover the lost one from its in-band FEC */
    RTC_AUDIO_DECODE_CONCEAL = 3  /* no frame: invent `samples` samples */
} rtc_audio_decode;

/* Whether a codec takes little power (webrtc-stats, powerEfficientEncoder and powerEfficientDecoder). UNKNOWN: it does not tell. EFFICIENT: it runs on hardware that is made for it, or as well as that. HUNGRY: it
 * computes on the processor. */
typedef enum rtc_codec_power { RTC_CODEC_POWER_UNKNOWN = 0, RTC_CODEC_POWER_EFFICIENT = 1, RTC_CODEC_POWER_HUNGRY = 2 } rtc_codec_power;

/* One codec, of the library or of a program's own. Instances are made by the functions.
 *
 * Owner: the program's. A context copies it, but for the name, which must outlive the context. Encoders and decoders are freed by encoder_free and decoder_free.
 * Thread: each instance is used by one at a time, not always the same.
 * Valid: frames that are given in are borrowed for the call, those given out are new references.
 * Errors: 0 or an RTC_ERR_* of the function's. A frame whose encoding fails is dropped; RTC_ERR_ENCODING of a decoder asks the peer for a keyframe.
 * Section: webcodecs 4 to 7. */
typedef struct rtc_codec_ops {
    size_t size;
    rtc_media_kind kind; /* which of the functions below count */
    const char *name; /* the RTP encoding name */
    /* Encoder; NULL when it can not encode. *out only on success. */
    int (*encoder_new)(rtc_context *context, const rtc_encoder_settings *settings, void **out);
    void (*encoder_free)(void *encoder);
    /* New rates, or a new size (video): takes effect with the next frame. May be NULL: then it is not told. */
    int (*encoder_configure)(void *encoder, const rtc_encoder_settings *settings);
    /* *out is a new reference, or NULL when the encoder dropped the frame. I420 is always accepted; others RTC_ERR_NOT_SUPPORTED. The encoded frame's RTP
     * timestamp is the capture time at 90 kHz. */
    int (*encode_video)(void *encoder, rtc_video_frame *frame, bool keyframe, rtc_encoded_frame **out);
    /* `frame` holds exactly one packet's duration in S16 at the settings' rate and channels. The encoded frame has its RTP timestamp. */
    int (*encode_audio)(void *encoder, rtc_audio_frame *frame, rtc_encoded_frame **out); /* 20 ms, or 10, 40 or 60 (adaptive_ptime, a=ptime of the peer) */
    /* Decoder; NULL when it can not decode. */
    int (*decoder_new)(rtc_context *context, uint32_t channels, void **out);
    void (*decoder_free)(void *decoder);
    /* *out is a new reference, or NULL when the frame shows nothing. RTC_ERR_ENCODING: broken; a keyframe is needed. */
    int (*decode_video)(void *decoder, rtc_encoded_frame *frame, rtc_video_frame **out);
    /* `samples` per channel at 48 kHz: how many are wanted (FEC, CONCEAL); for FRAME what the packet holds is given. */
    int (*decode_audio)(void *decoder, rtc_audio_decode what, rtc_encoded_frame *frame, uint32_t samples, rtc_audio_frame **out);
    /* In place of encode_video, which may then be NULL: one picture may become several, of other layers each, with which their options speak (spatial_id, temporal_id,
     * simulcast_index, layer_flags). They are put into `out`, which has room for `capacity` (RTC_ENCODER_LAYERS_MAX), new references in the order in which they
     * are to be sent, and counted in *count, which is 0 before the call; none: the encoder dropped the picture. After an error there are none. `keyframes` has one
     * bit for each simulcast_index, from the lowest, whose next frame must be a keyframe. What has the index of no encoding is dropped and counted. */
    int (*encode_layers)(void *encoder, rtc_video_frame *frame, uint32_t keyframes, rtc_encoded_frame **out, size_t capacity, size_t *count);
    /* In place of decoder_new, which may then be NULL: with what was negotiated. When that changes another decoder is made: for the next packet of sound, of
     * pictures for the next keyframe. */
    int (*decoder_new_with)(rtc_context *context, const rtc_codec_parameters *parameters, void **out);
    const char *implementation; /* what it is made with, for statistics (encoderImplementation, decoderImplementation), "libvpx"; it outlives the context. NULL: not told */
    rtc_codec_power power;      /* the same, powerEfficientEncoder and powerEfficientDecoder */
    uint32_t temporal_layers;   /* of an encoder of video: how many temporal layers it can make, 3 at most: then it can make fewer, too, and says of each picture which one it is of. 0: one */
} rtc_codec_ops;

/* Adds a codec to a context, in front of those it has. `ops` is copied, but for its name, which must outlive the context. The name must be one whose RTP payload format the library knows
 * (VP8, opus): others are refused. Before the first connection is made.
 * Errors: RTC_ERR_TYPE (ops or its name is NULL, a size that is not set, functions that are missing), RTC_ERR_RANGE (more than 3 temporal layers), RTC_ERR_NOT_SUPPORTED (no payload
 * format, or a function that this version does not know), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_context_add_codec(rtc_context *context, const rtc_codec_ops *ops);

#ifdef __cplusplus
}
#endif

#include <crtc/media_stream.h>

#endif
