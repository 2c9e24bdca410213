/* SPDX-License-Identifier: MIT */
/* The laws of G.711: see g711.h. A code is a sign, three bits of exponent and four of mantissa, with some bits turned over for the line:
 * all of them in the mu-law, every other one in the A-law. */
#include "g711.h"

enum { SIGN = 0x80, ULAW_BIAS = 132, ULAW_CLIP = 32635, ALAW_TURNED = 0x55 };

/* Of a magnitude from 256 up: how far its highest bit stands above bit 7; at most 7. */
static int exponent_of(int magnitude)
{
    int exponent = 0;
    while (exponent < 7 && magnitude >> (exponent + 8) != 0)
        exponent++;
    return exponent;
}

uint8_t g711_to_ulaw(int16_t sample)
{
    int value = sample, sign = value < 0 ? SIGN : 0;
    int magnitude = (value < 0 ? -value : value);
    magnitude = (magnitude > ULAW_CLIP ? ULAW_CLIP : magnitude) + ULAW_BIAS;
    int exponent = exponent_of(magnitude);
    return (uint8_t) ~(sign | exponent << 4 | (magnitude >> (exponent + 3) & 0x0f));
}

int16_t g711_from_ulaw(uint8_t code)
{
    int bits = ~code & 0xff, exponent = bits >> 4 & 7;
    int magnitude = (((bits & 0x0f) << 3) + ULAW_BIAS) << exponent;
    return (int16_t)(bits & SIGN ? ULAW_BIAS - magnitude : magnitude - ULAW_BIAS);
}

/* Thirteen bits count; the sign bit is set for what is not negative. */
uint8_t g711_to_alaw(int16_t sample)
{
    int value = sample >> 4, sign = value < 0 ? 0 : SIGN;
    int magnitude = (value < 0 ? ~value : value) << 4;
    int exponent = exponent_of(magnitude);
    int mantissa = magnitude >> (exponent == 0 ? 4 : exponent + 3) & 0x0f;
    return (uint8_t)((sign | exponent << 4 | mantissa) ^ ALAW_TURNED);
}

int16_t g711_from_alaw(uint8_t code)
{
    int bits = code ^ ALAW_TURNED, exponent = bits >> 4 & 7;
    int magnitude = (bits & 0x0f) << 4 | 8;
    if (exponent > 0)
        magnitude = (magnitude + 256) << (exponent - 1);
    return (int16_t)(bits & SIGN ? magnitude : -magnitude);
}
