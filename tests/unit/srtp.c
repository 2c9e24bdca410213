/* SPDX-License-Identifier: MIT */
/* SRTP against an independent computation: the vectors of RFC 3711 appendix B and RFC 7714 section 16 pin down a small reference (key
 * derivation, AES-CM, AES-GCM) made of mbedTLS primitives, and packets of srtp.h must equal what the reference makes. */
#include "rtp_test.h"

#include "hash.h"
#include "srtp.h"
#include "srtp_crypto.h"

#include <mbedtls/aes.h>
#include <mbedtls/gcm.h>

/* libsrtp2 takes our cipher and authenticator, which it tests with its own vectors: or everything here would test its. */
static void libsrtp_takes_ours(void **state)
{
    (void)state;
    struct world w;
    struct srtp_transport *t = NULL;
    static const uint8_t key[30];
    world_init(&w, NULL);
    assert_int_equal(srtp_transport_new(w.context, SRTP_PROFILE_AES128_CM_SHA1_80, slice_of(key, 30), slice_of(key, 30), &t), RTC_OK);
    assert_true(srtp_crypto_install());
    srtp_transport_free(t);
    world_fini(&w);
}

/* ---- The reference ---- */

static void aes_counter(struct slice key, const uint8_t iv[16], uint8_t *bytes, size_t len)
{
    mbedtls_aes_context aes;
    mbedtls_aes_init(&aes);
    assert_int_equal(mbedtls_aes_setkey_enc(&aes, key.data, (unsigned)key.len * 8), 0);
    uint8_t counter[16];
    uint8_t block[16];
    size_t offset = 0;
    memcpy(counter, iv, 16);
    assert_int_equal(mbedtls_aes_crypt_ctr(&aes, len, &offset, counter, block, bytes, bytes), 0);
    mbedtls_aes_free(&aes);
}

/* RFC 3711 section 4.3.1 with key derivation rate 0; a 96-bit salt is taken as 112 bits (RFC 7714 section 11). */
static struct bytes derive(struct slice key, struct slice salt, uint8_t label, size_t len)
{
    uint8_t iv[16] = {0};
    memcpy(iv, salt.data, salt.len);
    iv[7] ^= label;
    struct bytes out = {{0}, len};
    aes_counter(key, iv, out.data, len);
    return out;
}

static void cm_encrypt(struct bytes *packet, size_t header, struct slice key, struct slice salt, uint32_t roc)
{
    uint8_t iv[16] = {0};
    memcpy(iv, salt.data, 14);
    for (size_t i = 0; i < 4; i++)
        iv[4 + i] ^= packet->data[8 + i];
    iv[8] ^= (uint8_t)(roc >> 24);
    iv[9] ^= (uint8_t)(roc >> 16);
    iv[10] ^= (uint8_t)(roc >> 8);
    iv[11] ^= (uint8_t)roc;
    iv[12] ^= packet->data[2];
    iv[13] ^= packet->data[3];
    aes_counter(key, iv, packet->data + header, packet->len - header);
}

static void sha1_tag(struct bytes *packet, struct slice auth_key, uint32_t roc)
{
    struct bytes input = *packet;
    const uint8_t trailer[4] = {(uint8_t)(roc >> 24), (uint8_t)(roc >> 16), (uint8_t)(roc >> 8), (uint8_t)roc};
    memcpy(input.data + input.len, trailer, 4);
    input.len += 4;
    uint8_t digest[HASH_SHA1_LEN];
    assert_true(hash_hmac_sha1(auth_key, view(&input), digest));
    memcpy(packet->data + packet->len, digest, 10);
    packet->len += 10;
}

