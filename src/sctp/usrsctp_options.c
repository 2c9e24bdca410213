/* SPDX-License-Identifier: MIT */
/* How an association's socket of usrsctp is set up: timers, limits, the path, what it tells; see usrsctp_options.h. */
#include "usrsctp_options.h"

#include "log.h"

#include <errno.h>
#include <string.h>
#include <usrsctp.h>

#define MS 1000 /* microseconds */

enum {
    COMMON_HEADER_LEN = 12,
    PATIENCE_MS = 1 << 30, /* twelve days: half of what the engine can tell apart */
    PATIENCE_REPEAT_MS = 60000,
    RTO_MAX_MS = 3000, /* not the minute of RFC 9260 section 16: when the path is back, data goes on with the next timer */
    ATTEMPTS = 20      /* nearly a minute: consent (RFC 7675) ends a dead connection earlier */
};

bool usrsctp_option_set(const struct usrsctp_target *t, int level, int name, const void *value, size_t len)
{
    if (usrsctp_setsockopt(t->socket, level, name, value, (socklen_t)len) == 0)
        return true;
    log_write(t->context, RTC_LOG_WARNING, "sctp", "option %d is refused: %d", name, errno);
    return false;
}

static bool set_int(const struct usrsctp_target *t, int name, int value)
{
    return usrsctp_option_set(t, IPPROTO_SCTP, name, &value, sizeof value);
}

static uint32_t clamp_ms(rtc_time_t us, rtc_time_t low, rtc_time_t high)
{
    rtc_time_t ms = us / MS;
    return (uint32_t)(ms < low ? low : ms > high ? high : ms);
}

/* The engine wants minimum <= initial: before there is anything that the peer could hold a SACK back for, INIT may be repeated sooner. */
bool usrsctp_options_rto(const struct usrsctp_target *t, bool up)
{
    rtc_time_t rtt = t->options->rtt_us > 0 ? t->options->rtt_us : 0;
    uint32_t initial = rtt ? clamp_ms(3 * rtt, 150, 1000) : 1000;
    /* A peer may hold a SACK back for 200 ms (RFC 9260 section 6.2), and its clock has 10 ms steps on either side. */
    uint32_t least = clamp_ms(rtt + 220 * MS, 250, RTO_MAX_MS);
    struct sctp_rtoinfo rto = {
        .srto_initial = up && initial < least ? least : initial,
        .srto_min = !up && initial < least ? initial : least,
        .srto_max = RTO_MAX_MS,
    };
    return usrsctp_option_set(t, IPPROTO_SCTP, SCTP_RTOINFO, &rto, sizeof rto);
}

static bool set_limits(const struct usrsctp_target *t)
{
    struct sctp_initmsg init = {
        .sinit_num_ostreams = t->options->streams,
        .sinit_max_instreams = t->options->streams,
        .sinit_max_attempts = ATTEMPTS,
        .sinit_max_init_timeo = RTO_MAX_MS,
    };
    struct sctp_assocparams params = {.sasoc_asocmaxrxt = ATTEMPTS};
    return usrsctp_option_set(t, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof init) &&
           usrsctp_option_set(t, IPPROTO_SCTP, SCTP_ASSOCINFO, &params, sizeof params);
}

bool usrsctp_options_patience(const struct usrsctp_target *t)
{
    struct sctp_rtoinfo rto = {.srto_initial = PATIENCE_MS, .srto_min = PATIENCE_MS, .srto_max = PATIENCE_MS};
    struct sctp_initmsg init = {
        .sinit_num_ostreams = t->options->streams,
        .sinit_max_instreams = t->options->streams,
        .sinit_max_attempts = UINT16_MAX,
        .sinit_max_init_timeo = PATIENCE_REPEAT_MS,
    };
    struct sctp_paddrparams path = {.spp_pathmaxrxt = UINT16_MAX};
    return usrsctp_option_set(t, IPPROTO_SCTP, SCTP_RTOINFO, &rto, sizeof rto) &&
           usrsctp_option_set(t, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof init) &&
           usrsctp_option_set(t, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path);
}

struct sockaddr_conn usrsctp_address(uintptr_t id, uint16_t port)
{
    struct sockaddr_conn address;
    memset(&address, 0, sizeof address);
    address.sconn_family = AF_CONN;
    address.sconn_port = htons(port);
    address.sconn_addr = (void *)id; /* NOLINT: a number in a pointer's clothes */
    return address;
}

bool usrsctp_options_path(const struct usrsctp_target *t, bool begun)
{
    struct sctp_paddrparams path = {
        .spp_flags = SPP_PMTUD_DISABLE | SPP_HB_DISABLE,
        .spp_pathmtu = (t->options->mtu - COMMON_HEADER_LEN) & ~3u, /* the engine does not count it in */
        .spp_pathmaxrxt = ATTEMPTS,
    };
    struct sockaddr_conn remote = usrsctp_address(t->id, t->options->remote_port);
    if (begun) /* before, the options are those of any path */
        memcpy(&path.spp_address, &remote, sizeof remote);
    return usrsctp_option_set(t, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path);
}

static bool subscribe(const struct usrsctp_target *t)
{
    static const uint16_t types[] = {SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT, SCTP_SEND_FAILED_EVENT, SCTP_PARTIAL_DELIVERY_EVENT};
    bool ok = true;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct sctp_event event = {.se_assoc_id = SCTP_FUTURE_ASSOC, .se_type = types[i], .se_on = 1};
        ok = usrsctp_option_set(t, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event) && ok;
    }
    return ok;
}

bool usrsctp_options_configure(const struct usrsctp_target *t)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0}; /* closing sends an ABORT and leaves nothing behind */
    struct sctp_assoc_value reset = {.assoc_id = SCTP_ALL_ASSOC,
                                     .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ | SCTP_ENABLE_CHANGE_ASSOC_REQ};
    return usrsctp_set_non_blocking(t->socket, 1) == 0 && usrsctp_option_set(t, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) &&
           usrsctp_option_set(t, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, &reset, sizeof reset) && set_int(t, SCTP_NODELAY, 1) &&
           set_int(t, SCTP_EXPLICIT_EOR, 1) && set_int(t, SCTP_RECVRCVINFO, 1) && usrsctp_options_rto(t, false) && set_limits(t) &&
           usrsctp_options_path(t, false) && subscribe(t);
}
