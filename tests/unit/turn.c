/* SPDX-License-Identifier: MIT */
/* The parts of the TURN client by themselves: attributes, long-term credentials (a vector of RFC 5769 among others), messages in a stream,
 * wrapping. */
#include "turn_client.h"
#include "turn_credentials.h"
#include "turn_stream.h"

#include "context.h"
#include "hash.h"
#include "writer.h"

#include <crtc/base.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define BYTES(array) slice_of(array, sizeof array)

/* RFC 5769 section 2.4: the user name is six katakana letters. */
static const uint8_t sample_long_term[] = {
    0x00, 0x01, 0x00, 0x60, 0x21, 0x12, 0xa4, 0x42, 0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72, 0xc0, 0x29, 0xda, 0x41, 0x2e,
    0x00, 0x06, 0x00, 0x12, 0xe3, 0x83, 0x9e, 0xe3, 0x83, 0x88, 0xe3, 0x83, 0xaa, 0xe3, 0x83, 0x83, 0xe3, 0x82, 0xaf, 0xe3,
    0x82, 0xb9, 0x00, 0x00, 0x00, 0x15, 0x00, 0x1c, 0x66, 0x2f, 0x2f, 0x34, 0x39, 0x39, 0x6b, 0x39, 0x35, 0x34, 0x64, 0x36,
    0x4f, 0x4c, 0x33, 0x34, 0x6f, 0x4c, 0x39, 0x46, 0x53, 0x54, 0x76, 0x79, 0x36, 0x34, 0x73, 0x41, 0x00, 0x14, 0x00, 0x0b,
    0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x6f, 0x72, 0x67, 0x00, 0x00, 0x08, 0x00, 0x14, 0xf6, 0x70, 0x24, 0x65,
    0x6d, 0xd6, 0x4a, 0x3e, 0x02, 0xb8, 0xe0, 0x71, 0x2e, 0x85, 0xc9, 0xa2, 0x8c, 0xa8, 0x96, 0x66};
/* The same credentials with the password algorithm SHA-256, made with another implementation of HMAC and SHA-256. */
static const uint8_t sample_sha256[] = {
    0x00, 0x03, 0x00, 0x90, 0x21, 0x12, 0xa4, 0x42, 0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72, 0xc0, 0x29, 0xda, 0x41, 0x2e, 0x00,
    0x06, 0x00, 0x12, 0xe3, 0x83, 0x9e, 0xe3, 0x83, 0x88, 0xe3, 0x83, 0xaa, 0xe3, 0x83, 0x83, 0xe3, 0x82, 0xaf, 0xe3, 0x82, 0xb9,
    0x00, 0x00, 0x00, 0x15, 0x00, 0x29, 0x6f, 0x62, 0x4d, 0x61, 0x74, 0x4a, 0x6f, 0x73, 0x32, 0x67, 0x41, 0x41, 0x41, 0x66, 0x2f,
    0x2f, 0x34, 0x39, 0x39, 0x6b, 0x39, 0x35, 0x34, 0x64, 0x36, 0x4f, 0x4c, 0x33, 0x34, 0x6f, 0x4c, 0x39, 0x46, 0x53, 0x54, 0x76,
    0x79, 0x36, 0x34, 0x73, 0x41, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x0b, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x6f,
    0x72, 0x67, 0x00, 0x80, 0x02, 0x00, 0x08, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x1d, 0x00, 0x04, 0x00, 0x02,
    0x00, 0x00, 0x00, 0x1c, 0x00, 0x20, 0x2b, 0x52, 0x0a, 0x1e, 0xba, 0x28, 0xea, 0xde, 0x95, 0x2f, 0x3d, 0x16, 0x85, 0x06, 0xd3,
    0xf5, 0x14, 0x45, 0x15, 0x8b, 0xd8, 0x19, 0x7b, 0xf2, 0xe0, 0x53, 0xfb, 0x9d, 0xe5, 0xdb, 0xc2, 0xd4};
static const char sample_user[] = "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9";

static struct stun_message challenge(const char *realm, const char *nonce)
{
    struct stun_message m = {.class = STUN_ERROR, .has = STUN_HAS_ERROR | STUN_HAS_REALM | STUN_HAS_NONCE, .error_code = 401};
    m.realm = slice_str(realm);
    m.nonce = slice_str(nonce);
    return m;
}

