/* SPDX-License-Identifier: MIT */
/* What an application writes into a configuration: URLs of servers, rules for interfaces and for the peer's addresses, external addresses.
 * The first byte is flags; each line of the rest goes where its first character says, and a line without a place is a URL. What is taken
 * can be set again and be told of; what is not leaves a reason. */
#include <crtc/crtc.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 24, TEXT = 2048 };

struct list {
    const char *texts[LINES];
    size_t count;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void sort_lines(char *text, struct list lists[6])
{
    static const char places[] = "+-=&!";
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        const char *place = strchr(places, line[0]);
        struct list *l = &lists[place && *place ? 1 + (place - places) : 0];
        if (l->count < LINES)
            l->texts[l->count++] = place && *place ? line + 1 : line;
    }
}

static rtc_configuration make(uint8_t flags, const struct list lists[6])
{
    rtc_configuration c = {.size = sizeof c, .max_channels = 16};
    c.ice_transport_policy = flags & 1 ? RTC_ICE_TRANSPORT_RELAY : RTC_ICE_TRANSPORT_ALL;
    c.ice_lite = flags & 2;
    c.include_loopback = flags & 4;
    c.ice_tcp_policy = (rtc_ice_tcp_policy)(flags >> 3 & 3);
    c.ice_candidate_pool_size = flags >> 5 & 1;
    c.port_min = flags & 64 ? 5000 : 0;
    c.port_max = flags & 64 ? 5001 : 0;
    c.ice_allow = lists[1].texts;
    c.ice_allow_count = lists[1].count;
    c.ice_deny = lists[2].texts;
    c.ice_deny_count = lists[2].count;
    c.external_addresses = lists[3].texts;
    c.external_address_count = lists[3].count;
    c.remote_allow = lists[4].texts;
    c.remote_allow_count = lists[4].count;
    c.remote_deny = lists[5].texts;
    c.remote_deny_count = lists[5].count;
    return c;
}

static void use(rtc_peer_connection *pc, const rtc_configuration *configuration)
{
    rtc_data_channel *channel;
    rtc_stats_report *report;
    require(rtc_peer_connection_set_configuration(pc, configuration) == RTC_OK);
    require(rtc_peer_connection_create_data_channel(pc, "x", 1, NULL, &channel) == RTC_OK);
    rtc_data_channel_unref(channel);
    require(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL) == RTC_OK);
    require(rtc_peer_connection_explain(pc)[0]);
    require(rtc_peer_connection_get_stats(pc, &report) == RTC_OK);
    rtc_stats_report_unref(report);
    require(rtc_peer_connection_set_configuration(pc, NULL) != RTC_OK || rtc_peer_connection_explain(pc)[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static rtc_context *context;
    static rtc_certificate *certificate;
    char text[TEXT];
    struct list lists[6] = {{.count = 0}};
    rtc_peer_connection *pc = NULL;
    if (!context)
        require(rtc_context_new(NULL, &context) == RTC_OK &&
                rtc_certificate_generate(context, RTC_KEY_ECDSA_P256, 0, &certificate) == RTC_OK);
    if (size < 1)
        return 0;
    size_t len = size - 1 < sizeof text - 1 ? size - 1 : sizeof text - 1;
    memcpy(text, data + 1, len);
    text[len] = 0;
    sort_lines(text, lists);
    rtc_configuration c = make(data[0], lists);
    rtc_certificate *certificates[] = {certificate};
    c.certificates = certificates;
    c.certificate_count = 1;
    rtc_ice_server server = {.size = sizeof server, .urls = lists[0].texts, .url_count = lists[0].count};
    const rtc_ice_server *const servers[] = {&server};
    server.username = data[0] & 128 ? NULL : "user";
    server.credential = "secret";
    c.ice_servers = servers;
    c.ice_server_count = lists[0].count > 0;
    int error = rtc_peer_connection_new(context, &c, NULL, NULL, &pc);
    require((error == RTC_OK) == (pc != NULL));
    if (pc)
        use(pc, &c);
    rtc_peer_connection_free(pc);
    return 0;
}