static void gcm_encrypt(struct bytes *packet, size_t header, struct slice key, struct slice salt, uint32_t roc)
{
    uint8_t iv[12] = {0,
                      0,
                      packet->data[8],
                      packet->data[9],
                      packet->data[10],
                      packet->data[11],
                      (uint8_t)(roc >> 24),
                      (uint8_t)(roc >> 16),
                      (uint8_t)(roc >> 8),
                      (uint8_t)roc,
                      packet->data[2],
                      packet->data[3]};
    for (size_t i = 0; i < 12; i++)
        iv[i] ^= salt.data[i];
    mbedtls_gcm_context gcm;
    mbedtls_gcm_init(&gcm);
    assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key.data, (unsigned)key.len * 8), 0);
    size_t len = packet->len - header;
    assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, len, iv, 12, packet->data, header, packet->data + header,
                                               packet->data + header, 16, packet->data + packet->len),
                     0);
    packet->len += 16;
    mbedtls_gcm_free(&gcm);
}

/* RFC 3711 appendices B.2 and B.3. */
static void reference_meets_rfc_3711(void **state)
{
    (void)state;
    struct bytes master = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
    struct bytes salt = hex("0EC675AD498AFEEBB6960B3AABE6");
    struct bytes wanted = hex("C61E7A93744F39EE10734AFE3FF7A087");
    struct bytes got = derive(view(&master), view(&salt), 0, 16);
    assert_bytes(view(&got), view(&wanted));
    wanted = hex("30CBBC08863D8C85D49DB34A9AE1");
    got = derive(view(&master), view(&salt), 2, 14);
    assert_bytes(view(&got), view(&wanted));
    wanted = hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
    got = derive(view(&master), view(&salt), 1, 20);
    assert_bytes(view(&got), view(&wanted));
    struct bytes key = hex("2B7E151628AED2A6ABF7158809CF4F3C");
    struct bytes iv = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000");
    uint8_t stream[32] = {0};
    aes_counter(view(&key), iv.data, stream, sizeof stream);
    wanted = hex("E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB");
    assert_bytes(slice_of(stream, sizeof stream), view(&wanted));
}

/* RFC 7714 section 16.1.1. */
static void reference_meets_rfc_7714(void **state)
{
    (void)state;
    struct bytes key = hex("000102030405060708090a0b0c0d0e0f");
    struct bytes salt = hex("517569642070726f2071756f");
    struct bytes packet = hex("8040f17b8041f8d35501a0b2 47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573");
    struct bytes wanted = hex("8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
                              "899d7f27beb16a9152cf765ee4390cce");
    gcm_encrypt(&packet, 12, view(&key), view(&salt), 0);
    assert_bytes(view(&packet), view(&wanted));
}

/* ---- The transport ---- */

struct profile {
    uint16_t id;
    size_t key_len, salt_len;
};
static const struct profile profiles[] = {
    {SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14}, {SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12}, {SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12}};
enum { PROFILES = 3 };

/* Two ends with each other's keys. */
struct pair {
    struct world world;
    const struct profile *profile;
    struct srtp_transport *a, *b;
};

static const uint8_t key_a[46] = {0xE1, 0xF9, 0x7A, 0x0D, 0x3E, 0x01, 0x8B, 0xE0, 0xD6, 0x4F, 0xA3, 0x2C, 0x06, 0xDE, 0x41,
                                  0x39, 0x0E, 0xC6, 0x75, 0xAD, 0x49, 0x8A, 0xFE, 0xEB, 0xB6, 0x96, 0x0B, 0x3A, 0xAB, 0xE6,
                                  1,    2,    3,    4,    5,    6,    7,    8,    9,    10,   11,   12,   13,   14};
static const uint8_t key_b[46] = {9, 8, 7, 6, 5, 4, 3, 2, 1};

static void pair_init(struct pair *p, const struct profile *profile, const rtc_limits *limits)
{
    world_init(&p->world, limits);
    p->profile = profile;
    struct slice a = slice_of(key_a, profile->key_len + profile->salt_len);
    struct slice b = slice_of(key_b, profile->key_len + profile->salt_len);
    assert_int_equal(srtp_transport_new(p->world.context, profile->id, a, b, &p->a), RTC_OK);
    assert_int_equal(srtp_transport_new(p->world.context, profile->id, b, a, &p->b), RTC_OK);
}