static void vector_md5(void **state)
{
    (void)state;
    struct turn_credentials c;
    struct stun_message m, asked = challenge("example.org", "f//499k954d6OL34oL9FSTvy64sA");
    assert_int_equal(stun_parse(BYTES(sample_long_term), &m), RTC_OK);
    assert_int_equal(turn_credentials_init(&c, sample_user, "TheMatrIX"), RTC_OK);
    assert_true(turn_credentials_challenge(&c, &asked));
    assert_true(turn_credentials_authentic(&c, &m));
    assert_true(slice_is(m.username, sample_user));
    assert_int_equal(turn_credentials_init(&c, sample_user, "TheMatrIx"), RTC_OK);
    assert_true(turn_credentials_challenge(&c, &asked));
    assert_false(turn_credentials_authentic(&c, &m));
}

static void vector_sha256(void **state)
{
    (void)state;
    struct turn_credentials c;
    struct stun_message m, asked = challenge("example.org", "obMatJos2gAAAf//499k954d6OL34oL9FSTvy64sA");
    static const uint8_t offer[] = {0, 2, 0, 0, 0, 1, 0, 0};
    uint8_t broken[sizeof sample_sha256];
    assert_int_equal(stun_parse(BYTES(sample_sha256), &m), RTC_OK);
    assert_int_equal(turn_credentials_init(&c, sample_user, "TheMatrIX"), RTC_OK);
    asked.has |= STUN_HAS_PASSWORD_ALGORITHMS;
    asked.password_algorithms = BYTES(offer);
    assert_true(turn_credentials_challenge(&c, &asked));
    assert_true(turn_credentials_authentic(&c, &m));
    for (size_t i = 0; i < sizeof broken; i++) {
        memcpy(broken, sample_sha256, sizeof broken);
        broken[i] ^= 1;
        if (stun_parse(BYTES(broken), &m) == RTC_OK)
            assert_false(stun_authentic_sha256(&m, slice_of(c.key, c.key_len)));
    }
}

