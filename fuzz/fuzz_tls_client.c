/* SPDX-License-Identifier: MIT */
/* The TLS client. The first byte chooses: raw bytes in the place of a server's, in pieces; or, for a quarter of its values since that takes
 * long, a real server whose bytes are changed where the input says, and whose application data follows. Whatever comes, the client ends in a
 * state of its own and what it gives out is bounded by what came. */
#include "tls_client.h"

#include "context.h"
#include "reader.h"

#include <mbedtls/ssl.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROUNDS = 6, CHANGES_MAX = 8 };

static const char certificate[] = "-----BEGIN CERTIFICATE-----\n"
                                  "MIIBrzCCAVSgAwIBAgIUW5prKZ/wZk+DtchhYWSBoIb1vVswCgYIKoZIzj0EAwIw\n"
                                  "GzEZMBcGA1UEAwwQYSB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjEwODM2MDJaGA8y\n"
                                  "MTI2MDcyMDA4MzYwMlowFDESMBAGA1UEAwwJdHVybi50ZXN0MFkwEwYHKoZIzj0C\n"
                                  "AQYIKoZIzj0DAQcDQgAEQUZE/DJueFwQh9pkp+Y6+Wu5zWHawKuR7Bqr8HZPyD1f\n"
                                  "TRt/zMVdl3obCJFreAP1E+cw+cOj5JZ9X9KXNXvZr6N7MHkwLAYDVR0RBCUwI4IJ\n"
                                  "dHVybi50ZXN0hwTAAAIBhxAgAQ24AAAAAAAAAAAAAAABMAkGA1UdEwQCMAAwHQYD\n"
                                  "VR0OBBYEFEoRwd4+det/lQiHmCs0Gg06MTJDMB8GA1UdIwQYMBaAFEbWHmwKM2eQ\n"
                                  "FL2tkaO8163zu0TxMAoGCCqGSM49BAMCA0kAMEYCIQCuREO3tkkLavNp8572nKot\n"
                                  "+xkXyImCDUgO806Wl1t8hgIhAKpzuRfPVHIWFP2nCkcOkwlYCEgW9oUkBlAQdtvZ\n"
                                  "we+w\n"
                                  "-----END CERTIFICATE-----\n"
                                  "-----BEGIN PRIVATE KEY-----\n"
                                  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvntKvLMlg2pONUbs\n"
                                  "VEhlpJHfLDq+xJvfubj6EppI/7qhRANCAARBRkT8Mm54XBCH2mSn5jr5a7nNYdrA\n"
                                  "q5HsGqvwdk/IPV9NG3/MxV2XehsIkWt4A/UT5zD5w6Pkln1f0pc1e9mv\n"
                                  "-----END PRIVATE KEY-----\n";
static const char authority[] = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBjTCCATOgAwIBAgIUVgusamwLoglep2clkecwCApUEYQwCgYIKoZIzj0EAwIw\n"
                                "GzEZMBcGA1UEAwwQYSB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjEwODM2MDJaGA8y\n"
                                "MTI2MTAyODA4MzYwMlowGzEZMBcGA1UEAwwQYSB0ZXN0IGF1dGhvcml0eTBZMBMG\n"
                                "ByqGSM49AgEGCCqGSM49AwEHA0IABEfl2RbwjA4w8g9kO4L+BEJBL/xTawKA9j+V\n"
                                "aAWs0E/NmIe1OBVWZqmALSodTArZoDrSQGQq+ob43nycfGOj3NKjUzBRMB0GA1Ud\n"
                                "DgQWBBRG1h5sCjNnkBS9rZGjvNet87tE8TAfBgNVHSMEGDAWgBRG1h5sCjNnkBS9\n"
                                "rZGjvNet87tE8TAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDg\n"
                                "COys1UAOp3Jhb4hZPOOSZHwMyFLzdZB7V4p6VytJRgIgUy2oBTdCZjLWpcT2HGTP\n"
                                "t/UbixIVFwV0QoD3rCLtjXQ=\n"
                                "-----END CERTIFICATE-----\n";

struct run {
    struct packet_pool *pool;
    struct packet_queue tx, plain;
    struct tls_client *client;
    mbedtls_ssl_context server;
    uint8_t to_client[1 << 16], to_server[1 << 16];
    size_t client_len, client_read, server_len, server_read;
    size_t piece;
    uint16_t change_at[CHANGES_MAX];
    uint8_t change_by[CHANGES_MAX];
    size_t changes;
};

static rtc_context *context;
static mbedtls_ssl_config config;
static mbedtls_x509_crt chain;
static mbedtls_pk_context key;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static int draw(void *user, unsigned char *bytes, size_t len)
{
    context_random(user, bytes, len);
    return 0;
}