static void pair_fini(struct pair *p)
{
    srtp_transport_free(p->a);
    srtp_transport_free(p->b);
    world_fini(&p->world);
}

static struct packet *rtp(struct pair *p, uint32_t ssrc, uint16_t sequence)
{
    struct bytes b = hex("80 60 0000 00000000 00000000 6d65646961206279746573");
    b.data[2] = (uint8_t)(sequence >> 8);
    b.data[3] = (uint8_t)sequence;
    for (size_t i = 0; i < 4; i++)
        b.data[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
    return world_packet(&p->world, view(&b));
}

static struct packet *rtcp(struct pair *p, uint32_t ssrc)
{
    struct bytes b = hex("81 ce 0002 00000000 00000002");
    for (size_t i = 0; i < 4; i++)
        b.data[4 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
    return world_packet(&p->world, view(&b));
}

/* What a makes of the packet, b's verdict on it. Consumes it. */
static int pass_rtp(struct pair *p, struct packet *packet)
{
    assert_int_equal(srtp_protect_packet(p->a, packet), RTC_OK);
    int error = srtp_unprotect_packet(p->b, packet);
    packet_free(packet);
    return error;
}

static void protects_as_the_reference_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROFILES; i++) {
        struct pair p;
        pair_init(&p, &profiles[i], NULL);
        struct slice key = slice_of(key_a, profiles[i].key_len);
        struct slice salt = slice_of(key_a + key.len, profiles[i].salt_len);
        struct bytes session_key = derive(key, salt, 0, key.len);
        struct bytes session_salt = derive(key, salt, 2, salt.len);
        /* With a CSRC and an extension: they stay plain. */
        struct bytes plain = hex("91 e0 f17b 8041f8d3 5501a0b2 cafebabe bede0001 10300000 47616c6c696120657374");
        struct packet *packet = world_packet(&p.world, view(&plain));
        assert_int_equal(srtp_protect_packet(p.a, packet), RTC_OK);
        struct bytes wanted = plain;
        if (profiles[i].id == SRTP_PROFILE_AES128_CM_SHA1_80) {
            struct bytes auth_key = derive(key, salt, 1, 20);
            cm_encrypt(&wanted, 24, view(&session_key), view(&session_salt), 0);
            sha1_tag(&wanted, view(&auth_key), 0);
        } else {
            gcm_encrypt(&wanted, 24, view(&session_key), view(&session_salt), 0);
        }
        assert_bytes(packet_slice(packet), view(&wanted));
        assert_int_equal(srtp_transport_overhead(p.a), wanted.len - plain.len);
        assert_int_equal(srtp_unprotect_packet(p.b, packet), RTC_OK);
        assert_bytes(packet_slice(packet), view(&plain));
        packet_free(packet);
        pair_fini(&p);
    }
}

/* Payloads that end anywhere in a block of the cipher, the first and later ones. */
static void every_length_is_as_the_reference_has_it(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, &profiles[0], NULL);
    struct slice key = slice_of(key_a, profiles[0].key_len), salt = slice_of(key_a + key.len, profiles[0].salt_len);
    struct bytes session_key = derive(key, salt, 0, key.len), session_salt = derive(key, salt, 2, salt.len),
                 auth_key = derive(key, salt, 1, 20);
    for (size_t len = 0; len <= 70; len++) {
        struct bytes wanted = hex("80 60 0001 00000000 00000007");
        wanted.data[3] = (uint8_t)(len + 1);
        for (size_t i = 0; i < len; i++)
            wanted.data[wanted.len++] = (uint8_t)(i * 7);
        struct packet *packet = world_packet(&p.world, view(&wanted));
        assert_int_equal(srtp_protect_packet(p.a, packet), RTC_OK);
        cm_encrypt(&wanted, 12, view(&session_key), view(&session_salt), 0);
        sha1_tag(&wanted, view(&auth_key), 0);
        assert_bytes(packet_slice(packet), view(&wanted));
        packet_free(packet);
    }
    pair_fini(&p);
}

