/* SPDX-License-Identifier: MIT */
/* The TURN client: a script of steps. Messages of the server are raw, or are given the transaction of a request that the client really sent, and
 * the integrity that makes it believe them; bytes of a stream are framed first. The deadline must always move on, and nothing that the client
 * sends is over the largest datagram. */
#include "ice_script.h"
#include "turn_client.h"
#include "turn_stream.h"

#include "context.h"
#include "hash.h"
#include "writer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step { STEP_RAW, STEP_SUCCESS, STEP_ERROR, STEP_TIME, STEP_SEND, STEP_BIND, STEP_STREAM, STEP_CHALLENGE, STEPS };
enum { REQUESTS = 8 };

struct run {
    rtc_time_t now;
    struct turn_client *client;
    struct turn_stream stream;
    struct out out;
    struct {
        uint16_t method;
        uint8_t transaction[STUN_TRANSACTION_LEN];
    } sent[REQUESTS];
    size_t sent_count;
    bool challenged;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void drain(struct run *run)
{
    for (struct packet *p; (p = packet_queue_pop(&run->out.tx)) != NULL; packet_free(p)) {
        struct stun_message m;
        require(p->len <= PACKET_MTU && stun_parse(packet_slice(p), &m) == RTC_OK && m.class == STUN_REQUEST);
        size_t at = run->sent_count++ % REQUESTS;
        run->sent[at].method = m.method;
        memcpy(run->sent[at].transaction, m.transaction, STUN_TRANSACTION_LEN);
    }
}

static void input(struct run *run, struct slice message)
{
    struct address peer;
    struct slice data;
    if (!turn_client_input(run->client, run->now, message, &peer, &data, &run->out))
        return;
    const uint8_t *end = message.data + message.len;
    require(data.data >= message.data && data.data + data.len <= end);
}

/* A response to one of the last requests, with the attributes of the script and the right integrity. */
static void respond(struct run *run, struct slice bytes, enum stun_class class)
{
    uint8_t out[400], key[HASH_MD5_LEN], digest[HASH_SHA1_LEN];
    struct writer w = writer_of(out, sizeof out);
    struct reader r = reader_of(bytes);
    size_t back = reader_u8(&r) % REQUESTS;
    if (back >= run->sent_count)
        return;
    size_t at = (run->sent_count - 1 - back) % REQUESTS;
    unsigned method = run->sent[at].method;
    writer_u16(&w, (uint16_t)((method & 0xf) | (method & 0x70) << 1 | (class == STUN_SUCCESS ? 0x100 : 0x110)));
    writer_u16(&w, 0);
    writer_u32(&w, 0x2112a442);
    writer_bytes(&w, slice_of(run->sent[at].transaction, STUN_TRANSACTION_LEN));
    size_t left = reader_left(&r) & ~(size_t)3;
    writer_bytes(&w, reader_bytes(&r, left));
    put_u16(out + 2, (uint16_t)(writer_len(&w) + 24 - STUN_HEADER_LEN));
    require(hash_md5(slice_str("u:r:p"), key) && hash_hmac_sha1(slice_of(key, sizeof key), slice_of(out, writer_len(&w)), digest));
    writer_u16(&w, STUN_MESSAGE_INTEGRITY);
    writer_u16(&w, sizeof digest);
    writer_bytes(&w, slice_of(digest, sizeof digest));
    require(writer_ok(&w));
    input(run, slice_of(out, writer_len(&w)));
}

static void challenge(struct run *run)
{
    struct stun_message m = {.class = STUN_ERROR, .has = STUN_HAS_ERROR | STUN_HAS_REALM | STUN_HAS_NONCE};
    uint8_t bytes[200];
    if (run->sent_count == 0)
        return;
    m.error_code = run->challenged ? 438 : 401;
    m.method = run->sent[(run->sent_count - 1) % REQUESTS].method;
    m.realm = slice_str("r");
    m.nonce = slice_str("n");
    memcpy(m.transaction, run->sent[(run->sent_count - 1) % REQUESTS].transaction, sizeof m.transaction);
    run->challenged = true;
    input(run, slice_of(bytes, stun_write(&m, slice_of(NULL, 0), bytes, sizeof bytes)));
}

static void pass_time(struct run *run, struct slice bytes)
{
    struct reader r = reader_of(bytes);
    rtc_time_t end = run->now + (rtc_time_t)reader_u8(&r) * reader_u8(&r) * 10000;
    for (rtc_time_t at; (at = turn_client_deadline(run->client)) <= end;) {
        run->now = at > run->now ? at : run->now;
        turn_client_tick(run->client, run->now, &run->out);
        require(turn_client_deadline(run->client) > run->now);
        drain(run);
    }
    run->now = end;
}

static struct address peer_of(struct slice bytes)
{
    uint8_t choice = bytes.len ? bytes.data[0] : 0;
    struct address a = address_ipv4(192, 0, 2, choice, (uint16_t)(1000 + choice));
    if (choice & 1)
        a = (struct address){.family = ADDRESS_IPV6, .ip = {0x20, 1, choice}, .port = 5};
    return a;
}

static void send_to(struct run *run, struct slice bytes)
{
    struct address peer = peer_of(bytes);
    struct packet *p = packet_copy(run->out.pool, bytes);
    require(p != NULL);
    turn_client_permit(run->client, run->now, &peer, &run->out);
    if (turn_client_wrap(run->client, run->now, &peer, p))
        require(p->len <= bytes.len + TURN_INDICATION_OVERHEAD);
    packet_free(p);
}

static void stream(struct run *run, struct slice bytes)
{
    struct slice message;
    enum turn_stream_result result;
    while ((result = turn_stream_read(&run->stream, &bytes, &message)) == TURN_STREAM_MESSAGE)
        input(run, message);
    if (result == TURN_STREAM_BROKEN)
        run->stream = (struct turn_stream){.len = 0};
}

static void take_step(struct run *run, enum step step, struct slice bytes)
{
    struct address peer = peer_of(bytes);
    switch (step) {
    case STEP_RAW:
        input(run, bytes);
        break;
    case STEP_SUCCESS:
    case STEP_ERROR:
        respond(run, bytes, step == STEP_SUCCESS ? STUN_SUCCESS : STUN_ERROR);
        break;
    case STEP_TIME:
        pass_time(run, bytes);
        break;
    case STEP_SEND:
        send_to(run, bytes);
        break;
    case STEP_BIND:
        turn_client_bind(run->client, run->now, &peer);
        break;
    case STEP_STREAM:
        stream(run, bytes);
        break;
    default:
        challenge(run);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static rtc_context *context;
    struct run run = {.now = 1000000};
    struct reader r = reader_of(slice_of(data, size));
    struct turn_options options = {.username = "u", .password = "p", .server = {.socket = 1, .remote = address_ipv4(192, 0, 2, 9, 3478)}};
    if (!context)
        require(rtc_context_new(NULL, &context) == RTC_OK);
    context_seed(context, 1);
    options.server.protocol = reader_u8(&r) & 1;
    require(out_init(&run.out, context) == RTC_OK && turn_client_new(context, &options, &run.client) == RTC_OK);
    turn_client_start(run.client, run.now, &run.out);
    drain(&run);
    unsigned step;
    struct slice bytes;
    for (unsigned steps = 0; steps < 200 && script_next(&r, STEPS, &step, &bytes); steps++) {
        take_step(&run, (enum step)step, bytes);
        drain(&run);
    }
    turn_client_close(run.client, run.now, &run.out);
    turn_client_free(run.client);
    out_fini(&run.out);
    return 0;
}