static void signs_with_sha256_where_offered(void **state)
{
    (void)state;
    static const uint8_t both[] = {0, 1, 0, 0, 0, 2, 0, 0}, md5[] = {0, 1, 0, 0}, unknown[] = {0, 9, 0, 0}, cut[] = {0, 9, 0, 8};
    const struct {
        struct slice offer;
        bool answered, sha256;
    } cases[] = {{BYTES(both), true, true}, {BYTES(md5), true, false}, {BYTES(unknown), false, false}, {BYTES(cut), false, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct turn_credentials c;
        struct stun_message asked = challenge("r", "obMatJos2gAAAx"), m = {.class = STUN_REQUEST, .method = 3}, back;
        uint8_t bytes[600];
        asked.has |= STUN_HAS_PASSWORD_ALGORITHMS;
        asked.password_algorithms = cases[i].offer;
        assert_int_equal(turn_credentials_init(&c, "u", "p"), RTC_OK);
        assert_int_equal(turn_credentials_challenge(&c, &asked), cases[i].answered);
        if (!cases[i].answered)
            continue;
        struct slice key = turn_credentials_sign(&c, &m);
        size_t len = stun_write(&m, key, bytes, sizeof bytes);
        assert_int_equal(stun_parse(slice_of(bytes, len), &back), RTC_OK);
        assert_true(back.has & STUN_HAS_INTEGRITY_SHA256); /* whatever the key is made with */
        assert_false(back.has & STUN_HAS_INTEGRITY);
        assert_int_equal(key.len, cases[i].sha256 ? 32 : 16);
        assert_true(turn_credentials_authentic(&c, &back));
        assert_true(slice_eq(back.password_algorithms, cases[i].offer));
        assert_int_equal(back.password_algorithm.data[1], cases[i].sha256 ? 2 : 1);
    }
}

/* Somebody who takes the offer of better algorithms out of the challenge is not answered. */
static void no_bidding_down(void **state)
{
    (void)state;
    struct turn_credentials c;
    struct stun_message high = challenge("r", "obMatJos2gAAAx"), low = challenge("r", "obMatJos2AAABx"),
                        none = challenge("r", "obMatJos2AAAAx");
    assert_int_equal(turn_credentials_init(&c, "u", "p"), RTC_OK);
    assert_false(turn_credentials_challenge(&c, &high));
    assert_false(turn_credentials_challenge(&c, &low));
    assert_true(turn_credentials_challenge(&c, &none));
}

/* Nor is somebody who does so later in the call. */
static void no_bidding_down_later(void **state)
{
    (void)state;
    static const uint8_t both[] = {0, 1, 0, 0, 0, 2, 0, 0}, md5[] = {0, 1, 0, 0};
    struct turn_credentials c;
    struct stun_message good = challenge("r", "obMatJos2gAAAx"), only_md5 = good, none = challenge("r", "n");
    good.has |= STUN_HAS_PASSWORD_ALGORITHMS;
    good.password_algorithms = BYTES(both);
    only_md5.has |= STUN_HAS_PASSWORD_ALGORITHMS;
    only_md5.password_algorithms = BYTES(md5);
    assert_int_equal(turn_credentials_init(&c, "u", "p"), RTC_OK);
    assert_true(turn_credentials_challenge(&c, &only_md5));
    assert_false(turn_credentials_challenge(&c, &none));
    assert_true(turn_credentials_challenge(&c, &good)); /* up is fine */
    assert_false(turn_credentials_challenge(&c, &only_md5));
    assert_false(turn_credentials_challenge(&c, &none));
    assert_true(c.sha256 && c.negotiated);
    assert_true(slice_is(slice_of(c.nonce, c.nonce_len), "obMatJos2gAAAx"));
}

/* The key of RFC 5389's example, "user:realm:pass", whatever a server wraps its realm in; the realm goes back as it came. */
static void realm_in_quotes(void **state)
{
    (void)state;
    static const uint8_t key[] = {0x84, 0x93, 0xfb, 0xc5, 0x3b, 0xa5, 0x82, 0xfb, 0x4c, 0x04, 0x4c, 0x45, 0x6b, 0xdc, 0x40, 0xeb};
    const struct slice realms[] = {slice_str("realm"), slice_str("\"realm\""), slice_of("realm\0\0", 7)};
    for (size_t i = 0; i < 3; i++) {
        struct turn_credentials c;
        struct stun_message asked = challenge("", "n"), m = {.class = STUN_REQUEST};
        asked.realm = realms[i];
        assert_int_equal(turn_credentials_init(&c, "user", "pass"), RTC_OK);
        assert_true(turn_credentials_challenge(&c, &asked));
        assert_true(slice_eq(slice_of(c.key, c.key_len), BYTES(key)));
        (void)turn_credentials_sign(&c, &m);
        assert_true(slice_eq(m.realm, realms[i]));
    }
}

static void challenge_limits(void **state)
{
    (void)state;
    char text[1024];
    struct turn_credentials c;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    assert_int_equal(turn_credentials_init(&c, text, "p"), RTC_ERR_RANGE);
    assert_int_equal(turn_credentials_init(&c, "u", text), RTC_ERR_RANGE);
    assert_int_equal(turn_credentials_init(&c, "u", "p"), RTC_OK);
    struct stun_message m = challenge(text, "n");
    assert_false(turn_credentials_challenge(&c, &m));
    m = challenge("r", text);
    assert_false(turn_credentials_challenge(&c, &m));
    m = challenge("r", "n");
    m.has &= ~(uint32_t)STUN_HAS_NONCE;
    assert_false(turn_credentials_challenge(&c, &m));
}

static struct address six(uint16_t port)
{
    struct address a;
    assert_true(address_parse(slice_str("2001:db8::7"), port, &a));
    return a;
}

static void attributes_round_trip(void **state)
{
    (void)state;
    uint8_t bytes[600];
    struct stun_message back, m = {.class = STUN_SUCCESS, .method = 3, .transaction = "0123456789a"};
    m.has = STUN_HAS_LIFETIME | STUN_HAS_CHANNEL | STUN_HAS_PEER | STUN_HAS_ALTERNATE | STUN_HAS_TRANSPORT | STUN_HAS_DATA;
    m.turn = (struct stun_turn){
        .lifetime = 777, .channel = 0x4abc, .requested_family = ADDRESS_IPV6, .additional_family = ADDRESS_IPV4, .relayed_count = 2};
    m.turn.relayed[0] = address_ipv4(192, 0, 2, 1, 50000);
    m.turn.relayed[1] = six(50001);
    m.turn.peer = six(9);
    m.turn.data = slice_str("hello");
    m.alternate = address_ipv4(192, 0, 2, 9, 3479);
    size_t len = stun_write(&m, slice_of(NULL, 0), bytes, sizeof bytes);
    assert_true(len > 0);
    assert_int_equal(stun_parse(slice_of(bytes, len), &back), RTC_OK);
    assert_int_equal(back.has, m.has);
    assert_int_equal(back.turn.lifetime, 777);
    assert_int_equal(back.turn.channel, 0x4abc);
    assert_int_equal(back.turn.requested_family, ADDRESS_IPV6);
    assert_int_equal(back.turn.additional_family, ADDRESS_IPV4);
    assert_int_equal(back.turn.relayed_count, 2);
    assert_true(address_eq(&back.turn.relayed[0], &m.turn.relayed[0]) && address_eq(&back.turn.relayed[1], &m.turn.relayed[1]));
    assert_true(address_eq(&back.turn.peer, &m.turn.peer) && address_eq(&back.alternate, &m.alternate));
    assert_true(slice_is(back.turn.data, "hello"));
    assert_int_equal(back.unknown_count, 0);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_not_equal(stun_parse(slice_of(bytes, cut), &back), RTC_OK);
}

/* ---- The stream ---- */

/* A STUN message, ChannelData of 5, 0 and 4 bytes, one that is too long, and a STUN message again. */
static size_t make_stream(uint8_t *bytes, size_t capacity)
{
    struct stun_message m = {.class = STUN_SUCCESS, .method = 3, .has = STUN_HAS_LIFETIME};
    struct writer w = writer_of(bytes, capacity);
    static const uint16_t lens[] = {5, 0, 4, 5000};
    uint8_t message[100];
    size_t len = stun_write(&m, slice_of(NULL, 0), message, sizeof message);
    writer_bytes(&w, slice_of(message, len));
    for (size_t i = 0; i < 4; i++) {
        writer_u16(&w, (uint16_t)(0x4000 + i));
        writer_u16(&w, lens[i]);
        for (size_t k = 0; k < (lens[i] + 3u) / 4 * 4; k++)
            writer_u8(&w, (uint8_t)k);
    }
    writer_bytes(&w, slice_of(message, len));
    assert_true(writer_ok(&w));
    return writer_len(&w);
}

struct heard {
    size_t lens[16];
    uint8_t first[16];
    size_t count;
};

static bool feed(struct turn_stream *s, struct slice bytes, struct heard *h)
{
    enum turn_stream_result result;
    struct slice message;
    while ((result = turn_stream_read(s, &bytes, &message)) == TURN_STREAM_MESSAGE) {
        assert_in_range(h->count, 0, 15);
        h->lens[h->count] = message.len;
        h->first[h->count++] = message.data[1];
    }
    assert_true(result == TURN_STREAM_BROKEN || bytes.len == 0);
    return result == TURN_STREAM_MORE;
}

static void require_heard(const struct heard *h)
{
    static const size_t lens[] = {28, 12, 4, 8, 28};
    assert_int_equal(h->count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(h->lens[i], lens[i]);
    assert_int_equal(h->first[3], 2);
}

static void stream_at_every_split(void **state)
{
    (void)state;
    uint8_t *bytes = malloc(8192);
    size_t len = make_stream(bytes, 8192);
    for (size_t split = 0; split <= len; split++) {
        struct turn_stream s = {.len = 0};
        struct heard h = {.count = 0};
        assert_true(feed(&s, slice_of(bytes, split), &h));
        assert_true(feed(&s, slice_of(bytes + split, len - split), &h));
        require_heard(&h);
    }
    for (size_t piece = 1; piece < 64; piece++) {
        struct turn_stream s = {.len = 0};
        struct heard h = {.count = 0};
        for (size_t at = 0; at < len; at += piece)
            assert_true(feed(&s, slice_of(bytes + at, len - at < piece ? len - at : piece), &h));
        require_heard(&h);
    }
    free(bytes);
}

static void stream_of_something_else(void **state)
{
    (void)state;
    static const char *const texts[] = {"SSH-2.0-server\r\n", "\x16\x03\x03\x00\x10", "\x50\x00\x00\x00", "\x80\x00\x00\x00"};
    static const uint8_t unaligned[] = {0, 1, 0, 3, 0x21, 0x12, 0xa4, 0x42}, no_cookie[24] = {0, 1, 0, 4};
    for (size_t i = 0; i < 4; i++) {
        struct turn_stream s = {.len = 0};
        struct heard h = {.count = 0};
        assert_false(feed(&s, slice_of(texts[i], i > 0 ? 4 : strlen(texts[i])), &h));
        assert_int_equal(h.count, 0);
    }
    struct turn_stream s = {.len = 0}, t = {.len = 0};
    struct heard h = {.count = 0};
    assert_false(feed(&s, BYTES(unaligned), &h));
    assert_false(feed(&t, BYTES(no_cookie), &h));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vector_md5),
        cmocka_unit_test(vector_sha256),
        cmocka_unit_test(signs_with_sha256_where_offered),
        cmocka_unit_test(no_bidding_down),
        cmocka_unit_test(challenge_limits),
        cmocka_unit_test(attributes_round_trip),
        cmocka_unit_test(stream_at_every_split),
        cmocka_unit_test(stream_of_something_else),
        cmocka_unit_test(no_bidding_down_later),
        cmocka_unit_test(realm_in_quotes),
    };
    return cmocka_run_group_tests_name("turn", tests, NULL, NULL);
}
