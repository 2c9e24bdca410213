/* SPDX-License-Identifier: MIT */
/* Names and texts of the error codes, and the version. */
#include <crtc/base.h>

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
#define NAME(name, value, dom, text) case name: return dom;
        RTC_ERROR_LIST(NAME)
#undef NAME
    default:
        return "UnknownError";
    }
}

const char *rtc_error_message(int error)
{
    switch (error) {
    case RTC_OK:
        return "no error";
#define TEXT(name, value, dom, text) case name: return text;
        RTC_ERROR_LIST(TEXT)
#undef TEXT
    default:
        return "an unknown error";
    }
}
