/* SPDX-License-Identifier: MIT */
/* call: serves the page and the signalling, and is itself the other party; or, with --join, is a party on another program's server. One
 * thread: the library's loop runs inside libwebsockets'. */
#include "addresses.h"
#include "bridge.h"
#include "browser.h"
#include "certificate.h"
#include "check.h"
#include "client.h"
#include "options.h"
#include "page_configuration.h"
#include "party.h"
#include "server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK_SECONDS 120
#define REPORT_US (2 * LWS_US_PER_SEC)
/* How often, every two seconds, a place in a channel is asked for again that another connection of this program may still hold. */
#define JOIN_TRIES 20
/* Longest time for the last message at the end. */
#define GOODBYE_US (LWS_US_PER_SEC / 2)

struct program {
    struct options options;
    struct lws_context *lws;
    rtc_context *context;
    rtc_loop *loop;
    struct bridge bridge;
    struct server server;
    char *page_configuration;
    struct client client;
    struct party party;
    bool has_party;
    struct member member; /* the party's place at this program's own server */
    struct check check;
    struct browser browser;
    lws_sorted_usec_list_t report_timer, end_timer, join_timer;
    bool was_joined; /* at another server, once */
    bool is_lost;    /* that server, now */
    bool is_told;    /* why it was not reached */
    uint32_t join_tries;
    int status;
};

/* One per process: signals and timers must find it. */
static struct program program;
static volatile sig_atomic_t stopping;

static void stop(int status)
{
    program.status = status;
    stopping = 1;
}

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
    lws_cancel_service(program.lws);
}

/* ---- The party at this program's own server ---- */

static void send_locally(void *sender, const char *text)
{
    (void)sender;
    switchboard_receive(&program.server.board, &program.member, text, strlen(text));
}

static bool deliver_locally(struct member *member, const char *text, bool must)
{
    (void)member;
    (void)must;
    party_receive(&program.party, text, strlen(text));
    return true;
}

/* ---- The party at another server ---- */

static void send_remotely(void *sender, const char *text)
{
    (void)sender;
    client_send(&program.client, text);
}

static void on_client_open(void *user)
{
    (void)user;
    if (program.is_lost) {
        printf("%s is there again\n", program.options.join);
    }
    program.is_lost = false;
    party_join(&program.party);
}

static void on_client_text(void *user, const char *text, size_t len)
{
    (void)user;
    party_receive(&program.party, text, len);
    program.was_joined = program.was_joined || program.party.joined;
    program.join_tries = program.party.joined ? 0 : program.join_tries;
}

/* A server that was never reached ends the program; one that is lost does not, nor the calls that run. */
static void on_client_close(void *user, const char *why)
{
    (void)user;
    if (stopping) {
        return;
    }
    if (!program.was_joined) {
        fprintf(stderr, "call: %s: %s. Does a call program serve there, and know itself by that name (--host)?\n", program.options.join,
                why);
        program.is_told = true;
        stop(1);
        return;
    }
    if (!program.is_lost) {
        fprintf(stderr, "call: %s: %s; trying again\n", program.options.join, why);
    }
    program.is_lost = true;
    party_lose_server(&program.party);
    client_try_again(&program.client);
}

static void on_join_timer(lws_sorted_usec_list_t *timer)
{
    (void)timer;
    if (!program.is_lost && !program.party.joined) {
        party_join(&program.party);
    }
}

/* A server that does not know yet that its connection to this program broke still keeps the name's place. */
static void on_refused(void *sender, const char *why)
{
    (void)sender;
    if (program.was_joined && program.join_tries++ < JOIN_TRIES) {
        lws_sul_schedule(program.lws, 0, &program.join_timer, on_join_timer, 2 * LWS_US_PER_SEC);
        return;
    }
    fprintf(stderr, "call: %s refused to let %s into channel %s: %s\n", program.options.join == NULL ? "the server" : program.options.join,
            program.options.user, program.options.channel, why);
    stop(1);
}

