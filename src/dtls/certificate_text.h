/* SPDX-License-Identifier: MIT */
/* A certificate, ours or the peer's, as statistics show it (RTCCertificateStats, webrtc-stats 8.27). */
#ifndef CRTC_CERTIFICATE_TEXT_H
#define CRTC_CERTIFICATE_TEXT_H

#include "slice.h"

#include <crtc/context.h>

enum { CERTIFICATE_FINGERPRINT_TEXT = 96 };

/* "AB:CD:..." of SHA-256 over the DER form. */
void certificate_fingerprint_text(struct slice der, char text[CERTIFICATE_FINGERPRINT_TEXT]);
/* The DER form in base64, zero-terminated, freed with memory_free; NULL when out of memory. */
char *certificate_base64(rtc_context *context, struct slice der);

#endif
