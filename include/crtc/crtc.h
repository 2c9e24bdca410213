/* SPDX-License-Identifier: MIT */
/* Everything of libcrtc. */
#ifndef CRTC_H
#define CRTC_H

#include <crtc/base.h>
#include <crtc/congestion.h>
#include <crtc/context.h>
#include <crtc/data_channel.h>
#include <crtc/dtls_transport.h>
#include <crtc/dtmf.h>
#include <crtc/endpoint.h>
#include <crtc/forward.h>
#include <crtc/ice_candidate.h>
#include <crtc/ice_transport.h>
#include <crtc/loop.h>
#include <crtc/media.h>
#include <crtc/media_stream.h>
#include <crtc/peer_connection.h>
#include <crtc/rtp.h>
#include <crtc/sctp_transport.h>
#include <crtc/session_dump.h>
#include <crtc/rtp_parameters.h>
#include <crtc/stats.h>
#include <crtc/transport.h>

#endif
