/* SPDX-License-Identifier: MIT */
/* Two sets of data channels on a simulated network, in virtual time. Everything that arrives is remembered for the test to look at. */
#ifndef CRTC_SCTP_SIM_H
#define CRTC_SCTP_SIM_H

#include "data_channels.h"
#include "sim_network.h"

enum { SIM_CHANNELS = 1024 };

/* What one end was told of a channel. */
struct sim_channel {
    uint32_t handle;
    bool by_peer;
    enum data_channel_state state;
    uint32_t closed_events, low_events, errors;
    int error;
    struct packet_queue messages; /* not yet taken by the test */
    uint64_t received, bytes;
    bool keep;     /* keep messages, else check them against sim_fill and drop them */
    uint32_t next; /* number of the next message that sim_fill made */
    uint64_t missing, damaged, backwards;
};

struct sim_end {
    struct data_channels *dc;
    struct out out;
    struct sim_host *host;
    struct address address;
    enum sctp_state state;
    struct sim_channel channels[SIM_CHANNELS];
    size_t count;
    uint64_t packets_sent;
    size_t largest;
    bool deaf; /* takes nothing from the network */
};

struct sctp_sim {
    rtc_context *context;
    struct sim_network *net;
    uint64_t seed;
    rtc_time_t now;
    rtc_time_t rtt_us; /* that ICE measured */
    struct sim_end end[2];
    uint64_t digest; /* of when what sizes were sent, to compare runs */
};

extern const struct sim_link SIM_CLEAN; /* 1 ms */

/* NULL options: defaults. End 0 is the DTLS client. 0 or an error. */
int sctp_sim_init(struct sctp_sim *sim, rtc_context *context, uint64_t seed, const struct sim_link *link,
                  const struct data_channels_options *options);
void sctp_sim_fini(struct sctp_sim *sim);
/* Starts both ends and runs until they are connected; false when they are not within ten seconds. */
bool sctp_sim_connect(struct sctp_sim *sim, uint64_t max_message);
void sctp_sim_run(struct sctp_sim *sim, rtc_time_t duration);
/* Runs until *value reaches goal, or for the time given; true when it did. */
bool sctp_sim_run_until(struct sctp_sim *sim, const uint64_t *value, uint64_t goal, rtc_time_t limit);
/* What an end's calls appended: into the network and the records. */
void sctp_sim_flush(struct sctp_sim *sim, int end);

struct sim_channel *sim_channel(struct sctp_sim *sim, int end, uint32_t handle);
/* The channel that the peer opened n-th; NULL when there is none. */
struct sim_channel *sim_channel_by_peer(struct sctp_sim *sim, int end, size_t n);
struct data_channel_options sim_reliable(const char *label);
uint32_t sim_open(struct sctp_sim *sim, int end, const struct data_channel_options *options);
int sim_send(struct sctp_sim *sim, int end, uint32_t handle, bool text, struct slice message);
void sim_close(struct sctp_sim *sim, int end, uint32_t handle);
struct data_channel_info sim_info(struct sctp_sim *sim, int end, uint32_t handle);
/* A message that tells its number and length, at least 8 bytes. */
void sim_fill(uint8_t *bytes, size_t len, uint32_t number);
int sim_send_numbered(struct sctp_sim *sim, int end, uint32_t handle, size_t len, uint32_t number);

#endif
