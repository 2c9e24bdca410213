/* SPDX-License-Identifier: MIT */
/* RTCCertificate (webrtc-pc 4.9): what can be generated, when it expires, what a connection takes, and RSA in DTLS in both roles. */
#include "../sim/peer_scene.h"

#include <string.h>
#include <strings.h>

static rtc_certificate *made(const rtc_certificate_options *options)
{
    rtc_certificate *certificate = NULL;
    assert_int_equal(rtc_certificate_new(NULL, options, &certificate), RTC_OK);
    return certificate;
}

/* One that has expired is refused, whatever its key. */
static void an_expired_one_is_refused(void **state)
{
    const rtc_certificate_options options = {.size = sizeof options, .has_lifetime = true};
    rtc_peer_connection *pc = NULL;
    (void)state;
    rtc_certificate *certificate = made(&options);
    const rtc_configuration configuration = {.size = sizeof configuration, .certificates = &certificate, .certificate_count = 1};
    assert_int_equal(rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc), RTC_ERR_INVALID_ACCESS);
    assert_non_null(strstr(rtc_last_error(), "expired"));
    assert_null(pc);
    rtc_certificate_unref(certificate);
}

static void a_lifetime_counts_from_now(void **state)
{
    const rtc_certificate_options day = {.size = sizeof day, .lifetime_ms = 86400000};
    (void)state;
    rtc_certificate *certificate = made(&day), *month = made(NULL);
    double left = rtc_certificate_expires_ms(month) - rtc_certificate_expires_ms(certificate);
    assert_true(left > 28.9 * 86400000 && left < 29.1 * 86400000);
    rtc_certificate_unref(month);
    rtc_certificate_unref(certificate);
}

/* generateCertificate: 30 days without a wish, and 365 at most, whatever is wished. */
static void a_lifetime_has_a_limit(void **state)
{
    const double day = 86400000;
    const rtc_certificate_options wishes[] = {{.size = sizeof wishes[0], .lifetime_ms = UINT64_C(365) * 86400000},
                                              {.size = sizeof wishes[0], .lifetime_ms = UINT64_C(366) * 86400000},
                                              {.size = sizeof wishes[0], .lifetime_ms = UINT64_MAX}};
    (void)state;
    rtc_certificate *month = made(NULL);
    for (size_t i = 0; i < 3; i++) {
        rtc_certificate *certificate = made(&wishes[i]);
        double left = rtc_certificate_expires_ms(certificate) - rtc_certificate_expires_ms(month);
        assert_true(left > 334.9 * day && left < 335.1 * day);
        rtc_certificate_unref(certificate);
    }
    rtc_certificate_unref(month);
}

/* getFingerprints: each with its algorithm, in lower case. */
static void its_fingerprints(void **state)
{
    (void)state;
    rtc_certificate *certificate = made(NULL);
    size_t count = 0;
    const rtc_dtls_fingerprint *const *list = rtc_certificate_get_fingerprints(certificate, &count);
    assert_int_equal(count, 1);
    assert_ptr_equal(rtc_certificate_get_fingerprints(certificate, NULL), list);
    assert_int_equal(list[0]->size, sizeof *list[0]);
    assert_string_equal(list[0]->algorithm, "sha-256");
    assert_int_equal(strlen(list[0]->value), 32 * 3 - 1);
    assert_int_equal(strspn(list[0]->value, "0123456789abcdef:"), 32 * 3 - 1);
    assert_int_equal(strcasecmp(list[0]->value, rtc_certificate_fingerprint(certificate)), 0);
    rtc_certificate_unref(certificate);
}

static void connect_with(rtc_certificate *rsa)
{
    const rtc_configuration with_rsa = {.size = sizeof with_rsa, .certificates = &rsa, .certificate_count = 1};
    const struct sim_link link = {.delay_us = 5 * MS};
    for (int offerer = 0; offerer < 2; offerer++) {
        struct sim_peers p;
        rtc_data_channel *channel;
        assert_true(sim_peers_init(&p, 1, &link, NULL, &with_rsa)); /* both: each role has one */
        p.manual = true;
        assert_int_equal(rtc_peer_connection_create_data_channel(p.peer[offerer].pc, "a", 1, NULL, &channel), RTC_OK);
        peer_exchange(&p, offerer);
        assert_non_null(strstr(peer_description(&p, 0), rtc_certificate_fingerprint(rsa)));
        peer_connect(&p, 10 * SECOND);
        rtc_data_channel_unref(channel);
        sim_peers_fini(&p);
    }
}

/* The certificate is the offerer's (the DTLS server) or the answerer's (the client). */
static void rsa_connects(void **state)
{
    (void)state;
    for (uint32_t bits = 1024; bits <= 2048; bits += 1024) {
        rtc_certificate *rsa = made(&(rtc_certificate_options){
            .size = sizeof(rtc_certificate_options), .algorithm = RTC_KEY_RSA_2048, .modulus_bits = bits, .public_exponent = 65537});
        rtc_certificate *again;
        char *pem;
        assert_int_equal(rtc_certificate_export_pem(rsa, &pem), RTC_OK);
        assert_int_equal(rtc_certificate_import_pem(NULL, pem, strlen(pem), &again), RTC_OK);
        assert_string_equal(rtc_certificate_fingerprint(again), rtc_certificate_fingerprint(rsa));
        connect_with(again);
        rtc_certificate_free_pem(rsa, pem);
        rtc_certificate_unref(again);
        rtc_certificate_unref(rsa);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_expired_one_is_refused),
        cmocka_unit_test(a_lifetime_counts_from_now),
        cmocka_unit_test(a_lifetime_has_a_limit),
        cmocka_unit_test(its_fingerprints),
        cmocka_unit_test(rsa_connects),
    };
    return cmocka_run_group_tests_name("RTCCertificate", tests, NULL, NULL);
}
