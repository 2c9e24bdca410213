/* SPDX-License-Identifier: MIT */
/* a=sctp-init in descriptions (SNAP, draft-hancke-tsvwg-snap): our INIT chunk, of an association that is prepared when a description is
 * created, and kept by the connection until both sides have agreed on it. It stands in every description while that association lives over
 * the DTLS association that it began on; one that shook hands never has it. */
#ifndef CRTC_PEER_PREPARED_ASSOCIATION_H
#define CRTC_PEER_PREPARED_ASSOCIATION_H

#include "base64.h"
#include "peer.h"
#include "snap.h"

struct prepared_text {
    char text[BASE64_LEN(SNAP_INIT_MAX) + 1]; /* "": the section says none */
};

/* Of the section of data in an offer, that this transport carries. `goes_on`: with the DTLS association that it has. */
int prepared_offer(rtc_peer_connection *pc, size_t transport, bool goes_on, struct prepared_text *out);
/* And in the answer to `offered`. What can not be read is passed over, as the draft says, and then neither side has it. */
int prepared_answer(rtc_peer_connection *pc, size_t transport, bool goes_on, const struct jsep_section *offered, struct prepared_text *out);
/* While a plan is applied: what both sections agree on, the taker's; NULL: an association with a handshake, or the one that there is. */
struct snap *prepared_take(rtc_peer_connection *pc, const struct jsep_section *local, const struct jsep_section *remote);
/* Nobody is to have it any more. */
void prepared_forget(rtc_peer_connection *pc);

#endif
