/* SPDX-License-Identifier: MIT */
/* INIT chunks out of descriptions, from any bytes: what is read is allowed, and shown to an engine it says the same; any packet as an INIT
 * ACK gives a COOKIE ECHO that fits. */
#include "snap_init.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show_again(const struct snap_init *init)
{
    struct snap_init again;
    struct snap_packet packet;
    snap_init_show(init, 5000, 5000, &packet);
    if (!snap_init_read(snap_init_of(&packet), &again))
        abort();
    if (again.tag != init->tag || again.window != init->window || again.tsn != init->tsn || again.streams_out != init->streams_out ||
        again.streams_in != init->streams_in || again.forward_tsn != init->forward_tsn || again.re_config != init->re_config)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snap_init init;
    struct snap_packet packet, echo;
    if (snap_init_read(slice_of(data, size), &init)) {
        if (init.tag == 0 || init.window < 1500 || init.streams_out == 0 || init.streams_in == 0)
            abort();
        show_again(&init);
    }
    snap_packet_keep(&packet, slice_of(data, size));
    if (snap_init_of(&packet).len > SNAP_INIT_MAX)
        abort();
    if (snap_echo_show(&packet, &echo) && echo.len > sizeof echo.bytes)
        abort();
    return 0;
}
