/* SPDX-License-Identifier: MIT */
/* What whole connections need in every run, and always the same: an input must do in one process what it does in another. */
#ifndef CRTC_FUZZ_PREPARED_H
#define CRTC_FUZZ_PREPARED_H

#include <crtc/crtc.h>

/* Of the connections' context. Once they are freed nothing may be left of it. */
extern const rtc_allocator prepared_allocator;
void prepared_nothing_left(void);

/* Makes what all connections use and what stays; to be called first. */
void prepared_once(void);
/* Expires in 2048; the program's. */
rtc_certificate *prepared_certificate(void);

#endif