static void prepare(void)
{
    if (context)
        return;
    require(rtc_context_new(NULL, &context) == RTC_OK);
    mbedtls_ssl_config_init(&config);
    mbedtls_x509_crt_init(&chain);
    mbedtls_pk_init(&key);
    require(mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) == 0);
    mbedtls_ssl_conf_rng(&config, draw, context);
    require(mbedtls_x509_crt_parse(&chain, (const uint8_t *)certificate, sizeof certificate) == 0);
    require(mbedtls_pk_parse_key(&key, (const uint8_t *)certificate, sizeof certificate, NULL, 0) == 0);
    require(mbedtls_ssl_conf_own_cert(&config, &chain, &key) == 0);
}

static int server_send(void *user, const unsigned char *bytes, size_t len)
{
    struct run *r = user;
    if (len > sizeof r->to_client - r->client_len)
        return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    memcpy(r->to_client + r->client_len, bytes, len);
    r->client_len += len;
    return (int)len;
}

static int server_receive(void *user, unsigned char *bytes, size_t len)
{
    struct run *r = user;
    size_t left = r->server_len - r->server_read, n = left < len ? left : len;
    if (n == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(bytes, r->to_server + r->server_read, n);
    r->server_read += n;
    return (int)n;
}

static void take(struct run *r)
{
    for (struct packet *p; (p = packet_queue_pop(&r->tx)) != NULL; packet_free(p)) {
        if (p->len > sizeof r->to_server - r->server_len)
            continue;
        memcpy(r->to_server + r->server_len, packet_data(p), p->len);
        r->server_len += p->len;
    }
    for (struct packet *p; (p = packet_queue_pop(&r->plain)) != NULL; packet_free(p))
        require(p->len > 0);
}

static void give(struct run *r, struct slice bytes)
{
    for (size_t at = 0; at < bytes.len; at += r->piece) {
        size_t n = bytes.len - at < r->piece ? bytes.len - at : r->piece;
        tls_client_input(r->client, slice_of(bytes.data + at, n), r->pool, &r->tx, &r->plain);
        take(r);
    }
}

static void give_server_bytes(struct run *r)
{
    for (size_t i = 0; i < r->changes; i++)
        if (r->change_at[i] >= r->client_read && r->change_at[i] < r->client_len)
            r->to_client[r->change_at[i]] ^= r->change_by[i];
    size_t from = r->client_read;
    r->client_read = r->client_len;
    give(r, slice_of(r->to_client + from, r->client_len - from));
}

static void with_server(struct run *r, struct reader *in)
{
    mbedtls_ssl_init(&r->server);
    require(mbedtls_ssl_setup(&r->server, &config) == 0);
    mbedtls_ssl_set_bio(&r->server, r, server_send, server_receive, NULL);
    for (r->changes = 0; r->changes < CHANGES_MAX && reader_left(in) >= 3; r->changes++) {
        r->change_at[r->changes] = reader_u16(in);
        r->change_by[r->changes] = reader_u8(in);
        if (r->change_by[r->changes] == 0)
            break;
    }
    for (int i = 0; i < ROUNDS; i++) {
        (void)mbedtls_ssl_handshake(&r->server);
        give_server_bytes(r);
    }
    struct slice rest = reader_rest(in);
    if (tls_client_state(r->client) == TLS_CONNECTED && rest.len > 0)
        (void)mbedtls_ssl_write(&r->server, rest.data, rest.len);
    give_server_bytes(r);
    mbedtls_ssl_free(&r->server);
    give(r, rest); /* what is no record of anybody */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run run;
    struct reader in = reader_of(slice_of(data, size));
    struct tls_client_options options = {.server_name = "turn.test", .authorities_pem = authority};
    prepare();
    context_seed(context, 1);
    memset(&run, 0, sizeof run);
    require(packet_pool_new(context, &run.pool) == RTC_OK && tls_client_new(context, &options, &run.client) == RTC_OK);
    uint8_t first = reader_u8(&in);
    run.piece = first & 0x7e ? (size_t)(first & 0x7e) * 3 : SIZE_MAX / 2;
    tls_client_start(run.client, run.pool, &run.tx);
    take(&run);
    if ((first & 0x81) == 0x81)
        with_server(&run, &in);
    else
        give(&run, reader_rest(&in));
    (void)tls_client_send(run.client, slice_str("hello"), run.pool, &run.tx);
    require(tls_client_state(run.client) != TLS_FAILED || tls_client_failure(run.client)[0]);
    tls_client_close(run.client, run.pool, &run.tx);
    take(&run);
    tls_client_free(run.client);
    packet_queue_clear(&run.tx);
    packet_queue_clear(&run.plain);
    packet_pool_unref(run.pool);
    return 0;
}
