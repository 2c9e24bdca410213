/* SPDX-License-Identifier: MIT */
/* Who gets how much: tables of demands and what follows. */
#include "rtp_test.h"

#include "rtp_allocation.h"

enum { MAX = 6, K = 1000 };

struct row {
    const char *what;
    uint32_t target;
    size_t count;
    struct rtp_demand demands[MAX];
    uint32_t given[MAX];
};

/* Three layers of 180, 360 and 720 lines: 34, 138 and 552 kbit/s at least; enough with 155, 622 and 2488. */
#define SIZED(pixels, most, is_off)                                                                               \
    {                                                                                                             \
        .track = 1, .least_bps = (pixels)*6 / 10, .enough_bps = (pixels)*27 / 10, .most_bps = most, .off = is_off \
    }
#define LOW SIZED(320 * 180, 0, false)
#define LOW_UNWANTED SIZED(320 * 180, RTP_DEMAND_NOTHING, false)
#define MIDDLE SIZED(640 * 360, 0, false)
#define HIGH SIZED(1280 * 720, 0, false)
#define MIDDLE_OFF SIZED(640 * 360, 0, true)
#define HIGH_OFF SIZED(1280 * 720, 0, true)
#define MIDDLE_HELD                                                                                                    \
    {                                                                                                                  \
        .track = 1, .least_bps = 640 * 360 * 6 / 10, .enough_bps = 640 * 360 * 27 / 10, .off = true, .stays_off = true \
    }

static const struct row rows[] = {
    {"nobody", 1000, 0, {{0}}, {0}},
    {"one gets all", 900 * K, 1, {{.track = 1}}, {900 * K}},
    {"one with a limit", 900 * K, 1, {{.track = 1, .most_bps = 100 * K}}, {100 * K}},
    {"equals", 900 * K, 3, {{.track = 1}, {.track = 2}, {.track = 3}}, {300 * K, 300 * K, 300 * K}},
    {"what one can not use goes to the others",
     900 * K,
     3,
     {{.track = 1}, {.track = 2, .most_bps = 100 * K}, {.track = 3}},
     {400 * K, 100 * K, 400 * K}},
    {"all have enough",
     900 * K,
     3,
     {{.track = 1, .most_bps = 100}, {.track = 2, .most_bps = 200}, {.track = 3, .most_bps = 300}},
     {100, 200, 300}},
    {"nothing for anybody", 0, 2, {{.track = 1}, {.track = 2}}, {0, 0}},
    {"priorities",
     1500 * K,
     4,
     {{.track = 1, .weight = 1}, {.track = 2, .weight = 2}, {.track = 3, .weight = 4}, {.track = 4, .weight = 8}},
     {100 * K, 200 * K, 400 * K, 800 * K}},
    {"priorities and a limit",
     900 * K,
     3,
     {{.track = 1, .weight = 8, .most_bps = 100 * K}, {.track = 2, .weight = 1}, {.track = 3, .weight = 3}},
     {100 * K, 200 * K, 600 * K}},
    {"the lowest layer alone", 100 * K, 3, {LOW, MIDDLE, HIGH}, {100 * K, 0, 0}},
    {"the lowest layer, however little there is", 10 * K, 3, {LOW, MIDDLE, HIGH}, {10 * K, 0, 0}},
    {"the lowest that is wanted, however little there is", 10 * K, 3, {LOW_UNWANTED, MIDDLE, HIGH}, {1, 10 * K - 1, 0}},
    {"enough for the lowest, not for half of what the next needs: it gets the rest", 220 * K, 3, {LOW, MIDDLE, HIGH}, {220 * K, 0, 0}},
    {"half of what it needs keeps on what is on", 230 * K, 3, {LOW, MIDDLE, HIGH}, {155520, 230 * K - 155520, 0}},
    {"one that is to stay off does, with all above it", 3500 * K, 3, {LOW, MIDDLE_HELD, HIGH}, {3500 * K, 0, 0}},
    {"two", 500 * K, 3, {LOW, MIDDLE, HIGH}, {155520, 500 * K - 155520, 0}},
    {"one that is off needs more to come on", 300 * K, 3, {LOW, MIDDLE_OFF, HIGH_OFF}, {300 * K, 0, 0}},
    {"one that is on stays on with as much", 300 * K, 3, {LOW, MIDDLE, HIGH_OFF}, {155520, 300 * K - 155520, 0}},
    {"and comes on with a quarter more", 330 * K, 3, {LOW, MIDDLE_OFF, HIGH_OFF}, {155520, 330 * K - 155520, 0}},
    {"the third does not come before its time", 1400 * K, 3, {LOW, MIDDLE, HIGH_OFF}, {155520, 1400 * K - 155520, 0}},
    {"three", 2500 * K, 3, {LOW, MIDDLE, HIGH}, {155520, 622080, 2500 * K - 777600}},
    {"limits of layers",
     3000 * K,
     3,
     {SIZED(320 * 180, 100 * K, false), SIZED(640 * 360, 300 * K, false), SIZED(1280 * 720, 900 * K, false)},
     {100 * K, 300 * K, 900 * K}},
    {"a limit under the least", 500 * K, 2, {LOW, SIZED(640 * 360, 50 * K, false)}, {450 * K, 50 * K}},
    {"layers of unknown size share equally",
     900 * K,
     3,
     {{.track = 1}, {.track = 1, .most_bps = 100 * K}, {.track = 1}},
     {300 * K, 100 * K, 500 * K}},
    {"layers beside a track", 1000 * K, 3, {LOW, MIDDLE, {.track = 2}}, {155520, 500 * K - 155520, 500 * K}},
};

