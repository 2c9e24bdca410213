/* SPDX-License-Identifier: MIT */
/* The hash table: what was put in is found, what was taken out is not, whatever the hashes; and without memory for buckets. */
#include "table.h"

#include "counting_allocator.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ITEMS = 1000 };

struct item {
    uint32_t key;
    struct table_entry entry;
};

static struct item items[ITEMS];

static struct item *find(const struct table *t, uint32_t key, uint64_t hash)
{
    for (struct table_entry *e = table_first(t, hash); e; e = table_next(e)) {
        struct item *item = (struct item *)(void *)((char *)e - offsetof(struct item, entry));
        if (item->key == key)
            return item;
    }
    return NULL;
}

static uint64_t hash_of(const struct table *t, uint32_t key, uint64_t mask)
{
    return table_hash(t, &key, sizeof key) & mask;
}

static void check(uint64_t mask)
{
    rtc_context *context;
    struct table t;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    table_init(context, &t);
    assert_null(find(&t, 1, 1));
    for (uint32_t i = 0; i < ITEMS; i++) {
        items[i].key = i;
        assert_true(table_insert(context, &t, &items[i].entry, hash_of(&t, i, mask)));
    }
    assert_int_equal(t.count, ITEMS);
    for (uint32_t i = 0; i < ITEMS; i += 3)
        table_remove(&t, &items[i].entry);
    for (uint32_t i = 0; i < ITEMS; i++)
        assert_ptr_equal(find(&t, i, hash_of(&t, i, mask)), i % 3 == 0 ? NULL : &items[i]);
    for (uint32_t i = 0; i < ITEMS; i++)
        if (i % 3)
            table_remove(&t, &items[i].entry);
    assert_int_equal(t.count, 0);
    table_fini(context, &t);
    rtc_context_unref(context);
}

static void all_are_found(void **state)
{
    (void)state;
    check(UINT64_MAX);
}

static void also_when_hashes_collide(void **state)
{
    (void)state;
    check(3);
}

/* Keys of any length, also where they are a prefix of one another. */
static void hashes_tell_apart(void **state)
{
    static const uint8_t zeros[40] = {0};
    rtc_context *context;
    struct table t;
    uint64_t seen[sizeof zeros];
    (void)state;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    table_init(context, &t);
    for (size_t len = 0; len < sizeof zeros; len++) {
        seen[len] = table_hash(&t, zeros, len);
        for (size_t k = 0; k < len; k++)
            assert_true(seen[k] != seen[len]);
    }
    rtc_context_unref(context);
}

/* SipHash-2-4, by the example of its paper: the key 00 01 .. 0f, the message 00 01 .. 0e. */
static void hashes_are_keyed(void **state)
{
    const struct table t = {.key = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u}};
    uint8_t message[15];
    (void)state;
    for (uint8_t i = 0; i < sizeof message; i++)
        message[i] = i;
    assert_true(table_hash(&t, message, sizeof message) == 0xa129ca6149be45e5u);
}

static void out_of_memory(void **state)
{
    struct counting_allocator counter = {0};
    const rtc_allocator allocator = counting_allocator_of(&counter);
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    rtc_context *context;
    struct table t;
    (void)state;
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    table_init(context, &t);
    counter.fail_at = counter.calls + 1;
    counter.fail_after = true;
    assert_false(table_insert(context, &t, &items[0].entry, 0));
    counter.fail_at = 0;
    assert_true(table_insert(context, &t, &items[0].entry, 0));
    counter.fail_at = counter.calls + 1;
    for (uint32_t i = 1; i < ITEMS; i++) /* slow, but there */
        assert_true(table_insert(context, &t, &items[i].entry, i));
    assert_int_equal(t.size, 16);
    counter.fail_at = 0;
    table_fini(context, &t);
    rtc_context_unref(context);
    assert_int_equal(counter.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_are_found), cmocka_unit_test(also_when_hashes_collide),
                                       cmocka_unit_test(hashes_tell_apart), cmocka_unit_test(hashes_are_keyed),
                                       cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
