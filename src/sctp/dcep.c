/* SPDX-License-Identifier: MIT */
/* Codec of DATA_CHANNEL_OPEN (RFC 8832 5.1); DATA_CHANNEL_ACK (5.2) is its type byte alone. */
#include "dcep.h"

#include "reader.h"
#include "writer.h"

enum { TYPE_RELIABLE = 0, TYPE_RETRANSMITS = 1, TYPE_LIFETIME = 2, TYPE_UNORDERED = 0x80 };

uint8_t dcep_type(struct slice message)
{
    return message.len > 0 ? message.data[0] : 0;
}

static int32_t clamp_parameter(uint32_t v)
{
    return v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

static bool apply_type(struct dcep_open *o, uint8_t type, uint32_t parameter)
{
    o->unordered = (type & TYPE_UNORDERED) != 0;
    o->max_retransmits = o->max_packet_life_ms = -1;
    switch (type & ~TYPE_UNORDERED) {
    case TYPE_RELIABLE: /* the parameter is to be ignored */
        return true;
    case TYPE_RETRANSMITS:
        o->max_retransmits = clamp_parameter(parameter);
        return true;
    case TYPE_LIFETIME:
        o->max_packet_life_ms = clamp_parameter(parameter);
        return true;
    default:
        return false;
    }
}

bool dcep_parse_open(struct slice message, struct dcep_open *out)
{
    struct reader r = reader_of(message);
    struct dcep_open o;
    bool known = reader_u8(&r) == DCEP_OPEN;
    uint8_t type = reader_u8(&r);
    o.priority = reader_u16(&r);
    known = apply_type(&o, type, reader_u32(&r)) && known;
    uint16_t label_len = reader_u16(&r), protocol_len = reader_u16(&r);
    o.label = reader_bytes(&r, label_len);
    o.protocol = reader_bytes(&r, protocol_len);
    if (!known || !reader_ok(&r) || reader_left(&r) > 0)
        return false;
    *out = o;
    return true;
}

size_t dcep_open_len(const struct dcep_open *o)
{
    return DCEP_OPEN_HEADER_LEN + o->label.len + o->protocol.len;
}

static uint8_t channel_type(const struct dcep_open *o)
{
    uint8_t type = o->max_retransmits >= 0 ? TYPE_RETRANSMITS : o->max_packet_life_ms >= 0 ? TYPE_LIFETIME : TYPE_RELIABLE;
    return o->unordered ? (uint8_t)(type | TYPE_UNORDERED) : type;
}

static uint32_t parameter_of(const struct dcep_open *o)
{
    return o->max_retransmits >= 0 ? (uint32_t)o->max_retransmits : o->max_packet_life_ms >= 0 ? (uint32_t)o->max_packet_life_ms : 0;
}

bool dcep_write_open(const struct dcep_open *o, uint8_t *bytes, size_t capacity)
{
    if (o->label.len > UINT16_MAX || o->protocol.len > UINT16_MAX)
        return false;
    struct writer w = writer_of(bytes, capacity);
    writer_u8(&w, DCEP_OPEN);
    writer_u8(&w, channel_type(o));
    writer_u16(&w, o->priority);
    writer_u32(&w, parameter_of(o));
    writer_u16(&w, (uint16_t)o->label.len);
    writer_u16(&w, (uint16_t)o->protocol.len);
    writer_bytes(&w, o->label);
    writer_bytes(&w, o->protocol);
    return writer_ok(&w);
}
