/* SPDX-License-Identifier: MIT */
/* See tls_id.h. Another association always takes other credentials of ICE, or another section (RFC 8842 section 4), so that the name is
 * made of those. The characters are base64's (RFC 8842 section 4: tls-id-char). */
#include "tls_id.h"

#include "base64.h"
#include "hash.h"

#include <stdio.h>

_Static_assert(TLS_ID_LEN % 4 == 0, "no padding, which is no tls-id-char");

void tls_id_make(const struct ice_credentials *credentials, const char *mid, char out[TLS_ID_LEN + 1])
{
    uint8_t digest[HASH_SHA256_LEN] = {0};
    char said[JSEP_ID_MAX + ICE_UFRAG_MAX + sizeof "tls-id  "];
    (void)snprintf(said, sizeof said, "tls-id %s %s", credentials->ufrag, mid);
    (void)hash_hmac_sha256(slice_str(credentials->password), slice_str(said), digest);
    base64_encode(slice_of(digest, TLS_ID_LEN / 4 * 3), out);
}

struct slice tls_id_agreed(const struct negotiation_state *stable, size_t transport)
{
    const struct session_description *local = description_says(stable->local);
    int section = local ? session_description_find(local, negotiation_state_transport(stable, transport)->mid) : -1;
    return section >= 0 ? local->sections[section].transport.tls_id : slice_of(NULL, 0);
}
