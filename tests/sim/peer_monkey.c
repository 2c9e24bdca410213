/* SPDX-License-Identifier: MIT */
/* The monkey in virtual time: every run repeats from its seed, which is printed. Arguments: how many seeds, and the first. */
#include "peer_scene.h"

#include "../monkey.h"
#include "../unit/counting_allocator.h"

#include <string.h>

enum { SEEDS = 25, STEPS = 120 };

static struct {
    struct sim_peers p;
    struct monkey m;
} scene;
static uint64_t seeds = SEEDS, first_seed = 1;

static void negotiate(struct monkey_side *s)
{
    if (s->pc && scene.p.peer[s->index].pc)
        (void)sim_peers_negotiate(&scene.p, s->index);
}

/* The harness must not use what is gone. */
static void ended(struct monkey_side *s)
{
    scene.p.peer[s->index].pc = NULL;
}

static void begin(uint64_t seed, const rtc_allocator *allocator)
{
    const struct sim_link link = {.delay_us = 3 * MS, .jitter_us = 2 * MS, .loss = seed % 3 == 0 ? 0.05 : 0};
    assert_true(sim_peers_init(&scene.p, seed, &link, allocator, NULL));
    monkey_init(&scene.m, scene.p.context, seed);
    scene.m.negotiate = negotiate;
    scene.m.ended = ended;
    for (int i = 0; i < 2; i++) {
        scene.m.side[i].pc = scene.p.peer[i].pc;
        scene.p.peer[i].extra = monkey_callbacks;
        scene.p.peer[i].extra_user = &scene.m.side[i];
    }
}

static void live(uint64_t seed)
{
    uint64_t random = seed ^ 0x5eed;
    for (int step = 0; step < STEPS; step++) {
        monkey_act(&scene.m.side[monkey_random(&random, 2)]);
        for (uint32_t n = monkey_random(&random, 4); n > 0; n--)
            monkey_push(&scene.m, &random, scene.p.now);
        (void)sim_peers_run(&scene.p, scene.p.now + monkey_random(&random, 40) * MS, NULL, NULL);
    }
}

static void end(void)
{
    atomic_store(&scene.m.calm, true);
    for (int i = 0; i < 2; i++) {
        monkey_side_fini(&scene.m.side[i]);
        scene.p.peer[i].pc = NULL;
    }
    monkey_fini(&scene.m);
    sim_peers_fini(&scene.p);
}

static void monkey(void **state)
{
    uint64_t actions = 0, callbacks = 0, shown = 0;
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + seeds; seed++) {
        struct counting_allocator counter = {0};
        const rtc_allocator allocator = counting_allocator_of(&counter);
        print_message("seed %llu\n", (unsigned long long)seed);
        begin(seed, &allocator);
        live(seed);
        for (int i = 0; i < 2; i++) {
            actions += scene.m.side[i].actions;
            callbacks += scene.m.side[i].callbacks;
        }
        shown += atomic_load(&scene.m.shown);
        end();
        assert_int_equal(counter.live, 0);
    }
    print_message("%llu calls, %llu callbacks, %llu frames to sinks\n", (unsigned long long)actions, (unsigned long long)callbacks,
                  (unsigned long long)shown);
    assert_true(callbacks > seeds && shown > seeds);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(monkey)};
    if (argc > 1)
        seeds = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        first_seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
