/* SPDX-License-Identifier: MIT */
/* The command line of peer. */
#include "options.h"

static const char help[] = "Usage: peer (--offer | --answer) [OPTION...]\n"
                           "A peer for any signalling: it speaks lines of JSON on its input and output.\n\n"
                           "Out: {\"type\":\"offer\",\"sdp\":...}, {\"candidate\":...,\"sdpMid\":...} (an empty candidate: no more), "
                           "{\"event\":...}, and at last {\"type\":\"summary\",...}\n"
                           "In:  descriptions and candidates likewise, {\"type\":\"bye\"} to end, {\"type\":\"send\",\"text\":...} or "
                           "{\"type\":\"send\",\"size\":N} to send a message,\n"
                           "     {\"type\":\"add\",\"what\":\"audio\"|\"video\"|\"channel\"} for more of the call, {\"type\":\"stats\"} "
                           "for a summary in between,\n"
                           "     {\"type\":\"restart\"} to restart ICE\n\n"
                           "  --audio, --video    send a tone, a test picture; receive the same\n"
                           "  --data LABEL        open a data channel\n"
                           "  --echo              send every message back\n"
                           "  --messages N        send N short texts\n"
                           "  --send FILE         send a file in pieces of 16 KiB\n"
                           "  --record-video F    write the received video to an IVF file\n"
                           "  --record-audio F    write the received audio to an Ogg Opus file\n"
                           "  --save-frame F      at the end write the newest picture, PNG or .ppm\n"
                           "  --seconds N         end after so long\n"
                           "  --restart-after N   restart ICE after so many seconds\n"
                           "  --stun URL          STUN server, stun:host:port; may be given again\n"
                           "  --turn URL          TURN server, turn:host:port?transport=udp|tcp or turns:host:port; may be given again\n"
                           "  --username U --credential C   for the TURN servers\n"
                           "  --relay             use nothing but the TURN servers\n"
                           "  --authorities FILE  PEM file of the authorities that vouch for turns: servers\n"
                           "  --port-range A-B    use local ports from A to B only\n"
                           "  --port N            use the port N for everything, as a server does\n"
                           "  --lite              ICE-lite: answer checks, send none; with --port, answer plain STUN clients, too\n"
                           "  --allow X, --deny X use (no) interfaces called X, docker* for example, or with addresses in X, 10.0.0.0/8 for example;\n"
                           "                      may be given several times\n"
                           "  --external [L=]E    behind a 1:1 NAT: the local address L, or every one, is known outside as E\n"
                           "  --loopback          use loopback addresses, too\n"
                           "  --hide-addresses    tell random .local names in place of addresses\n"
                           "  --no-trickle        put the candidates into the description\n"
                           "  --size WxH --fps N  the picture sent (640x360, 30)\n"
                           "  --colour RRGGBB     one colour in place of moving bars\n"
                           "  --tone HZ           the tone sent (440)\n"
                           "  --bitrate N         most bits per second of video sent\n"
                           "  --verbose           the library's log on the error output\n";

void options_read(struct options *options, int argc, char **argv)
{
    const struct argument arguments[] = {
        {"offer", ARGUMENT_FLAG, &options->offer},
        {"answer", ARGUMENT_FLAG, &options->answer},
        {"audio", ARGUMENT_FLAG, &options->audio},
        {"video", ARGUMENT_FLAG, &options->video},
        {"data", ARGUMENT_TEXT, &options->label},
        {"echo", ARGUMENT_FLAG, &options->echo},
        {"messages", ARGUMENT_NUMBER, &options->messages},
        {"send", ARGUMENT_TEXT, &options->send_file},
        {"record-video", ARGUMENT_TEXT, &options->record_video},
        {"record-audio", ARGUMENT_TEXT, &options->record_audio},
        {"save-frame", ARGUMENT_TEXT, &options->save_frame},
        {"seconds", ARGUMENT_NUMBER, &options->seconds},
        {"restart-after", ARGUMENT_NUMBER, &options->restart_after},
        {"stun", ARGUMENT_TEXTS, &options->servers.stun},
        {"turn", ARGUMENT_TEXTS, &options->servers.turn},
        {"username", ARGUMENT_TEXT, &options->servers.username},
        {"credential", ARGUMENT_TEXT, &options->servers.credential},
        {"relay", ARGUMENT_FLAG, &options->servers.relay},
        {"authorities", ARGUMENT_TEXT, &options->authorities_file},
        {"port-range", ARGUMENT_RANGE, options->port_range},
        {"port", ARGUMENT_NUMBER, &options->port},
        {"lite", ARGUMENT_FLAG, &options->lite},
        {"allow", ARGUMENT_TEXTS, &options->allow},
        {"deny", ARGUMENT_TEXTS, &options->deny},
        {"external", ARGUMENT_TEXTS, &options->external},
        {"loopback", ARGUMENT_FLAG, &options->loopback},
        {"hide-addresses", ARGUMENT_FLAG, &options->hide_addresses},
        {"no-trickle", ARGUMENT_FLAG, &options->no_trickle},
        {"size", ARGUMENT_SIZE, options->size},
        {"fps", ARGUMENT_NUMBER, &options->frames_per_second},
        {"colour", ARGUMENT_HEX, &options->colour},
        {"tone", ARGUMENT_NUMBER, &options->tone_hz},
        {"bitrate", ARGUMENT_NUMBER, &options->bitrate_bps},
        {"verbose", ARGUMENT_FLAG, &options->verbose},
    };
    *options = (struct options){0};
    arguments_read(arguments, sizeof(arguments) / sizeof(arguments[0]), help, argc, argv);
    if (options->offer == options->answer) {
        arguments_refuse(argv[0], "it takes either --offer or --answer");
    }
    if (servers_mistake(&options->servers) != NULL) {
        arguments_refuse(argv[0], servers_mistake(&options->servers));
    }
    if (options->port_range[0] > UINT16_MAX || options->port_range[1] > UINT16_MAX || options->port > UINT16_MAX) {
        arguments_refuse(argv[0], "ports are below 65536");
    }
    if (options->offer && !options->audio && !options->video && options->label == NULL) {
        arguments_refuse(argv[0], "an offer needs --audio, --video or --data");
    }
}
