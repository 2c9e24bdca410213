/* SPDX-License-Identifier: MIT */
/* Parameters, capabilities and codecs of <crtc/rtp_parameters.h> as values: each is one block of memory with all that it points to. */
#ifndef CRTC_PEER_RTP_PARAMETERS_H
#define CRTC_PEER_RTP_PARAMETERS_H

#include "transceiver.h"

/* A codec in public words, with the text that it points to. */
struct public_codec {
    rtc_rtp_codec codec;
    char mime_type[48];
    char fmtp[256];
};
void public_codec_set(struct public_codec *out, rtc_media_kind kind, const struct jsep_codec *codec);
/* The retransmissions of a codec (RFC 4588). `payload_type` JSEP_NO_PAYLOAD_TYPE: of a capability, which says no apt. */
void public_codec_set_rtx(struct public_codec *out, rtc_media_kind kind, const struct jsep_codec *codec, uint8_t payload_type);
/* Of a capability: in which modes it can be sent. */
void public_codec_set_modes(struct public_codec *out, uint32_t temporal_layers);
/* Both mean the same codec (webrtc-pc 5.2.4, "codec match"): everything but the payload type. */
bool public_codec_matches(const rtc_rtp_codec *a, const rtc_rtp_codec *b);

/* With nothing in it but size; the lists have their room. NULL without memory. */
struct parameters_block;
struct parameters_block *parameters_block_new(rtc_context *context);
void parameters_block_set_transaction(struct parameters_block *b, const char *id, const char *cname);
void parameters_block_add_encoding(struct parameters_block *b, rtc_media_kind kind, const struct sender_encoding *encoding);
/* What local and remote section agree on, of what is sent or received. `to`: whose payload types. */
void parameters_block_set_negotiated(struct parameters_block *b, rtc_media_kind kind, const struct jsep_negotiated *agreed,
                                     const struct jsep_codec *codecs, size_t codec_count, bool sends);
void parameters_block_set_degradation(struct parameters_block *b, bool has, rtc_degradation_preference preference);
rtc_rtp_parameters *parameters_block_public(struct parameters_block *b);

/* Header extensions with their directions, as capabilities without codecs. RTC_ERR_NO_MEMORY, with words. */
int capabilities_block_new(rtc_context *context, const struct jsep_extension *extensions, size_t count, rtc_rtp_capabilities **out);

/* Takes one encoding that the application gives (webrtc-pc 5.1, addTransceiver; 5.2, setParameters): members that are not of this kind of
 * media are left out, and what is missing of a picture's scale stays 0. RTC_ERR_TYPE, RTC_ERR_RANGE, or `error` for a codec that can not be
 * sent, a size that fits nothing and a scalability mode that neither its codec nor, without one, any codec makes; *why says so. */
struct parameters_error {
    int code;
    char text[160];
};
bool encoding_settings_take(rtc_context *context, rtc_media_kind kind, const rtc_rtp_encoding_parameters *given, size_t index, int error,
                            struct encoding_settings *out, struct parameters_error *why);
/* Whether a codec of this name makes the scalability mode of encoding `index`; `error`, and *why, when not. */
bool encoding_settings_suit(rtc_context *context, rtc_media_kind kind, const char *codec, size_t index, int error,
                            const struct encoding_settings *settings, struct parameters_error *why);
/* What they must have in common; `error` when they have not. */
bool encoding_settings_agree(const struct encoding_settings *settings, size_t count, int error, struct parameters_error *why);

#endif
