/* SPDX-License-Identifier: MIT */
/* What the files of the STUN codec share: how an attribute and an address in it are written and read. */
#ifndef CRTC_STUN_ATTRIBUTES_H
#define CRTC_STUN_ATTRIBUTES_H

#include "stun_message.h"
#include "writer.h"

enum { STUN_FAMILY_IPV4 = 1, STUN_FAMILY_IPV6 = 2 };

/* What the address of an XOR attribute is combined with; its first two bytes also the port. */
void stun_address_mask(const struct stun_message *m, uint8_t mask[16]);
bool stun_parse_address(struct slice value, const uint8_t mask[16], struct address *out);
void stun_write_address(struct writer *w, uint16_t type, const uint8_t mask[16], const struct address *a);
void stun_write_attribute(struct writer *w, uint16_t type, struct slice value);

/* stun_turn.c: the attributes of TURN. *known becomes true for one of them; false: malformed. */
bool stun_parse_turn(struct stun_message *m, uint16_t type, struct slice value, bool *known);
void stun_write_turn(struct writer *w, const struct stun_message *m);

#endif
