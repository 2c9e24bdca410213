/* SPDX-License-Identifier: MIT */
/* See temporal_pattern.h. */
#include "temporal_pattern.h"

/* Of one, two and three layers. The last picture of four refers to the middle one between it and the base, which is nearer. */
static const struct temporal_picture pictures[TEMPORAL_LAYERS_MAX][4] = {
    {{.layer = 0, .is_read = true}},
    {{.layer = 0, .is_read = true}, {.layer = 1, .sync = true}},
    {{.layer = 0, .is_read = true},
     {.layer = 2, .sync = true},
     {.layer = 1, .sync = true, .is_read = true},
     {.layer = 2, .reads_middle = true}},
};
static const uint32_t shares[TEMPORAL_LAYERS_MAX][TEMPORAL_LAYERS_MAX] = {{100}, {60, 100}, {40, 60, 100}};

static uint32_t counted(uint32_t layers)
{
    return layers < 1 ? 1 : layers < TEMPORAL_LAYERS_MAX ? layers : TEMPORAL_LAYERS_MAX;
}

void temporal_pattern_start(struct temporal_pattern *p, uint32_t layers)
{
    *p = (struct temporal_pattern){.layers = counted(layers)};
}

const struct temporal_picture *temporal_pattern_next(const struct temporal_pattern *p)
{
    return &pictures[counted(p->layers) - 1][p->at];
}

void temporal_pattern_made(struct temporal_pattern *p, bool keyframe)
{
    p->at = ((keyframe ? 0 : p->at) + 1) % temporal_pattern_period(p->layers);
}

uint32_t temporal_pattern_period(uint32_t layers)
{
    return 1u << (counted(layers) - 1);
}

uint8_t temporal_pattern_layer(uint32_t layers, uint32_t at)
{
    return pictures[counted(layers) - 1][at % temporal_pattern_period(layers)].layer;
}

uint32_t temporal_pattern_share(uint32_t layers, uint32_t layer)
{
    return layer < counted(layers) ? shares[counted(layers) - 1][layer] : 100;
}
