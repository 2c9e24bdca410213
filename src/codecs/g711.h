/* SPDX-License-Identifier: MIT */
/* The two laws of ITU-T G.711: a sample of 16 bits in 8, and back. Pure functions. */
#ifndef CRTC_G711_H
#define CRTC_G711_H

#include <stdint.h>

uint8_t g711_to_ulaw(int16_t sample);
int16_t g711_from_ulaw(uint8_t code);
uint8_t g711_to_alaw(int16_t sample);
int16_t g711_from_alaw(uint8_t code);

#endif
