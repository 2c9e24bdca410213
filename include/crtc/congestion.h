/* SPDX-License-Identifier: MIT */
/* Congestion control: by which rules a connection sends no more than the network takes. A browser gives no choice. */
#ifndef CRTC_CONGESTION_CONTROL_H
#define CRTC_CONGESTION_CONTROL_H

#include <crtc/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Who decides how much is sent to a peer that gives feedback of each packet, as browsers do; with others it is receiver reports and REMB, whatever
 * stands here. GOOGLE: by the delay, by losses and by probes (draft-ietf-rmcat-gcc-02, with departures); keeps the queue short, climbs and
 * recovers within seconds, keeps its part beside downloads and on radio that loses. SCREAM: a window of bytes in flight
 * (draft-johansson-ccwg-rfc8298bis-screamv2-06), for networks that mark congestion (ECN, L4S); yields to losses. REPORTS: receiver reports and REMB, from
 * every peer. */
typedef enum rtc_congestion_control {
    RTC_CONGESTION_CONTROL_GOOGLE = 0,
    RTC_CONGESTION_CONTROL_SCREAM = 1,
    RTC_CONGESTION_CONTROL_REPORTS = 2
} rtc_congestion_control;

#ifdef __cplusplus
}
#endif
#endif
