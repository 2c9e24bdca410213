/* SPDX-License-Identifier: MIT */
/* A controller of the program's own (rtc_congestion_controller) as one of ours. What it says is kept within bounds here, so that nothing it
 * returns reaches a pacer or an encoder unseen. */
#ifndef CRTC_OWN_CONTROLLER_H
#define CRTC_OWN_CONTROLLER_H

#include <crtc/congestion.h>

#include "congestion.h"

/* A table of ours for theirs, which is copied; `user` is what `make` is given. Owner: the caller, for as long as controllers of it are in
 * use. RTC_ERR_TYPE: without `make` or `target`, or as options_take(); RTC_ERR_NO_MEMORY. */
int own_controller_new(rtc_context *context, const rtc_congestion_controller *given, void *user, const struct congestion_controller **out);
/* Of a table of ours, and of NULL, nothing. */
void own_controller_free(rtc_context *context, const struct congestion_controller *table);
/* Theirs, as it was copied; NULL: it is ours. */
const rtc_congestion_controller *own_controller_given(const struct congestion_controller *table);

#endif
