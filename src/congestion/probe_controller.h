/* SPDX-License-Identifier: MIT */
/* Probes: short bursts that ask whether the path takes more than is sent. When and how fast: at the start at three and six times the first
 * rate, and on while they come through; some time after a drop, whether it has passed; while the application makes less than it may, now
 * and then. And what became of them. */
#ifndef CRTC_PROBE_CONTROLLER_H
#define CRTC_PROBE_CONTROLLER_H

#include "congestion.h"

enum { PROBES_WAITING = 4 };

/* Embedded. */
struct probe_controller {
    struct congestion_probe waiting[PROBES_WAITING];
    unsigned count;
    uint8_t last_id;
    /* The one whose packets come back. */
    uint8_t id;
    uint32_t packets;
    rtc_time_t first_sent, last_sent, first_arrived, last_arrived;
    uint32_t bytes, first_bytes, last_bytes; /* first: of the first to arrive; last: of the last to leave */
    double asked_bps[256];                   /* of each id that is out; 0: of none */
    uint32_t asked_packets[256];
};

void probe_controller_init(struct probe_controller *probes);
/* Asks for a probe at that rate; false when enough are waiting. */
bool probe_controller_ask(struct probe_controller *probes, double bps);
void probe_controller_forget(struct probe_controller *probes);
bool probe_controller_next(struct probe_controller *probes, struct congestion_probe *out);

/* It came through as fast as it left; it was held back; or it came slower by no more than jitter explains, and the path takes at least
 * that much. */
enum probe_verdict { PROBE_THROUGH, PROBE_HELD_BACK, PROBE_UNCLEAR };
struct probe_answer {
    double asked_bps, bps;
    enum probe_verdict verdict;
};
/* A packet of a probe that arrived. True when enough of it have. */
bool probe_controller_arrived(struct probe_controller *probes, const struct congestion_result *result, double jitter_us,
                              struct probe_answer *out);

#endif