static void rtcp_goes_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROFILES; i++) {
        struct pair p;
        pair_init(&p, &profiles[i], NULL);
        struct packet *packet = rtcp(&p, 7);
        struct packet *plain = rtcp(&p, 7);
        assert_int_equal(srtcp_protect_packet(p.a, packet), RTC_OK);
        assert_true(packet->len <= plain->len + SRTCP_OVERHEAD_MAX);
        struct packet *again = world_packet(&p.world, packet_slice(packet));
        assert_int_equal(srtcp_unprotect_packet(p.b, packet), RTC_OK);
        assert_bytes(packet_slice(packet), packet_slice(plain));
        assert_int_equal(srtcp_unprotect_packet(p.b, again), RTC_ERR_INVALID_STATE);
        packet_free(packet);
        packet_free(plain);
        packet_free(again);
        pair_fini(&p);
    }
}

static void changed_bytes_are_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROFILES; i++) {
        struct pair p;
        pair_init(&p, &profiles[i], NULL);
        struct packet *packet = rtp(&p, 7, 1);
        assert_int_equal(srtp_protect_packet(p.a, packet), RTC_OK);
        for (size_t at = 1; at < packet->len; at++) {
            struct packet *changed = world_packet(&p.world, packet_slice(packet));
            packet_data(changed)[at] ^= 1;
            assert_int_equal(srtp_unprotect_packet(p.b, changed), RTC_ERR_NOT_ALLOWED);
            packet_free(changed);
        }
        assert_int_equal(srtp_unprotect_packet(p.b, packet), RTC_OK);
        packet_free(packet);
        pair_fini(&p);
    }
}

/* The right key of the wrong direction opens nothing. */
static void directions_have_keys_of_their_own(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, &profiles[0], NULL);
    struct packet *packet = rtp(&p, 7, 1);
    assert_int_equal(srtp_protect_packet(p.a, packet), RTC_OK);
    assert_int_equal(srtp_unprotect_packet(p.a, packet), RTC_ERR_NOT_ALLOWED);
    packet_free(packet);
    pair_fini(&p);
}

static void replays_are_refused(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, &profiles[1], NULL);
    struct packet *held[3];
    for (uint16_t i = 0; i < 3; i++) {
        held[i] = rtp(&p, 7, (uint16_t)(100 + i));
        assert_int_equal(srtp_protect_packet(p.a, held[i]), RTC_OK);
    }
    struct packet *copy = world_packet(&p.world, packet_slice(held[2]));
    assert_int_equal(srtp_unprotect_packet(p.b, held[2]), RTC_OK);
    assert_int_equal(srtp_unprotect_packet(p.b, copy), RTC_ERR_INVALID_STATE);
    assert_int_equal(srtp_unprotect_packet(p.b, held[0]), RTC_OK); /* reordered, within the window */
    for (uint16_t i = 103; i < 102 + SRTP_REPLAY_WINDOW; i++)
        assert_int_equal(pass_rtp(&p, rtp(&p, 7, i)), RTC_OK);
    assert_int_equal(pass_rtp(&p, rtp(&p, 7, 102 + SRTP_REPLAY_WINDOW)), RTC_OK);
    assert_int_equal(srtp_unprotect_packet(p.b, held[1]), RTC_ERR_INVALID_STATE); /* 101 is too old now */
    for (size_t i = 0; i < 3; i++)
        packet_free(held[i]);
    packet_free(copy);
    pair_fini(&p);
}

