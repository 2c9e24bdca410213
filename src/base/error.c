/* SPDX-License-Identifier: MIT */
/* Names and texts of the error codes, the words of the last failure, and the version. */
#include "error.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>

#define STRING(x) #x
#define VERSION(a, b, c) STRING(a) "." STRING(b) "." STRING(c)

const char *rtc_version(void)
{
    return VERSION(RTC_VERSION_MAJOR, RTC_VERSION_MINOR, RTC_VERSION_PATCH);
}

const char *rtc_error_name(int error)
{
    switch (error) {
    case RTC_OK:
        return "None";
#define NAME(name, value, dom, text) \
    case name:                       \
        return dom;
        RTC_ERROR_LIST(NAME)
#undef NAME
    default:
        return "UnknownError";
    }
}

const char *rtc_error_detail_name(rtc_error_detail detail)
{
    static const char *const names[] = {"",
                                        "data-channel-failure",
                                        "dtls-failure",
                                        "fingerprint-failure",
                                        "sctp-failure",
                                        "sdp-syntax-error",
                                        "hardware-encoder-not-available",
                                        "hardware-encoder-error"};
    return (size_t)detail < sizeof names / sizeof names[0] ? names[detail] : "?";
}

const char *rtc_error_message(int error)
{
    switch (error) {
    case RTC_OK:
        return "no error";
#define TEXT(name, value, dom, text) \
    case name:                       \
        return text;
        RTC_ERROR_LIST(TEXT)
#undef TEXT
    default:
        return "an unknown error";
    }
}

static _Thread_local char last[ERROR_TEXT_MAX];

int error_say(int error, const char *format, ...)
{
    char text[ERROR_TEXT_MAX]; /* the old text may be quoted */
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_copy_foreign(last, sizeof last, slice_str(text));
    return error;
}

int error_plain(int error)
{
    return error ? error_say(error, "%s", rtc_error_message(error)) : RTC_OK;
}

const char *rtc_last_error(void)
{
    return last;
}
