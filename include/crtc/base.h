/* SPDX-License-Identifier: MIT */
/* Types, errors and the version: what every other header of libcrtc stands on. */
#ifndef CRTC_BASE_H
#define CRTC_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Marks a function that libcrtc.so exports; everything else in the library is hidden. */
#define RTC_EXPORT __attribute__((visibility("default")))

/* The version of the headers: a program can be built with these and run with a library of another patch level (rtc_version). */
#define RTC_VERSION_MAJOR 0
#define RTC_VERSION_MINOR 1
#define RTC_VERSION_PATCH 0

/* The version of the library that is running, "major.minor.patch". Static storage. Any thread. */
RTC_EXPORT const char *rtc_version(void);

/* Microseconds on one monotonic base (CLOCK_MONOTONIC outside simulation). */
typedef int64_t rtc_time_t;
/* "No deadline": later than every real time. */
#define RTC_TIME_NEVER INT64_MAX

/* Every error a function of the library can return, as name, value, DOMException name and text. The values are fixed: new ones are
 * added at the end. A function returns 0 (RTC_OK) or one of these, which are negative. */
#define RTC_ERROR_LIST(X)                                                                                                      \
    X(RTC_ERR_INVALID_STATE, -1, "InvalidStateError", "the object is in the wrong state for this call")                       \
    X(RTC_ERR_INVALID_ACCESS, -2, "InvalidAccessError", "the object does not support this operation or argument")             \
    X(RTC_ERR_INVALID_MODIFICATION, -3, "InvalidModificationError", "the object can not be modified in this way")             \
    X(RTC_ERR_SYNTAX, -4, "SyntaxError", "the text does not follow its grammar")                                              \
    X(RTC_ERR_OPERATION, -5, "OperationError", "the operation failed")                                                        \
    X(RTC_ERR_TYPE, -6, "TypeError", "an argument is missing, malformed or of the wrong kind")                                \
    X(RTC_ERR_RANGE, -7, "RangeError", "an argument is outside its range")                                                    \
    X(RTC_ERR_NOT_FOUND, -8, "NotFoundError", "there is no such thing")                                                       \
    X(RTC_ERR_NOT_ALLOWED, -9, "NotAllowedError", "permission was denied")                                                    \
    X(RTC_ERR_OVERCONSTRAINED, -10, "OverconstrainedError", "no device or setting meets the constraints")                     \
    X(RTC_ERR_NOT_SUPPORTED, -11, "NotSupportedError", "this library can not do that")                                        \
    X(RTC_ERR_NO_MEMORY, -12, "UnknownError", "out of memory")                                                                \
    X(RTC_ERR_QUOTA_EXCEEDED, -13, "QuotaExceededError", "a limit or a full buffer does not allow it now")                    \
    X(RTC_ERR_NETWORK, -14, "NetworkError", "the network or a peer failed")                                                   \
    X(RTC_ERR_TIMEOUT, -15, "TimeoutError", "it took too long")                                                               \
    X(RTC_ERR_ABORT, -16, "AbortError", "the operation was aborted")                                                          \
    X(RTC_ERR_ENCODING, -17, "EncodingError", "data could not be encoded or decoded")                                         \
    X(RTC_ERR_INVALID_CHARACTER, -18, "InvalidCharacterError", "the text has a character that is not allowed")

/* What a function returns: RTC_OK, or one of RTC_ERROR_LIST. No function of this version gives RTC_ERR_OVERCONSTRAINED (a device does not do what is asked of it), RTC_ERR_TIMEOUT (nothing came in the time that a call was given) or RTC_ERR_ABORT (a call was given up before it was done): they are for capture, and for calls that wait.
 *
 * Owner: codes are numbers, texts are the library's.
 * Thread: the functions here may be called on any. rtc_last_error() is a text for each thread.
 * Valid: names and sentences for ever; the words of rtc_last_error() until the next call on the thread.
 * Errors: a function that returns an error has done nothing, or says what. A NULL handle is RTC_ERR_TYPE. A struct whose `size` was not set is RTC_ERR_TYPE, one with a
 * member set that this version of the library does not know RTC_ERR_NOT_SUPPORTED. Any call that needs memory may be RTC_ERR_NO_MEMORY; a connection for which memory
 * ran out where nothing could be refused any more fails, and says so from then on.
 * Section: WebIDL 2.8.1 (DOMException), ECMAScript 20.5 (TypeError, RangeError). */
