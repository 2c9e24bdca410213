/* The command line of peer. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    OPTION_FIRST = 256, OFFER, ANSWER, AUDIO, VIDEO, DATA, ECHO, MESSAGES, SEND, RECORD_VIDEO, RECORD_AUDIO, SECONDS, STUN, LOOPBACK, NO_TRICKLE, SIZE, FPS, COLOUR, TONE,
    BITRATE, SAVE_FRAME, VERBOSE, HELP
};

static const struct option names[] = {
    {"offer", no_argument, NULL, OFFER},
    {"answer", no_argument, NULL, ANSWER},
    {"audio", no_argument, NULL, AUDIO},
    {"video", no_argument, NULL, VIDEO},
    {"data", required_argument, NULL, DATA},
    {"echo", no_argument, NULL, ECHO},
    {"messages", required_argument, NULL, MESSAGES},
    {"send", required_argument, NULL, SEND},
    {"record-video", required_argument, NULL, RECORD_VIDEO},
    {"record-audio", required_argument, NULL, RECORD_AUDIO},
    {"seconds", required_argument, NULL, SECONDS},
    {"stun", required_argument, NULL, STUN},
    {"loopback", no_argument, NULL, LOOPBACK},
    {"no-trickle", no_argument, NULL, NO_TRICKLE},
    {"size", required_argument, NULL, SIZE},
    {"fps", required_argument, NULL, FPS},
    {"colour", required_argument, NULL, COLOUR},
    {"tone", required_argument, NULL, TONE},
    {"bitrate", required_argument, NULL, BITRATE},
    {"save-frame", required_argument, NULL, SAVE_FRAME},
    {"verbose", no_argument, NULL, VERBOSE},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "Usage: peer (--offer | --answer) [OPTION...]\n"
    "A peer for any signalling: it speaks lines of JSON on its input and output.\n\n"
    "Out: {\"type\":\"offer\",\"sdp\":...}, {\"candidate\":...,\"sdpMid\":...} (an empty candidate: no more), {\"event\":...}, and at last {\"type\":\"summary\",...}\n"
    "In:  descriptions and candidates likewise, {\"type\":\"bye\"} to end, {\"type\":\"send\",\"text\":...} or {\"type\":\"send\",\"size\":N} to send a message,\n"
    "     {\"type\":\"add\",\"what\":\"audio\"|\"video\"|\"channel\"} for more of the call, {\"type\":\"stats\"} for a summary in between\n\n"
    "  --audio, --video    send a tone, a test picture; receive the same\n"
    "  --data LABEL        open a data channel\n"
    "  --echo              send every message back\n"
    "  --messages N        send N short texts\n"
    "  --send FILE         send a file in pieces of 16 KiB\n"
    "  --record-video F    write the received video to an IVF file\n"
    "  --record-audio F    write the received audio to an Ogg Opus file\n"
    "  --save-frame F      at the end write the newest picture, PNG or .ppm\n"
    "  --seconds N         end after so long\n"
    "  --stun URL          STUN server, stun:host:port\n"
    "  --loopback          use loopback addresses, too\n"
    "  --no-trickle        put the candidates into the description\n"
    "  --size WxH --fps N  the picture sent (640x360, 30)\n"
    "  --colour RRGGBB     one colour in place of moving bars\n"
    "  --tone HZ           the tone sent (440)\n"
    "  --bitrate N         most bits per second of video sent\n"
    "  --verbose           the library's log on the error output\n";

static void mistake(const char *what)
{
    fprintf(stderr, "peer: %s. Try --help.\n", what);
    exit(2);
}

static uint32_t number_of(const char *text, int base)
{
    char *end;
    unsigned long value = strtoul(text, &end, base);
    if (*text == '\0' || *text == '-' || *end != '\0' || value > INT32_MAX) {
        mistake("an option's number is none");
    }
    return (uint32_t)value;
}

static void read_size(struct options *options, const char *text)
{
    char rest;
    if (sscanf(text, "%ux%u%c", &options->width, &options->height, &rest) != 2) {
        mistake("--size takes a size like 640x360");
    }
}

static void take(struct options *options, int option, const char *value)
{
    switch (option) {
    case OFFER: options->offer = true; break;
    case ANSWER: options->offer = false; break;
    case AUDIO: options->audio = true; break;
    case VIDEO: options->video = true; break;
    case DATA: options->label = value; break;
    case ECHO: options->echo = true; break;
    case MESSAGES: options->messages = number_of(value, 10); break;
    case SEND: options->send_file = value; break;
    case RECORD_VIDEO: options->record_video = value; break;
    case RECORD_AUDIO: options->record_audio = value; break;
    case SECONDS: options->seconds = (int)number_of(value, 10); break;
    case STUN: options->stun_url = value; break;
    case LOOPBACK: options->loopback = true; break;
    case NO_TRICKLE: options->no_trickle = true; break;
    case SIZE: read_size(options, value); break;
    case FPS: options->frames_per_second = number_of(value, 10); break;
    case COLOUR: options->colour = number_of(value, 16); break;
    case TONE: options->tone_hz = number_of(value, 10); break;
    case BITRATE: options->bitrate_bps = number_of(value, 10); break;
    case SAVE_FRAME: options->save_frame = value; break;
    case VERBOSE: options->verbose = true; break;
    case HELP: fputs(help, stdout); exit(0);
    default: exit(2);
    }
}

void options_read(struct options *options, int argc, char **argv)
{
    int roles = 0;
    *options = (struct options){0};
    for (int option = getopt_long(argc, argv, "", names, NULL); option != -1; option = getopt_long(argc, argv, "", names, NULL)) {
        roles += option == OFFER || option == ANSWER;
        take(options, option, optarg);
    }
    if (optind < argc || roles != 1) {
        mistake("it takes either --offer or --answer, and options");
    }
    if (options->offer && !options->audio && !options->video && options->label == NULL) {
        mistake("an offer needs --audio, --video or --data");
    }
}
