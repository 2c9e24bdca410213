/* SPDX-License-Identifier: MIT */
/* What a peer sends: the test picture and the tone. */
#ifndef PEER_MEDIA_OUT_H
#define PEER_MEDIA_OUT_H

#include "session.h"

/* Makes the track at first use and adds it to the connection. Returns an error of the library's. */
int media_out_add_video(struct session *session);
int media_out_add_audio(struct session *session);
void media_out_fini(struct session *session);

#endif