enum rtc_error {
    RTC_OK = 0, /* it is done */
#define RTC_ERROR_ENUM(name, value, dom, text) name = value,
    RTC_ERROR_LIST(RTC_ERROR_ENUM)
#undef RTC_ERROR_ENUM
};

/* RTCErrorDetailType (webrtc-pc 11.2): what failed, of an error that an event tells. NONE: nothing of these. DATA_CHANNEL_FAILURE: the channel could not go on. DTLS_FAILURE: the
 * handshake failed, or a fatal alert ended it. FINGERPRINT_FAILURE: the peer's certificate is not the one of its description. SCTP_FAILURE: the association ended. SDP_SYNTAX_ERROR, HARDWARE_ENCODER_NOT_AVAILABLE
 * and HARDWARE_ENCODER_ERROR do not come in this version. */
typedef enum rtc_error_detail {
    RTC_ERROR_NONE = 0,
    RTC_ERROR_DATA_CHANNEL_FAILURE = 1,
    RTC_ERROR_DTLS_FAILURE = 2,
    RTC_ERROR_FINGERPRINT_FAILURE = 3,
    RTC_ERROR_SCTP_FAILURE = 4,
    RTC_ERROR_SDP_SYNTAX_ERROR = 5,
    RTC_ERROR_HARDWARE_ENCODER_NOT_AVAILABLE = 6,
    RTC_ERROR_HARDWARE_ENCODER_ERROR = 7
} rtc_error_detail;
/* The W3C names: "data-channel-failure", "dtls-failure", ...; "" for NONE, "?" for a value that is none. Static storage. Any thread. */
RTC_EXPORT const char *rtc_error_detail_name(rtc_error_detail detail);

/* RTCError (webrtc-pc 11), as events give it: borrowed for the callback. A number that is null there is -1. */
typedef struct rtc_error_info {
    size_t size;                  /* sizeof(rtc_error_info) of the library */
    int error;                    /* RTC_ERR_OPERATION, of which every RTCError is one */
    const char *message;          /* a sentence */
    rtc_error_detail detail;      /* errorDetail */
    int sdp_line_number;          /* of RTC_ERROR_SDP_SYNTAX_ERROR */
    int sctp_cause_code;          /* of RTC_ERROR_SCTP_FAILURE: of the peer's ABORT (RFC 9260 3.3.10) */
    int received_alert;           /* of RTC_ERROR_DTLS_FAILURE: a fatal alert that the peer sent (RFC 8446 6) */
    int sent_alert;               /* the same that was sent to it */
    int http_request_status_code; /* of none in this version */
} rtc_error_info;

/* The DOMException (or ECMAScript error) name of a code, such as "InvalidStateError"; "None" for RTC_OK and "UnknownError" for a
 * value that is no code. Static storage. Any thread. */
RTC_EXPORT const char *rtc_error_name(int error);
/* One English sentence for a code. Static storage. Any thread. */
RTC_EXPORT const char *rtc_error_message(int error);
/* Why the last call on this thread that returned an error was refused, in words with the offending value; "" before any was. Calls that succeed leave it as it is, so
 * look at it after a failure. Every function that returns an error, and every one that returns NULL for one, sets it. Borrowed until the next call on this thread. */
RTC_EXPORT const char *rtc_last_error(void);

#ifdef __cplusplus
}
#endif
#endif
