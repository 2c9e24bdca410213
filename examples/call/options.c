/* SPDX-License-Identifier: MIT */
/* The command line of call. */
#include "options.h"

#include "authority.h"
#include "message.h"

#include <string.h>

#define PORT_UNSET UINT32_MAX

static const char help[] =
    "Usage: call [OPTION...]\n"
    "Serves a page and the signalling for calls, and takes part in a channel itself: open the printed address in a browser.\n\n"
    "  --port N            port for HTTP and WebSockets (8080, with HTTPS 8443; 0: any)\n"
    "  --listen ADDRESS    address or name to listen on, * for every one (127.0.0.1, with HTTPS *)\n"
    "  --host NAME         another name of this server: it answers only to those it knows; may be given again\n"
    "  --https             serve HTTPS with a certificate made now, so that a page on another machine gets its camera\n"
    "  --cert F --key F    serve HTTPS with this certificate and key (PEM)\n"
    "  --channel C         channel this program is in (call)\n"
    "  --user U            name of this program in it (native)\n"
    "  --signaling-only    serve page and signalling, take part in no channel\n"
    "  --join URL          serve nothing: join a channel of another server, ws://host:port/\n"
    "  --stun URL          STUN server, stun:host:port; may be given again\n"
    "  --turn URL          TURN server, turn:host:port?transport=udp|tcp or turns:host:port; may be given again\n"
    "  --username U --credential C   for the TURN servers. The page learns them, and so does who can open it.\n"
    "  --relay             use nothing but the TURN servers, on both sides\n"
    "  --size WxH --fps N  the picture sent (640x360, 30)\n"
    "  --save-frame FILE   every two seconds write the newest received picture, PNG or .ppm\n"
    "  --check             call this program with a browser without a window, print a verdict, end with 0 or 1 (77: no browser)\n"
    "  --browser NAME      with --check: chromium or firefox\n"
    "  --picture FILE      with --check: write a PNG of both pictures\n"
    "  --seconds N         end after so long\n"
    "  --verbose           tell more\n";

/* ---- What can not work ---- */

/* What is wrong with the URL of a server to join; NULL: nothing. */
static const char *join_mistake(const char *url)
{
    static const char *const schemes[] = {"ws://", "wss://", "http://", "https://"};
    size_t scheme = 0;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]) && scheme == 0; i++) {
        scheme = strncmp(url, schemes[i], strlen(schemes[i])) == 0 ? strlen(schemes[i]) : 0;
    }
    if (scheme == 0) {
        return "it begins with ws://, wss://, http:// or https://";
    }
    if (strlen(url) > OPTIONS_URL_MAX) {
        return "it is too long";
    }
    struct authority authority;
    return authority_read(&authority, url + scheme, strcspn(url + scheme, "/?#"));
}

struct given {
    const char *name;
    bool given;
};

/* Refuses each of the list, which ends with a NULL name, that was given beside `with`. */
static void refuse_beside(const char *program, const char *with, const struct given *list)
{
    for (; list->name != NULL; list++) {
        if (list->given) {
            arguments_refuse(program, "%s and %s do not go together", with, list->name);
        }
    }
}

static void check_combinations(const struct options *options, const char *program)
{
    const struct given serving[] = {
        {"--port", options->port != PORT_UNSET},
        {"--listen", options->listen != NULL},
        {"--host", options->hosts.count > 0},
        {"--https", options->https},
        {"--cert", options->certificate != NULL},
        {"--key", options->key != NULL},
        {"--signaling-only", options->signaling_only},
        {"--check", options->check},
        {NULL, false},
    };
    const struct given taking_part[] = {{"--check", options->check}, {"--save-frame", options->save_frame != NULL}, {NULL, false}};
    if (options->join != NULL) {
        refuse_beside(program, "--join", serving);
    }
    if (options->signaling_only) {
        refuse_beside(program, "--signaling-only", taking_part);
    }
    if ((options->certificate == NULL) != (options->key == NULL)) {
        arguments_refuse(program, "--cert and --key go together");
    }
    if (!options->check && (options->browser != NULL || options->picture != NULL)) {
        arguments_refuse(program, "%s is for --check, which is missing", options->browser != NULL ? "--browser" : "--picture");
    }
    if (options->browser != NULL && strcmp(options->browser, "firefox") == 0 && (options->https || options->certificate != NULL)) {
        arguments_refuse(program, "--browser firefox and %s do not go together: nobody is there to accept the certificate",
                         options->https ? "--https" : "--cert");
    }
}

static bool ends_with_dot(const char *name)
{
    return name[strlen(name) - 1] == '.';
}

