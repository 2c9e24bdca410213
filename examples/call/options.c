/* SPDX-License-Identifier: MIT */
/* The command line of call. */
#include "options.h"

#include <string.h>

#define PORT_UNSET UINT32_MAX

static const char help[] =
    "Usage: call [OPTION...]\n"
    "Serves a page and the signalling for calls, and takes part in a channel itself: open the printed address in a browser.\n\n"
    "  --port N            port for HTTP and WebSockets (8080, with HTTPS 8443; 0: any)\n"
    "  --listen ADDRESS    address to listen on (127.0.0.1, with HTTPS every one)\n"
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

static void complete(struct options *options, const char *program)
{
    if ((options->certificate == NULL) != (options->key == NULL)) {
        arguments_refuse(program, "--cert and --key go together");
    }
    if (servers_mistake(&options->servers) != NULL) {
        arguments_refuse(program, servers_mistake(&options->servers));
    }
    if (strcmp(options->browser, "chromium") != 0 && strcmp(options->browser, "firefox") != 0) {
        arguments_refuse(program, "--browser is chromium or firefox");
    }
    options->https = options->https || options->certificate != NULL;
    if (options->port == PORT_UNSET) {
        options->port = options->check ? 0 : options->https ? 8443 : 8080;
    }
    if (options->port > UINT16_MAX) {
        arguments_refuse(program, "--port is at most 65535");
    }
    if (options->listen == NULL && !options->https) {
        options->listen = "127.0.0.1";
    }
}

void options_read(struct options *options, int argc, char **argv)
{
    const struct argument arguments[] = {
        {"port", ARGUMENT_NUMBER, &options->port},
        {"listen", ARGUMENT_TEXT, &options->listen},
        {"https", ARGUMENT_FLAG, &options->https},
        {"cert", ARGUMENT_TEXT, &options->certificate},
        {"key", ARGUMENT_TEXT, &options->key},
        {"channel", ARGUMENT_TEXT, &options->channel},
        {"user", ARGUMENT_TEXT, &options->user},
        {"signaling-only", ARGUMENT_FLAG, &options->signaling_only},
        {"join", ARGUMENT_TEXT, &options->join},
        {"stun", ARGUMENT_TEXTS, &options->servers.stun},
        {"turn", ARGUMENT_TEXTS, &options->servers.turn},
        {"username", ARGUMENT_TEXT, &options->servers.username},
        {"credential", ARGUMENT_TEXT, &options->servers.credential},
        {"relay", ARGUMENT_FLAG, &options->servers.relay},
        {"size", ARGUMENT_SIZE, options->size},
        {"fps", ARGUMENT_NUMBER, &options->frames_per_second},
        {"save-frame", ARGUMENT_TEXT, &options->save_frame},
        {"check", ARGUMENT_FLAG, &options->check},
        {"browser", ARGUMENT_TEXT, &options->browser},
        {"picture", ARGUMENT_TEXT, &options->picture},
        {"seconds", ARGUMENT_NUMBER, &options->seconds},
        {"verbose", ARGUMENT_FLAG, &options->verbose},
    };
    *options = (struct options){.port = PORT_UNSET, .channel = "call", .user = "native", .browser = "chromium"};
    arguments_read(arguments, sizeof(arguments) / sizeof(arguments[0]), help, argc, argv);
    complete(options, argv[0]);
}