static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t given[MAX] = {0};
        rtp_allocate(rows[i].target, rows[i].demands, rows[i].count, given);
        for (size_t k = 0; k < rows[i].count; k++)
            if (given[k] != rows[i].given[k])
                fail_msg("%s: %zu gets %u, not %u", rows[i].what, k, given[k], rows[i].given[k]);
    }
}

static uint32_t random_u32(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* Never more than there is, never more than one can use; nothing is left over while anybody could use it, but for what division leaves. */
static void whatever_is_wanted(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 20000; n++) {
        uint64_t seed = n, sum = 0;
        struct rtp_demand demands[MAX] = {{0}};
        uint32_t given[MAX], target = random_u32(&seed) % 5000000, track = 1;
        size_t count = 1 + random_u32(&seed) % MAX;
        bool single = true, room = false;
        for (size_t i = 0; i < count; i++) {
            track += i > 0 && random_u32(&seed) % 2;
            single = single && (i == 0 || track != demands[i - 1].track);
            demands[i] = (struct rtp_demand){.track = track, .weight = 1u << random_u32(&seed) % 4, .off = random_u32(&seed) % 2};
            demands[i].most_bps = random_u32(&seed) % 3 ? random_u32(&seed) % 2000000 : 0;
            demands[i].least_bps = rtp_least_for(random_u32(&seed) % 1000000);
            demands[i].enough_bps = random_u32(&seed) % 4 ? demands[i].least_bps * 4 + 1 : 0;
        }
        rtp_allocate(target, demands, count, given);
        for (size_t i = 0; i < count; i++) {
            sum += given[i];
            room = room || demands[i].most_bps == 0 || given[i] < demands[i].most_bps;
            assert_true(demands[i].most_bps == 0 || given[i] <= demands[i].most_bps);
        }
        assert_true(sum <= target);
        assert_true(!single || !room || sum + 16 >= target);
    }
}

/* A rate that rises and falls around where a layer comes on switches it twice, not each time. */
static void layers_do_not_flutter(void **state)
{
    (void)state;
    struct rtp_demand demands[] = {LOW, MIDDLE_OFF};
    uint32_t given[2];
    unsigned changes = 0;
    for (int i = 0; i < 1000; i++) {
        rtp_allocate(i < 500 ? 300000u + (uint32_t)(i % 40) * 1000 : 220000u - (uint32_t)(i % 40) * 1000, demands, 2, given);
        bool off = given[1] == 0;
        changes += off != demands[1].off;
        demands[1].off = off;
    }
    assert_int_equal(changes, 2);
    assert_true(demands[1].off);
}

static void sizes(void **state)
{
    (void)state;
    static const uint32_t pixels[] = {0, 1, 80 * 60, 320 * 180, 640 * 360, 1280 * 720, 3840 * 2160, UINT32_MAX};
    static const uint32_t least[] = {0, 30000, 30000, 34560, 138240, 552960, 4976640, 2576980377u};
    static const uint32_t enough[] = {0, 150000, 150000, 155520, 622080, 2488320, 22394880, UINT32_MAX};
    for (size_t i = 0; i < sizeof pixels / sizeof pixels[0]; i++) {
        assert_int_equal(rtp_least_for(pixels[i]), least[i]);
        assert_int_equal(rtp_enough_for(pixels[i]), enough[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(sizes),
        cmocka_unit_test(whatever_is_wanted),
        cmocka_unit_test(layers_do_not_flutter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
