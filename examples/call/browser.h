/* SPDX-License-Identifier: MIT */
/* Starts an installed browser without a window, with a two-coloured camera and a 1 kHz microphone, in a fresh profile. */
#ifndef CALL_BROWSER_H
#define CALL_BROWSER_H

#include <stdbool.h>
#include <sys/types.h>

/* What the camera shows and the microphone hears. Firefox has a camera of its own, so its colours are not known. */
#define BROWSER_LEFT_RGB 0xE02020u
#define BROWSER_RIGHT_RGB 0x2020E0u
#define BROWSER_TONE_HZ 1000

struct browser {
    char folder[64]; /* "" before it was made */
    pid_t process;   /* 0: none */
};

/* True when `name` ("chromium" or "firefox") is installed. */
bool browser_installed(const char *name);
/* Opens `url`; of all hosts only its own, `host`, is looked up. */
bool browser_start(struct browser *browser, const char *name, const char *url, const char *host);
/* False once it ended by itself: then the end of what it had to say is on the error output. */
bool browser_is_running(struct browser *browser);
/* Ends it and removes its folder. */
void browser_end(struct browser *browser);

#endif