static void sequence_numbers_wrap(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROFILES; i++) {
        struct pair p;
        pair_init(&p, &profiles[i], NULL);
        uint16_t sequence = 65000;
        for (size_t n = 0; n < 67000; n++, sequence++)
            assert_int_equal(pass_rtp(&p, rtp(&p, 7, sequence)), RTC_OK);
        /* One from before a wrap, arriving after it. */
        pair_fini(&p);
        pair_init(&p, &profiles[i], NULL);
        struct packet *late = rtp(&p, 7, 65535);
        assert_int_equal(pass_rtp(&p, rtp(&p, 7, 65534)), RTC_OK);
        assert_int_equal(srtp_protect_packet(p.a, late), RTC_OK);
        assert_int_equal(pass_rtp(&p, rtp(&p, 7, 0)), RTC_OK);
        assert_int_equal(pass_rtp(&p, rtp(&p, 7, 1)), RTC_OK);
        assert_int_equal(srtp_unprotect_packet(p.b, late), RTC_OK);
        packet_free(late);
        pair_fini(&p);
    }
}

/* Two packets of one number under one key give away their contents. */
static void a_number_is_used_once(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, &profiles[0], NULL);
    struct packet *one = rtp(&p, 7, 1);
    struct packet *two = rtp(&p, 7, 1);
    assert_int_equal(srtp_protect_packet(p.a, one), RTC_OK);
    assert_int_equal(srtp_protect_packet(p.a, two), RTC_ERR_INVALID_STATE);
    packet_free(one);
    packet_free(two);
    pair_fini(&p);
}

/* Every length, RTP and RTCP, with bits that promise more than there is; the GCM lengths of 20 to 27 among them. */
static void short_packets_are_refused(void **state)
{
    (void)state;
    static const uint8_t firsts[] = {0x80, 0x8f, 0x90, 0x9f, 0xb0, 0x00, 0xc0};
    for (size_t i = 0; i < PROFILES; i++) {
        struct pair p;
        pair_init(&p, &profiles[i], NULL);
        for (size_t len = 0; len <= 64; len++) {
            for (size_t f = 0; f < sizeof firsts; f++) {
                uint8_t bytes[64];
                memset(bytes, 0xff, sizeof bytes);
                bytes[0] = firsts[f];
                struct packet *packet = world_packet(&p.world, slice_of(bytes, len));
                assert_true(srtp_unprotect_packet(p.b, packet) < 0);
                packet_free(packet);
                packet = world_packet(&p.world, slice_of(bytes, len));
                int error = srtcp_unprotect_packet(p.b, packet);
                assert_true(error < 0);
                if (len < 8 + 10 + 4 || (i > 0 && len < 8 + 16 + 4))
                    assert_int_equal(error, RTC_ERR_TYPE);
                packet_free(packet);
            }
        }
        pair_fini(&p);
    }
}

static void unfit_packets_are_not_protected(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, &profiles[0], NULL);
    struct packet *packet = rtp(&p, 7, 1);
    packet->len = 11;
    assert_int_equal(srtp_protect_packet(p.a, packet), RTC_ERR_TYPE);
    packet->len = packet->capacity - packet->start - 15;
    assert_int_equal(srtp_protect_packet(p.a, packet), RTC_ERR_TYPE);
    assert_int_equal(srtcp_protect_packet(p.a, packet), RTC_ERR_TYPE);
    packet->len = 7;
    assert_int_equal(srtcp_protect_packet(p.a, packet), RTC_ERR_TYPE);
    packet_free(packet);
    pair_fini(&p);
}