/* ---- Setting up ---- */

static bool begin_party(void)
{
    const struct options *options = &program.options;
    const struct party_options party = {
        .channel = options->channel,
        .user = options->user,
        .servers = &options->servers,
        .save_frame = options->save_frame,
        .width = options->size[0],
        .height = options->size[1],
        .frames_per_second = options->frames_per_second,
        .send = options->join != NULL ? send_remotely : send_locally,
        .on_refused = on_refused,
    };
    int error = rtc_loop_new(program.context, &program.loop);
    error = error != RTC_OK ? error : party_begin(&program.party, program.context, program.loop, &party);
    program.has_party = error == RTC_OK;
    if (error != RTC_OK) {
        fprintf(stderr, "call: %s: %s\n", rtc_error_message(error), rtc_last_error());
    }
    return program.has_party && bridge_start(&program.bridge, program.lws, program.loop);
}

static bool begin_server(void)
{
    const struct options *options = &program.options;
    char made[] = "/tmp/call-certificate-XXXXXX";
    bool make = options->https && options->certificate == NULL;
    if (make && !certificate_write(program.context, options->listen, &options->hosts, made)) {
        fprintf(stderr, "call: no certificate could be made: %s\n", rtc_last_error());
        return false;
    }
    program.page_configuration = page_configuration(&options->servers);
    const struct server_options server = {
        .configuration = program.page_configuration,
        .address = options->listen,
        .hosts = &options->hosts,
        .port = (uint16_t)options->port,
        .certificate = make ? made : options->certificate,
        .key = make ? made : options->key,
        .message_max = options->check ? CHECK_MESSAGE_MAX : MESSAGE_MAX,
        .filter = options->check ? check_take : NULL,
        .user = &program.check,
    };
    char why[512];
    bool good = server_start(&program.server, program.lws, &server, why, sizeof(why));
    if (make) {
        unlink(made);
    }
    if (!good) {
        fprintf(stderr, "call: can not serve: %s\n", why);
    }
    return good;
}

static const char *scheme(void)
{
    return program.options.https ? "https" : "http";
}

/* Everything that is no letter or digit as %XX (RFC 3986 2.1). */
static void percent_encode(char *out, const char *text)
{
    for (; *text != '\0'; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') || (*text >= '0' && *text <= '9');
        out += sprintf(out, plain ? "%c" : "%%%02X", (unsigned char)*text);
    }
    *out = '\0';
}

static bool begin_check(void)
{
    struct addresses addresses;
    char base[300], channel[3 * MESSAGE_NAME_MAX + 1], url[600];
    program.check.party = &program.party;
    program.check.known_colours = strcmp(program.options.browser, "chromium") == 0;
    program.check.picture_file = program.options.picture;
    addresses_list(&addresses, program.options.listen);
    addresses_write_url(base, sizeof(base), scheme(), addresses.texts[0], program.server.listeners.port);
    percent_encode(channel, program.options.channel);
    snprintf(url, sizeof(url), "%s/?check=1&channel=%s&user=%s", base, channel,
             strcmp(program.options.user, "page") == 0 ? "browser" : "page");
    return browser_start(&program.browser, program.options.browser, url, addresses.texts[0]);
}

static void tell_addresses(void)
{
    struct addresses addresses;
    char url[300];
    addresses_list(&addresses, program.options.listen);
    for (size_t i = 0; i < addresses.count; i++) {
        addresses_write_url(url, sizeof(url), scheme(), addresses.texts[i], program.server.listeners.port);
        printf(i == 0 ? "Open %s/ in a browser.\n" : "  or %s/\n", url);
    }
    if (!program.options.https && strcmp(addresses.texts[0], "localhost") != 0 && addresses.count > 1) {
        puts("A browser on another machine gives the page its camera only over HTTPS: see --https.");
    }
}

static bool begin_serving(void)
{
    if (!begin_server()) {
        return false;
    }
    tell_addresses();
    if (!program.options.signaling_only) {
        if (!begin_party()) {
            return false;
        }
        program.member.deliver = deliver_locally;
        party_join(&program.party);
    }
    return !program.options.check || begin_check();
}

