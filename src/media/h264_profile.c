/* SPDX-License-Identifier: MIT */
/* See h264_profile.h. */
#include "h264_profile.h"

#include "base64.h"
#include "fmtp.h"
#include "text.h"

#include <stdio.h>

enum { LEVEL_1 = 10, LEVEL_1_1 = 11, LEVEL_1B = 9 /* of High; else 1.1 with constraint_set3 */, SET3 = 0x10, HIGH_IDC = 0x64 };

static bool read_hex(struct slice s, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < s.len; i++) {
        int c = s.data[i], lower = c | 32;
        int digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
        if (digit == 16)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

/* Table 5 of section 8.1, by profile_idc and those of constraint_set0 to 5 that must be as they are. */
static enum h264_profile profile_of(uint8_t idc, uint8_t constraints)
{
    static const struct {
        uint8_t idc, mask, bits;
        enum h264_profile profile;
    } known[] = {
        {0x42, 0x4f, 0x40, H264_CONSTRAINED_BASELINE},
        {0x4d, 0x8f, 0x80, H264_CONSTRAINED_BASELINE},
        {0x58, 0xcf, 0xc0, H264_CONSTRAINED_BASELINE},
        {0x42, 0x4f, 0x00, H264_BASELINE},
        {0x58, 0xcf, 0x80, H264_BASELINE},
        {0x4d, 0xaf, 0x00, H264_MAIN},
        {0x58, 0xcf, 0x00, H264_EXTENDED},
        {0x64, 0xff, 0x00, H264_HIGH},
        {0x64, 0xff, 0x0c, H264_CONSTRAINED_HIGH},
        {0xf4, 0xff, 0x00, H264_HIGH_444},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].idc == idc && (constraints & known[i].mask) == known[i].bits)
            return known[i].profile;
    return H264_OTHER;
}

bool h264_level_id_read(const char *fmtp, struct h264_level_id *out)
{
    struct slice text = fmtp_value(fmtp, "profile-level-id");
    uint32_t value = 0x42000a;
    if (text.len > 0 && (text.len != 6 || !read_hex(text, &value)))
        return false;
    *out = (struct h264_level_id){(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value, H264_OTHER};
    out->profile = profile_of(out->profile_idc, out->constraints);
    return true;
}

unsigned h264_packetization_mode(const char *fmtp)
{
    struct slice text = fmtp_value(fmtp, "packetization-mode");
    uint64_t mode = 0;
    if (text.len > 0 && !slice_to_u64(text, 9, &mode))
        return 9;
    return (unsigned)mode;
}

bool h264_same_parameters(const char *a, const char *b)
{
    struct h264_level_id x, y;
    if (!h264_level_id_read(a, &x) || !h264_level_id_read(b, &y) || x.profile != y.profile ||
        h264_packetization_mode(a) != h264_packetization_mode(b))
        return false;
    return x.profile != H264_OTHER || (x.profile_idc == y.profile_idc && x.constraints == y.constraints);
}

static bool is_1b(const struct h264_level_id *id)
{
    bool by_set3 = id->profile_idc == 0x42 || id->profile_idc == 0x4d || id->profile_idc == 0x58;
    return id->level_idc == LEVEL_1B || (by_set3 && id->level_idc == LEVEL_1_1 && (id->constraints & SET3));
}

/* Twice the level, with 1b between 1 and 1.1. */
static unsigned rank(const struct h264_level_id *id)
{
    return is_1b(id) ? 2 * LEVEL_1 + 1 : 2u * id->level_idc;
}

static bool allows_asymmetry(const char *fmtp)
{
    return slice_is(fmtp_value(fmtp, "level-asymmetry-allowed"), "1");
}

void h264_answer_parameters(const char *theirs, const char *ours, char *out, size_t size)
{
    struct h264_level_id x = {0}, y = {0};
    bool asymmetric = allows_asymmetry(theirs) && allows_asymmetry(ours);
    if (!h264_level_id_read(theirs, &x) || !h264_level_id_read(ours, &y)) {
        text_copy(out, size, ours);
        return;
    }
    struct h264_level_id said = x;
    if (asymmetric || rank(&y) < rank(&x)) {
        said.level_idc = y.level_idc;
        if (said.profile_idc != HIGH_IDC) /* of which set3 says something else */
            said.constraints = (uint8_t)((x.constraints & ~SET3) | (is_1b(&y) ? SET3 : 0));
    }
    (void)snprintf(out, size, "%spacketization-mode=%u;profile-level-id=%02x%02x%02x", asymmetric ? "level-asymmetry-allowed=1;" : "",
                   h264_packetization_mode(theirs), said.profile_idc, said.constraints, said.level_idc);
}

void h264_picture_limits(const char *fmtp, uint32_t *blocks, uint32_t *blocks_per_second)
{
    static const struct {
        uint8_t level;
        uint32_t blocks, blocks_per_second;
    } levels[] = {
        {10, 99, 1485},       {11, 396, 3000},       {12, 396, 6000},       {13, 396, 11880},       {20, 396, 11880},
        {21, 792, 19800},     {22, 1620, 20250},     {30, 1620, 40500},     {31, 3600, 108000},     {32, 5120, 216000},
        {40, 8192, 245760},   {41, 8192, 245760},    {42, 8704, 522240},    {50, 22080, 589824},    {51, 36864, 983040},
        {52, 36864, 2073600}, {60, 139264, 4177920}, {61, 139264, 8355840}, {62, 139264, 16711680},
    };
    struct h264_level_id id;
    *blocks = *blocks_per_second = 0;
    if (!h264_level_id_read(fmtp, &id))
        return;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (levels[i].level == (is_1b(&id) ? LEVEL_1 : id.level_idc)) {
            *blocks = levels[i].blocks;
            *blocks_per_second = levels[i].blocks_per_second;
        }
}

size_t h264_set_read(struct slice text, uint8_t *out, size_t max)
{
    size_t len;
    return base64_decode(text, out, max, &len) ? len : 0;
}