/* A peer that changes its SSRC again and again is heard for ever; who was silent for longest makes room, and begins anew. */
static void sources_are_bounded(void **state)
{
    (void)state;
    struct pair p;
    const rtc_limits limits = {.size = sizeof limits, .ssrcs = 4};
    pair_init(&p, &profiles[1], &limits);
    struct packet *first = rtp(&p, 1, 1), *again = rtp(&p, 1, 1);
    assert_int_equal(srtp_protect_packet(p.a, first), RTC_OK);
    memcpy(packet_data(again), packet_data(first), first->len);
    again->len = first->len;
    struct packet *third = packet_copy(p.world.pool, packet_slice(first));
    assert_int_equal(srtp_unprotect_packet(p.b, first), RTC_OK);
    for (uint32_t ssrc = 2; ssrc <= 4; ssrc++)
        assert_int_equal(pass_rtp(&p, rtp(&p, ssrc, 1)), RTC_OK);
    assert_int_equal(srtp_unprotect_packet(p.b, again), RTC_ERR_INVALID_STATE); /* it is still known */
    for (uint32_t ssrc = 5; ssrc < 500; ssrc++) {
        assert_int_equal(pass_rtp(&p, rtp(&p, ssrc, 1)), RTC_OK);
        assert_int_equal(pass_rtp(&p, rtp(&p, 2, (uint16_t)ssrc)), RTC_OK); /* who speaks is never forgotten */
        struct packet *packet = rtcp(&p, ssrc + 1000);
        assert_int_equal(srtcp_protect_packet(p.a, packet), RTC_OK);
        assert_int_equal(srtcp_unprotect_packet(p.b, packet), RTC_OK);
        packet_free(packet);
    }
    struct packet *spoken = rtp(&p, 2, 600), *copy;
    assert_int_equal(srtp_protect_packet(p.a, spoken), RTC_OK);
    copy = packet_copy(p.world.pool, packet_slice(spoken));
    assert_int_equal(srtp_unprotect_packet(p.b, spoken), RTC_OK);
    assert_int_equal(srtp_unprotect_packet(p.b, copy), RTC_ERR_INVALID_STATE);
    assert_int_equal(srtp_unprotect_packet(p.b, third), RTC_OK); /* libsrtp's state is gone too */
    packet_free(first);
    packet_free(again);
    packet_free(third);
    packet_free(spoken);
    packet_free(copy);
    pair_fini(&p);
}

/* Packets that are not authentic take no place in the table. */
static void forgeries_use_up_nothing(void **state)
{
    (void)state;
    struct pair p;
    const rtc_limits limits = {.size = sizeof limits, .ssrcs = 1};
    pair_init(&p, &profiles[0], &limits);
    for (uint32_t ssrc = 100; ssrc < 10100; ssrc++) {
        struct packet *forged = rtp(&p, ssrc, 1);
        forged->len += 10;
        assert_int_equal(srtp_unprotect_packet(p.b, forged), RTC_ERR_NOT_ALLOWED);
        packet_free(forged);
    }
    assert_int_equal(pass_rtp(&p, rtp(&p, 1, 1)), RTC_OK);
    pair_fini(&p);
}

static void wrong_parameters(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    struct srtp_transport *t = NULL;
    struct slice right = slice_of(key_a, 30);
    assert_int_equal(srtp_transport_new(w.context, 2, right, right, &t), RTC_ERR_NOT_SUPPORTED);
    assert_int_equal(srtp_transport_new(w.context, 1, slice_of(key_a, 28), right, &t), RTC_ERR_TYPE);
    assert_int_equal(srtp_transport_new(w.context, 7, slice_of(key_a, 28), right, &t), RTC_ERR_TYPE);
    w.allocations_left = 0;
    assert_int_equal(srtp_transport_new(w.context, 1, right, right, &t), RTC_ERR_NO_MEMORY);
    assert_null(t);
    srtp_transport_free(NULL);
    w.allocations_left = -1;
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libsrtp_takes_ours),
        cmocka_unit_test(reference_meets_rfc_3711),
        cmocka_unit_test(reference_meets_rfc_7714),
        cmocka_unit_test(protects_as_the_reference_does),
        cmocka_unit_test(every_length_is_as_the_reference_has_it),
        cmocka_unit_test(rtcp_goes_through),
        cmocka_unit_test(changed_bytes_are_noticed),
        cmocka_unit_test(directions_have_keys_of_their_own),
        cmocka_unit_test(replays_are_refused),
        cmocka_unit_test(sequence_numbers_wrap),
        cmocka_unit_test(a_number_is_used_once),
        cmocka_unit_test(short_packets_are_refused),
        cmocka_unit_test(unfit_packets_are_not_protected),
        cmocka_unit_test(sources_are_bounded),
        cmocka_unit_test(forgeries_use_up_nothing),
        cmocka_unit_test(wrong_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