static bool begin_joining(void)
{
    program.client.on_open = on_client_open;
    program.client.on_text = on_client_text;
    program.client.on_close = on_client_close;
    if (!begin_party()) {
        return false;
    }
    if (client_start(&program.client, program.lws, program.options.join)) {
        return true;
    }
    if (!program.is_told) {
        fprintf(stderr, "call: %s: the host is not known, or can not be reached\n", program.options.join);
    }
    return false;
}

static void on_report_timer(lws_sorted_usec_list_t *timer)
{
    if (program.has_party) {
        party_report(&program.party);
    }
    if (program.options.check && !program.check.done && !browser_is_running(&program.browser)) {
        fprintf(stderr, "call: %s ended before the check did\n", program.options.browser);
        stop(1);
    }
    lws_sul_schedule(program.lws, 0, timer, on_report_timer, REPORT_US);
}

static void on_end_timer(lws_sorted_usec_list_t *timer)
{
    (void)timer;
    if (program.options.check) {
        fputs("call: the page did not report in time\n", stderr);
    }
    stop(program.options.check);
}

static bool begin(void)
{
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof(info));
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    lws_set_log_level(program.options.verbose ? LLL_ERR | LLL_WARN | LLL_NOTICE : LLL_ERR, NULL);
    program.lws = lws_create_context(&info);
    const rtc_context_options context = {.size = sizeof(context), .log_level = program.options.verbose ? RTC_LOG_DEBUG : RTC_LOG_WARNING};
    if (program.lws == NULL || rtc_context_new(&context, &program.context) != RTC_OK) {
        return false;
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    uint32_t seconds = program.options.seconds != 0 ? program.options.seconds : program.options.check ? CHECK_SECONDS : 0;
    if (seconds != 0) {
        lws_sul_schedule(program.lws, 0, &program.end_timer, on_end_timer, seconds * LWS_US_PER_SEC);
    }
    lws_sul_schedule(program.lws, 0, &program.report_timer, on_report_timer, REPORT_US);
    return program.options.join != NULL ? begin_joining() : begin_serving();
}

static void run(void)
{
    while (!stopping) {
        if (program.loop != NULL) {
            bridge_arm(&program.bridge);
        }
        if (lws_service(program.lws, 0) < 0) {
            stop(1);
        }
        if (program.check.done) {
            stop(!program.check.passed);
        }
    }
}

static void on_goodbye_timer(lws_sorted_usec_list_t *timer)
{
    (void)timer;
    program.is_lost = true;
}

/* Tells another server that this program leaves: otherwise the channel sees it vanish. */
static void say_goodbye(void)
{
    party_leave(&program.party);
    lws_sul_schedule(program.lws, 0, &program.end_timer, on_goodbye_timer, GOODBYE_US);
    while (!program.is_lost && program.client.wsi != NULL && program.client.queue.first != NULL && lws_service(program.lws, 0) >= 0) {
    }
}

static void end(void)
{
    if (program.has_party && program.options.join != NULL) {
        say_goodbye();
    }
    browser_end(&program.browser);
    if (program.has_party) {
        party_end(&program.party);
    }
    signal(SIGINT, SIG_IGN); /* on_signal needs what ends now */
    signal(SIGTERM, SIG_IGN);
    if (program.lws != NULL) {
        lws_context_destroy(program.lws);
    }
    client_fini(&program.client);
    cJSON_free(program.page_configuration);
    rtc_loop_free(program.loop);
    rtc_context_unref(program.context);
}

int main(int argc, char **argv)
{
    options_read(&program.options, argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (program.options.check && !browser_installed(program.options.browser)) {
        fprintf(stderr, "call: %s is not installed\n", program.options.browser);
        return 77;
    }
    if (begin()) {
        run();
    } else {
        program.status = 1;
    }
    end();
    return program.status;
}