static void check_values(const struct options *options, const char *program)
{
    const char *wrong = options->join == NULL ? NULL : join_mistake(options->join);
    if (wrong != NULL) {
        arguments_refuse(program, "--join %s: %s", options->join, wrong);
    }
    if (!message_is_name(options->channel) || !message_is_name(options->user)) {
        arguments_refuse(program, "--channel and --user are 1 to %d bytes of UTF-8 without control characters", MESSAGE_NAME_MAX);
    }
    if ((options->size[0] | options->size[1]) % 2 != 0) {
        arguments_refuse(program, "--size %ux%u: both must be even", options->size[0], options->size[1]);
    }
    if (options->browser != NULL && strcmp(options->browser, "chromium") != 0 && strcmp(options->browser, "firefox") != 0) {
        arguments_refuse(program, "--browser %s: it is chromium or firefox", options->browser);
    }
    if (options->listen != NULL && ends_with_dot(options->listen)) {
        arguments_refuse(program, "--listen %s: without the full stop at the end", options->listen);
    }
    for (size_t i = 0; i < options->hosts.count; i++) {
        struct authority authority;
        wrong = authority_read(&authority, options->hosts.texts[i], strlen(options->hosts.texts[i]));
        if (wrong != NULL || authority.port != 0 || authority.bracketed) {
            arguments_refuse(program, "--host %s: %s", options->hosts.texts[i],
                             wrong != NULL ? wrong : "a name or IPv4 address alone, without a port");
        }
        if (ends_with_dot(options->hosts.texts[i])) {
            arguments_refuse(program, "--host %s: without the full stop at the end", options->hosts.texts[i]);
        }
    }
    servers_check(&options->servers, program);
}

static void complete(struct options *options)
{
    options->https = options->https || options->certificate != NULL;
    if (options->port == PORT_UNSET) {
        options->port = options->check ? 0 : options->https ? 8443 : 8080;
    }
    if (options->listen == NULL && (options->check || !options->https)) {
        options->listen = "127.0.0.1";
    }
    options->listen = options->listen != NULL && strcmp(options->listen, "*") == 0 ? NULL : options->listen;
    options->browser = options->browser == NULL ? "chromium" : options->browser;
}

void options_read(struct options *options, int argc, char **argv)
{
    const struct argument arguments[] = {
        {"port", ARGUMENT_NUMBER, &options->port, 0, UINT16_MAX},
        {"listen", ARGUMENT_TEXT, &options->listen, 0, 0},
        {"host", ARGUMENT_TEXTS, &options->hosts, 0, 0},
        {"https", ARGUMENT_FLAG, &options->https, 0, 0},
        {"cert", ARGUMENT_FILE_IN, &options->certificate, 0, 0},
        {"key", ARGUMENT_FILE_IN, &options->key, 0, 0},
        {"channel", ARGUMENT_TEXT, &options->channel, 0, 0},
        {"user", ARGUMENT_TEXT, &options->user, 0, 0},
        {"signaling-only", ARGUMENT_FLAG, &options->signaling_only, 0, 0},
        {"join", ARGUMENT_TEXT, &options->join, 0, 0},
        {"stun", ARGUMENT_TEXTS, &options->servers.stun, 0, 0},
        {"turn", ARGUMENT_TEXTS, &options->servers.turn, 0, 0},
        {"username", ARGUMENT_TEXT, &options->servers.username, 0, 0},
        {"credential", ARGUMENT_TEXT, &options->servers.credential, 0, 0},
        {"relay", ARGUMENT_FLAG, &options->servers.relay, 0, 0},
        {"size", ARGUMENT_SIZE, options->size, 16, 4096},
        {"fps", ARGUMENT_NUMBER, &options->frames_per_second, 1, 120},
        {"save-frame", ARGUMENT_FILE_OUT, &options->save_frame, 0, 0},
        {"check", ARGUMENT_FLAG, &options->check, 0, 0},
        {"browser", ARGUMENT_TEXT, &options->browser, 0, 0},
        {"picture", ARGUMENT_FILE_OUT, &options->picture, 0, 0},
        {"seconds", ARGUMENT_NUMBER, &options->seconds, 0, 1000000},
        {"verbose", ARGUMENT_FLAG, &options->verbose, 0, 0},
    };
    *options = (struct options){.port = PORT_UNSET, .channel = "call", .user = "native"};
    arguments_read(arguments, sizeof(arguments) / sizeof(arguments[0]), help, argc, argv);
    check_combinations(options, argv[0]);
    check_values(options, argv[0]);
    complete(options);
}
