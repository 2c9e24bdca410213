/* SPDX-License-Identifier: MIT */
/* Which RTP header extensions a transceiver negotiates (webrtc-extensions, RTP header extension control). */
#ifndef CRTC_HEADER_EXTENSIONS_H
#define CRTC_HEADER_EXTENSIONS_H

#include "capabilities.h"
#include "transceiver.h"

/* Those of `can` that its section is to have in an offer, or may have in an answer, with their directions. `negotiated`: what the section
 * had before; NULL: nothing. Gives their number. */
size_t header_extensions_wanted(const rtc_rtp_transceiver *t, const struct capabilities *can, bool offers,
                                const struct jsep_section *negotiated, struct jsep_extension out[RTP_EXTENSIONS]);

#endif
