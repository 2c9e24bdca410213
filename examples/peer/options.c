/* SPDX-License-Identifier: MIT */
/* The command line of peer. */
#include "options.h"

static const char help[] =
    "Usage: peer (--offer | --answer) [OPTION...]\n"
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
    "  --sctp-init         offers say how SCTP begins: channels open sooner with peers that know of it\n"
    "  --max-bundle        offer sections after the first as bundle-only\n"
    "  --max-compat        offer a transport for each section\n"
    "  --hide-addresses    tell random .local names in place of addresses\n"
    "  --no-trickle        put the candidates into the description\n"
    "  --size WxH --fps N  the picture sent (640x360, 30)\n"
    "  --colour RRGGBB     one colour in place of moving bars\n"
    "  --grain N           noise over it, 0 to 64, which makes it as hard to encode as what a camera sees\n"
    "  --pictures FILE     a YUV4MPEG2 file in place of the test picture, again and again\n"
    "  --tone HZ           the tone sent (440)\n"
    "  --voice N           syllables in place of the tone, other ones for each N: what encoders take for speech\n"
    "  --bitrate N         most bits per second of video sent\n"
    "  --verbose           the library's log on the error output\n";

static void check(const struct options *options, const char *program)
{
    servers_check(&options->servers, program);
    if (options->port_range[0] > options->port_range[1]) {
        arguments_refuse(program, "--port-range %u-%u: the first is above the last", options->port_range[0], options->port_range[1]);
    }
    if (options->port != 0 && options->port_range[1] != 0) {
        arguments_refuse(program, "--port and --port-range do not go together");
    }
    if ((options->size[0] | options->size[1]) % 2 != 0) {
        arguments_refuse(program, "--size %ux%u: both must be even", options->size[0], options->size[1]);
    }
    if (options->pictures_file != NULL && (options->size[0] | options->frames_per_second | options->colour | options->grain) != 0) {
        arguments_refuse(program, "--pictures says all of --size, --fps, --colour and --grain");
    }
    if (options->offer && !options->audio && !options->video && options->label == NULL) {
        arguments_refuse(program, "an offer needs --audio, --video or --data");
    }
    if (options->label == NULL && options->offer && (options->messages > 0 || options->send_file != NULL)) {
        arguments_refuse(program, "%s needs --data", options->messages > 0 ? "--messages" : "--send");
    }
}

void options_read(struct options *options, int argc, char **argv)
{
    const struct argument arguments[] = {
        {"offer", ARGUMENT_FLAG, &options->offer, 0, 0},
        {"answer", ARGUMENT_FLAG, &options->answer, 0, 0},
        {"audio", ARGUMENT_FLAG, &options->audio, 0, 0},
        {"video", ARGUMENT_FLAG, &options->video, 0, 0},
        {"data", ARGUMENT_TEXT, &options->label, 0, 0},
        {"echo", ARGUMENT_FLAG, &options->echo, 0, 0},
        {"messages", ARGUMENT_NUMBER, &options->messages, 0, 1000000},
        {"send", ARGUMENT_FILE_IN, &options->send_file, 0, 0},
        {"record-video", ARGUMENT_FILE_OUT, &options->record_video, 0, 0},
        {"record-audio", ARGUMENT_FILE_OUT, &options->record_audio, 0, 0},
        {"save-frame", ARGUMENT_FILE_OUT, &options->save_frame, 0, 0},
        {"seconds", ARGUMENT_NUMBER, &options->seconds, 0, 1000000},
        {"restart-after", ARGUMENT_NUMBER, &options->restart_after, 0, 1000000},
        {"stun", ARGUMENT_TEXTS, &options->servers.stun, 0, 0},
        {"turn", ARGUMENT_TEXTS, &options->servers.turn, 0, 0},
        {"username", ARGUMENT_TEXT, &options->servers.username, 0, 0},
        {"credential", ARGUMENT_TEXT, &options->servers.credential, 0, 0},
        {"relay", ARGUMENT_FLAG, &options->servers.relay, 0, 0},
        {"authorities", ARGUMENT_FILE_IN, &options->authorities_file, 0, 0},
        {"port-range", ARGUMENT_RANGE, options->port_range, 1, UINT16_MAX},
        {"port", ARGUMENT_NUMBER, &options->port, 1, UINT16_MAX},
        {"lite", ARGUMENT_FLAG, &options->lite, 0, 0},
        {"allow", ARGUMENT_TEXTS, &options->allow, 0, 0},
        {"deny", ARGUMENT_TEXTS, &options->deny, 0, 0},
        {"external", ARGUMENT_TEXTS, &options->external, 0, 0},
        {"loopback", ARGUMENT_FLAG, &options->loopback, 0, 0},
        {"sctp-init", ARGUMENT_FLAG, &options->sctp_init, 0, 0},
        {"max-bundle", ARGUMENT_FLAG, &options->max_bundle, 0, 0},
        {"max-compat", ARGUMENT_FLAG, &options->max_compat, 0, 0},
        {"hide-addresses", ARGUMENT_FLAG, &options->hide_addresses, 0, 0},
        {"no-trickle", ARGUMENT_FLAG, &options->no_trickle, 0, 0},
        {"size", ARGUMENT_SIZE, options->size, 16, 4096},
        {"fps", ARGUMENT_NUMBER, &options->frames_per_second, 1, 120},
        {"colour", ARGUMENT_HEX, &options->colour, 0, 0xffffff},
        {"grain", ARGUMENT_NUMBER, &options->grain, 0, 64},
        {"pictures", ARGUMENT_FILE_IN, &options->pictures_file, 0, 0},
        {"tone", ARGUMENT_NUMBER, &options->tone_hz, 20, 20000},
        {"voice", ARGUMENT_NUMBER, &options->voice, 1, UINT32_MAX},
        {"bitrate", ARGUMENT_NUMBER, &options->bitrate_bps, 0, 0},
        {"verbose", ARGUMENT_FLAG, &options->verbose, 0, 0},
    };
    *options = (struct options){0};
    arguments_read(arguments, sizeof(arguments) / sizeof(arguments[0]), help, argc, argv);
    if (options->offer == options->answer) {
        arguments_refuse(argv[0], "it takes either --offer or --answer");
    }
    check(options, argv[0]);
}
