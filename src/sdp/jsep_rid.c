/* SPDX-License-Identifier: MIT */
/* What a=rid restricts (RFC 8851): the formats of a stream, and what its pictures and its rate may be at most. */
#include "jsep.h"
#include "sdp_attributes.h"

static bool read_payload_types(struct slice list, struct jsep_rid_limits *out)
{
    if (list.len == 0)
        return false;
    while (list.len > 0) {
        uint64_t type;
        if (!slice_to_u64(sdp_until(&list, ','), 127, &type))
            return false;
        out->payload_types[type / 64] |= UINT64_C(1) << (type % 64);
    }
    return true;
}

static bool read_limit(struct slice name, struct slice value, struct jsep_rid_limits *out)
{
    const struct {
        const char *name;
        uint32_t *limit;
    } limits[] = {
        {"max-width", &out->max_width}, {"max-height", &out->max_height}, {"max-fps", &out->max_fps}, {"max-br", &out->max_bitrate_bps}};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        uint64_t number;
        if (!slice_is(name, limits[i].name))
            continue;
        if (!slice_to_u64(value, UINT32_MAX, &number) || number == 0 || *limits[i].limit > 0) /* each once */
            return false;
        *limits[i].limit = (uint32_t)number;
    }
    return name.len > 0;
}

bool jsep_rid_read_limits(struct slice restrictions, struct jsep_rid_limits *out)
{
    bool first = true, read = true;
    *out = (struct jsep_rid_limits){.max_width = 0};
    for (; read && restrictions.len > 0; first = false) {
        struct slice value = sdp_until(&restrictions, ';'), whole = value, name = sdp_until(&value, '=');
        bool formats = slice_is(name, "pt");                   /* in front of all others */
        if (!formats && name.len > 0 && name.len == whole.len) /* without a value it restricts nothing (RFC 8851 section 10) */
            continue;
        read = formats ? first && read_payload_types(value, out) : read_limit(name, value, out);
    }
    if (!read)
        *out = (struct jsep_rid_limits){.max_width = 0};
    return read;
}

bool jsep_rid_allows(const struct jsep_rid_limits *limits, uint8_t payload_type)
{
    bool any = limits->payload_types[0] == 0 && limits->payload_types[1] == 0;
    return any || (payload_type < 128 && (limits->payload_types[payload_type / 64] >> (payload_type % 64) & 1));
}
