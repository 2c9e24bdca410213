/* SPDX-License-Identifier: MIT */
/* What the DTLS association and the supply see of a certificate. */
#ifndef CRTC_CERTIFICATE_INTERNAL_H
#define CRTC_CERTIFICATE_INTERNAL_H

#include "certificate.h"

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

/* Signing is guarded by a lock instead of giving every association its own copy of the key: mbedTLS keeps a table of multiples of the base
 * point in the key's group, made by the first signature. A copy would make it again, which is most of the cost of a signature; using one
 * key from two threads without a lock would make it twice at once. The lock is held over a handshake step, never while reading data. */
void certificate_lock(struct certificate *certificate);
void certificate_unlock(struct certificate *certificate);
mbedtls_x509_crt *certificate_chain(struct certificate *certificate);
/* Used with the lock held only. */
mbedtls_pk_context *certificate_private_key(struct certificate *certificate);

/* A certificate that holds no reference to its context, for what the context itself owns; and the change to one that does, before it is
 * given away. */
int certificate_generate_unbound(rtc_context *context, enum certificate_key key, int64_t lifetime_us, struct certificate **out);
void certificate_bind(struct certificate *certificate);

/* certificate_take() at a given time. */
int certificate_supply_take(rtc_context *context, rtc_time_t now, struct certificate **out);
/* Ready and being made. */
void certificate_supply_count(rtc_context *context, uint32_t *ready, uint32_t *pending);

#endif
