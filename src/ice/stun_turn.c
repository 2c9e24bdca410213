/* SPDX-License-Identifier: MIT */
/* The attributes of TURN (RFC 8656 section 18) and ALTERNATE-SERVER (RFC 8489 section 14.15). Of several alike only the first counts, but
 * for XOR-RELAYED-ADDRESS: an allocation may have one of each family. */
#include "stun_attributes.h"

#include "reader.h"

enum { PROTOCOL_UDP = 17 };

static const uint8_t plain[16];

static bool parse_lifetime(struct stun_message *m, struct slice value)
{
    struct reader r = reader_of(value);
    if (!(m->has & STUN_HAS_LIFETIME))
        m->turn.lifetime = reader_u32(&r);
    m->has |= STUN_HAS_LIFETIME;
    return value.len == 4;
}

static bool parse_channel(struct stun_message *m, struct slice value)
{
    struct reader r = reader_of(value);
    if (!(m->has & STUN_HAS_CHANNEL))
        m->turn.channel = reader_u16(&r);
    m->has |= STUN_HAS_CHANNEL;
    return value.len == 4;
}

static bool parse_peer(struct stun_message *m, struct slice value)
{
    uint8_t mask[16];
    struct address a;
    stun_address_mask(m, mask);
    if (!stun_parse_address(value, mask, &a))
        return false;
    if (!(m->has & STUN_HAS_PEER))
        m->turn.peer = a;
    m->has |= STUN_HAS_PEER;
    return true;
}

static bool parse_relayed(struct stun_message *m, struct slice value)
{
    uint8_t mask[16];
    struct address a;
    stun_address_mask(m, mask);
    if (!stun_parse_address(value, mask, &a))
        return false;
    if (m->turn.relayed_count < STUN_RELAYED_MAX)
        m->turn.relayed[m->turn.relayed_count++] = a;
    return true;
}

static bool parse_alternate(struct stun_message *m, struct slice value)
{
    struct address a;
    if (!stun_parse_address(value, plain, &a))
        return false;
    if (!(m->has & STUN_HAS_ALTERNATE))
        m->alternate = a;
    m->has |= STUN_HAS_ALTERNATE;
    return true;
}

static bool parse_family(struct slice value, uint8_t *family)
{
    if (value.len == 4 && *family == ADDRESS_NONE)
        *family = value.data[0] == STUN_FAMILY_IPV4 ? ADDRESS_IPV4 : value.data[0] == STUN_FAMILY_IPV6 ? ADDRESS_IPV6 : ADDRESS_NONE;
    return value.len == 4;
}

bool stun_parse_turn(struct stun_message *m, uint16_t type, struct slice value, bool *known)
{
    bool before = *known;
    *known = true;
    switch (type) {
    case STUN_LIFETIME:
        return parse_lifetime(m, value);
    case STUN_CHANNEL_NUMBER:
        return parse_channel(m, value);
    case STUN_XOR_PEER_ADDRESS:
        return parse_peer(m, value);
    case STUN_XOR_RELAYED_ADDRESS:
        return parse_relayed(m, value);
    case STUN_ALTERNATE_SERVER:
        return parse_alternate(m, value);
    case STUN_REQUESTED_ADDRESS_FAMILY:
        return parse_family(value, &m->turn.requested_family);
    case STUN_ADDITIONAL_ADDRESS_FAMILY:
        return parse_family(value, &m->turn.additional_family);
    case STUN_REQUESTED_TRANSPORT:
        m->has |= value.len == 4 && value.data[0] == PROTOCOL_UDP ? STUN_HAS_TRANSPORT : 0;
        return value.len == 4;
    default:
        *known = before;
        return true;
    }
}

static void write_first_byte(struct writer *w, uint16_t type, uint8_t byte)
{
    const uint8_t value[4] = {byte};
    stun_write_attribute(w, type, slice_of(value, sizeof value));
}

static void write_family(struct writer *w, uint16_t type, uint8_t family)
{
    if (family != ADDRESS_NONE)
        write_first_byte(w, type, family == ADDRESS_IPV6 ? STUN_FAMILY_IPV6 : STUN_FAMILY_IPV4);
}

static void write_numbers(struct writer *w, const struct stun_message *m)
{
    uint8_t value[4] = {0};
    put_u32(value, m->turn.lifetime);
    if (m->has & STUN_HAS_LIFETIME)
        stun_write_attribute(w, STUN_LIFETIME, slice_of(value, sizeof value));
    put_u32(value, (uint32_t)m->turn.channel << 16);
    if (m->has & STUN_HAS_CHANNEL)
        stun_write_attribute(w, STUN_CHANNEL_NUMBER, slice_of(value, sizeof value));
}

void stun_write_turn(struct writer *w, const struct stun_message *m)
{
    uint8_t mask[16];
    stun_address_mask(m, mask);
    if (m->has & STUN_HAS_TRANSPORT)
        write_first_byte(w, STUN_REQUESTED_TRANSPORT, PROTOCOL_UDP);
    write_family(w, STUN_REQUESTED_ADDRESS_FAMILY, m->turn.requested_family);
    write_family(w, STUN_ADDITIONAL_ADDRESS_FAMILY, m->turn.additional_family);
    write_numbers(w, m);
    if (m->has & STUN_HAS_PEER)
        stun_write_address(w, STUN_XOR_PEER_ADDRESS, mask, &m->turn.peer);
    for (size_t i = 0; i < m->turn.relayed_count; i++)
        stun_write_address(w, STUN_XOR_RELAYED_ADDRESS, mask, &m->turn.relayed[i]);
    if (m->has & STUN_HAS_ALTERNATE)
        stun_write_address(w, STUN_ALTERNATE_SERVER, plain, &m->alternate);
}
