/* SPDX-License-Identifier: MIT */
/* What a link did with each packet. */
#include "packet_log.h"

#include <inttypes.h>

enum { TCP = 6, UDP = 17, IPV4_HEADER = 20, UDP_HEADER = 8 };

struct flow {
    unsigned protocol, from, to, first;
};

static unsigned number_at(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

/* Of a fragment that is not the first, and of what is no IPv4: nothing. */
static struct flow flow_of(const uint8_t *packet, size_t len)
{
    struct flow flow = {0};
    if (len < IPV4_HEADER || packet[0] >> 4 != 4) {
        return flow;
    }
    size_t header = (packet[0] & 15u) * 4;
    flow.protocol = packet[9];
    if ((flow.protocol == TCP || flow.protocol == UDP) && len >= header + 4 && (number_at(packet + 6) & 0x1fff) == 0) {
        flow.from = number_at(packet + header);
        flow.to = number_at(packet + header + 2);
        flow.first = flow.protocol == UDP && len > header + UDP_HEADER ? packet[header + UDP_HEADER] : 0;
    }
    return flow;
}

bool packet_log_begin(struct packet_log *log, const char *path)
{
    packet_log_end(log);
    if (path[0] == '\0') {
        return true;
    }
    log->file = fopen(path, "w");
    return log->file != NULL && fputs("us,way,bytes,protocol,from,to,first,queue_us,fate\n", log->file) >= 0;
}

void packet_log_end(struct packet_log *log)
{
    if (log->file != NULL) {
        fclose(log->file);
        log->file = NULL;
    }
}

void packet_log_write(struct packet_log *log, unsigned from, const uint8_t *packet, size_t len, struct wire_passage passage, int64_t now_us)
{
    static const char *const fates[] = {"given", "lost", "overflowed", "down"};
    if (log->file != NULL) {
        struct flow flow = flow_of(packet, len);
        fprintf(log->file, "%" PRId64 ",%s,%zu,%u,%u,%u,%u,%" PRId64 ",%s\n", now_us, from == 0 ? "ab" : "ba", len, flow.protocol,
                flow.from, flow.to, flow.first, passage.queue_us, fates[passage.fate]);
    }
}
