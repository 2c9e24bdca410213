/* SPDX-License-Identifier: MIT */
/* A candidate pool (RFC 9429 section 3.5.4): candidates that are gathered before there is a description, and told when there is one. */
#ifndef CRTC_TRANSPORT_POOL_H
#define CRTC_TRANSPORT_POOL_H

#include "transport_types.h"

struct transport;

/* Gathers before there is a description. */
void transport_pool(struct transport *t);
/* There is a pool, and nothing of it was told yet. */
bool transport_is_pooling(const struct transport *t);
/* What was pooled does not fit the settings any more. On failure it stays. */
int transport_discard_pool(struct transport *t);

/* The offer that it gathered for is undone, and nothing was agreed on: with this agent, which it takes, it begins anew. */
void transport_start_over(struct transport *t, struct ice_agent *agent);

/* ---- For this folder ---- */

/* What it gathered is told from now on. */
void transport_begin_surfacing(struct transport *t);
/* It is never told. */
void transport_abandon_pool(struct transport *t);
/* What is told next of what was pooled; false: nothing. */
bool transport_surface_next(struct transport *t, struct transport_event *told);
/* An error that may be told later; takes it out of the event. */
void transport_keep_error(struct transport *t, struct ice_event *event);
void transport_forget_errors(struct transport *t);

#endif
