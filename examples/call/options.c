/* The command line of call. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_FIRST = 256, PORT, LISTEN, CERT, KEY, HTTPS, CHANNEL, USER, JOIN, SIGNALING_ONLY, STUN, SAVE_FRAME, SIZE, FPS, CHECK, BROWSER, PICTURE, SECONDS, VERBOSE, HELP };

static const struct option names[] = {
    {"port", required_argument, NULL, PORT},
    {"listen", required_argument, NULL, LISTEN},
    {"cert", required_argument, NULL, CERT},
    {"key", required_argument, NULL, KEY},
    {"https", no_argument, NULL, HTTPS},
    {"channel", required_argument, NULL, CHANNEL},
    {"user", required_argument, NULL, USER},
    {"join", required_argument, NULL, JOIN},
    {"signaling-only", no_argument, NULL, SIGNALING_ONLY},
    {"stun", required_argument, NULL, STUN},
    {"save-frame", required_argument, NULL, SAVE_FRAME},
    {"size", required_argument, NULL, SIZE},
    {"fps", required_argument, NULL, FPS},
    {"check", no_argument, NULL, CHECK},
    {"browser", required_argument, NULL, BROWSER},
    {"picture", required_argument, NULL, PICTURE},
    {"seconds", required_argument, NULL, SECONDS},
    {"verbose", no_argument, NULL, VERBOSE},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

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
    "  --stun URL          STUN server, stun:host:port\n"
    "  --size WxH --fps N  the picture sent (640x360, 30)\n"
    "  --save-frame FILE   every two seconds write the newest received picture, PNG or .ppm\n"
    "  --check             call this program with a browser without a window, print a verdict, end with 0 or 1 (77: no browser)\n"
    "  --browser NAME      with --check: chromium or firefox\n"
    "  --picture FILE      with --check: write a PNG of both pictures\n"
    "  --seconds N         end after so long\n"
    "  --verbose           tell more\n";

static int number_of(const char *text, int max)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < 0 || value > max) {
        fprintf(stderr, "call: %s is no number up to %d\n", text, max);
        exit(2);
    }
    return (int)value;
}

static void read_size(struct options *options, const char *text)
{
    unsigned width, height;
    char rest;
    if (sscanf(text, "%ux%u%c", &width, &height, &rest) != 2) {
        fprintf(stderr, "call: %s is no size like 640x360\n", text);
        exit(2);
    }
    options->width = width;
    options->height = height;
}

static void take(struct options *options, int option, const char *value)
{
    switch (option) {
    case PORT: options->port = number_of(value, 65535); break;
    case LISTEN: options->listen = value; break;
    case CERT: options->certificate = value; break;
    case KEY: options->key = value; break;
    case HTTPS: options->https = true; break;
    case CHANNEL: options->channel = value; break;
    case USER: options->user = value; break;
    case JOIN: options->join = value; break;
    case SIGNALING_ONLY: options->signaling_only = true; break;
    case STUN: options->stun_url = value; break;
    case SAVE_FRAME: options->save_frame = value; break;
    case SIZE: read_size(options, value); break;
    case FPS: options->frames_per_second = (uint32_t)number_of(value, 120); break;
    case CHECK: options->check = true; break;
    case BROWSER: options->browser = value; break;
    case PICTURE: options->picture = value; break;
    case SECONDS: options->seconds = number_of(value, 1000000); break;
    case VERBOSE: options->verbose = true; break;
    case HELP: fputs(help, stdout); exit(0);
    default: fputs("Try --help.\n", stderr); exit(2);
    }
}

static void complete(struct options *options)
{
    if ((options->certificate == NULL) != (options->key == NULL)) {
        fputs("call: --cert and --key go together\n", stderr);
        exit(2);
    }
    options->https = options->https || options->certificate != NULL;
    options->port = options->port >= 0 ? options->port : options->check ? 0 : options->https ? 8443 : 8080;
    if (options->listen == NULL && !options->https) {
        options->listen = "127.0.0.1";
    }
    if (strcmp(options->browser, "chromium") != 0 && strcmp(options->browser, "firefox") != 0) {
        fputs("call: --browser is chromium or firefox\n", stderr);
        exit(2);
    }
}

void options_read(struct options *options, int argc, char **argv)
{
    *options = (struct options){.port = -1, .channel = "call", .user = "native", .browser = "chromium"};
    for (int option = getopt_long(argc, argv, "", names, NULL); option != -1; option = getopt_long(argc, argv, "", names, NULL)) {
        take(options, option, optarg);
    }
    if (optind < argc) {
        fprintf(stderr, "call: %s is no option. Try --help.\n", argv[optind]);
        exit(2);
    }
    complete(options);
}
