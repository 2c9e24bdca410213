/* SPDX-License-Identifier: MIT */
/* Why a call is refused, in words: what rtc_last_error() gives (<crtc/base.h>), one text for each thread. Every public function that
 * returns an error leaves one. */
#ifndef CRTC_ERROR_H
#define CRTC_ERROR_H

#include <crtc/base.h>

enum { ERROR_TEXT_MAX = 256 };

/* Keeps the text for this thread; returns `error`. What a stranger wrote may be quoted. */
int error_say(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with the sentence that every error has of its own (rtc_error_message); RTC_OK leaves the text as it was. */
int error_plain(int error);

#endif
