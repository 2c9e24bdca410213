/* SPDX-License-Identifier: MIT */
/* CRC32c by the processor's instruction where there is one, else by eight tables made at first use (RFC 9260 appendix A). */
#include "crc32c.h"

#include <pthread.h>

enum { CHECKSUM_AT = 8, HEADER_LEN = 12 };

static uint32_t tables[8][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

/* 0x82f63b78: the polynomial 0x1edc6f41 with its bits in reverse. */
static void make_tables(void)
{
    for (uint32_t n = 0; n < 256; n++) {
        uint32_t crc = n;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
        tables[0][n] = crc;
    }
    for (uint32_t n = 0; n < 256; n++)
        for (int t = 1; t < 8; t++)
            tables[t][n] = tables[t - 1][n] >> 8 ^ tables[0][tables[t - 1][n] & 0xff];
}

/* Eight bytes at once: each goes through the table of its distance from the end. */
static uint32_t step8(uint32_t crc, const uint8_t *p)
{
    uint32_t low = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
    return tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^ tables[5][low >> 16 & 0xff] ^ tables[4][low >> 24] ^ tables[3][p[4]] ^
           tables[2][p[5]] ^ tables[1][p[6]] ^ tables[0][p[7]];
}

uint32_t crc32c_update_portable(uint32_t crc, struct slice s)
{
    (void)pthread_once(&tables_once, make_tables);
    crc = ~crc;
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8)
        crc = step8(crc, s.data + i);
    for (; i < s.len; i++)
        crc = crc >> 8 ^ tables[0][(crc ^ s.data[i]) & 0xff];
    return ~crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t update_sse42(uint32_t crc, struct slice s)
{
    uint64_t wide = (uint32_t)~crc;
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        uint64_t word;
        memcpy(&word, s.data + i, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    uint32_t narrow = (uint32_t)wide;
    for (; i < s.len; i++)
        narrow = _mm_crc32_u8(narrow, s.data[i]);
    return ~narrow;
}

uint32_t crc32c_update(uint32_t crc, struct slice s)
{
    return __builtin_cpu_supports("sse4.2") ? update_sse42(crc, s) : crc32c_update_portable(crc, s);
}
#else
uint32_t crc32c_update(uint32_t crc, struct slice s)
{
    return crc32c_update_portable(crc, s);
}
#endif

uint32_t crc32c_packet(struct slice packet)
{
    static const uint8_t zeros[4];
    uint32_t crc = crc32c_update(0, slice_of(packet.data, CHECKSUM_AT));
    crc = crc32c_update(crc, slice_of(zeros, sizeof zeros));
    return crc32c_update(crc, slice_of(packet.data + HEADER_LEN, packet.len - HEADER_LEN));
}

/* The reflected sum travels with its least significant byte first. */
static void put_sum(uint8_t *p, uint32_t crc)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(crc >> 8 * i);
}

bool crc32c_packet_ok(struct slice packet)
{
    uint8_t sum[4];
    if (packet.len < HEADER_LEN)
        return false;
    put_sum(sum, crc32c_packet(packet));
    return memcmp(sum, packet.data + CHECKSUM_AT, sizeof sum) == 0;
}

void crc32c_packet_seal(uint8_t *packet, size_t len)
{
    if (len >= HEADER_LEN)
        put_sum(packet + CHECKSUM_AT, crc32c_packet(slice_of(packet, len)));
}
