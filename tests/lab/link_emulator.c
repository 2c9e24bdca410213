/* SPDX-License-Identifier: MIT */
/* link_emulator: a link between two network namespaces, with the rate, loss and delay it is told. Each namespace gets a TUN device; what
 * the kernel sends into the one comes out of the other. Lines in change the link while it runs: "ab delay_ms=25 loss_percent=2" (a to b),
 * "ba ...", "both ..."; "counts" asks for a line of JSON with what became of the packets; "log FILE" writes a line for each packet from
 * then on (packet_log.h), "log" ends that. The first line out, "ready", says that the devices exist; the end of the input ends the program.
 */
#include "packet_log.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define DEVICE "eth0" /* a name that says Ethernet: browsers judge an interface by it */
#define BURST_MAX 64  /* packets taken in one go, before those that are due go out */

enum { A_TO_B = 1, B_TO_A = 2 };

struct emulator {
    int devices[2];
    struct wire wires[2]; /* [i] takes from device i and gives to the other */
    struct packet_log log;
    char line[512];
    size_t line_len;
    bool ended;
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void give_up(const char *what)
{
    fprintf(stderr, "link_emulator: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- Devices ---- */

static int make_device(void)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = DEVICE};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
        give_up("/dev/net/tun");
    }
    return fd;
}

/* A TUN device stays in the namespace it was made in, wherever its maker goes. */
static int make_device_in(const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "/run/netns/%s", name);
    int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), other = open(path, O_RDONLY | O_CLOEXEC);
    if (own < 0 || other < 0 || setns(other, CLONE_NEWNET) != 0) {
        give_up(path);
    }
    int device = make_device();
    if (setns(own, CLONE_NEWNET) != 0) {
        give_up("the way back");
    }
    close(own);
    close(other);
    return device;
}

/* ---- Lines in ---- */

static void print_counts(const char *direction, const struct wire_counts *counts, const char *end)
{
    printf("\"%s\":{\"taken\":%" PRIu64 ",\"given\":%" PRIu64 ",\"lost\":%" PRIu64, direction, counts->taken, counts->given, counts->lost);
    printf(",\"overflowed\":%" PRIu64 ",\"down\":%" PRIu64 "}%s", counts->overflowed, counts->down, end);
}

static void tell_counts(const struct emulator *emulator)
{
    putchar('{');
    print_counts("ab", &emulator->wires[0].counts, ",");
    print_counts("ba", &emulator->wires[1].counts, "}\n");
    fflush(stdout);
}

static unsigned directions_of(const char *word)
{
    return strcmp(word, "ab") == 0 ? A_TO_B : strcmp(word, "ba") == 0 ? B_TO_A : strcmp(word, "both") == 0 ? A_TO_B | B_TO_A : 0;
}

static void obey(struct emulator *emulator, const char *line)
{
    char word[8] = "";
    int word_end = 0;
    sscanf(line, "%7s%n", word, &word_end);
    if (strcmp(word, "counts") == 0) {
        tell_counts(emulator);
        return;
    }
    if (strcmp(word, "log") == 0) {
        const char *path = line + word_end + strspn(line + word_end, " ");
        if (!packet_log_begin(&emulator->log, path)) {
            give_up(path);
        }
        return;
    }
    unsigned directions = directions_of(word);
    bool understood = directions != 0;
    for (unsigned i = 0; i < 2; i++) {
        understood = understood && ((directions & 1u << i) == 0 || wire_set(&emulator->wires[i].settings, line + word_end));
    }
    if (!understood) {
        fprintf(stderr, "link_emulator: not understood: %s\n", line);
        exit(2);
    }
}

static void take_lines(struct emulator *emulator)
{
    ssize_t count = read(STDIN_FILENO, emulator->line + emulator->line_len, sizeof(emulator->line) - emulator->line_len - 1);
    if (count <= 0) {
        emulator->ended = true;
        return;
    }
    emulator->line_len += (size_t)count;
    emulator->line[emulator->line_len] = '\0';
    char *rest = emulator->line;
    for (char *end = strchr(rest, '\n'); end != NULL; end = strchr(rest, '\n')) {
        *end = '\0';
        obey(emulator, rest);
        rest = end + 1;
    }
    emulator->line_len = strlen(rest);
    memmove(emulator->line, rest, emulator->line_len);
}

/* ---- Packets ---- */

static void take_packets(struct emulator *emulator, unsigned from)
{
    uint8_t packet[WIRE_PACKET_MAX];
    for (int i = 0; i < BURST_MAX; i++) {
        ssize_t len = read(emulator->devices[from], packet, sizeof(packet));
        if (len <= 0) {
            return;
        }
        int64_t now = now_us();
        struct wire_passage passage = wire_take(&emulator->wires[from], packet, (size_t)len, now);
        packet_log_write(&emulator->log, from, packet, (size_t)len, passage, now);
    }
}

static void give_packets(struct emulator *emulator, unsigned from)
{
    const struct wire_packet *packet;
    while ((packet = wire_give(&emulator->wires[from], now_us())) != NULL) {
        /* A device that is down or full loses the packet, as a real one does. */
        ssize_t written = write(emulator->devices[1 - from], packet->bytes, packet->len);
        (void)written;
    }
}

static void wait_for_work(struct emulator *emulator, struct pollfd *watched)
{
    int64_t next_us[2] = {wire_next_us(&emulator->wires[0]), wire_next_us(&emulator->wires[1])};
    int64_t due_us = next_us[0] < next_us[1] ? next_us[0] : next_us[1], left_us = due_us - now_us();
    left_us = left_us < 0 ? 0 : left_us;
    struct timespec left = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};
    if (ppoll(watched, 3, due_us == WIRE_NEVER ? NULL : &left, NULL) < 0) {
        give_up("ppoll");
    }
}

static void run(struct emulator *emulator)
{
    struct pollfd watched[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = emulator->devices[0], .events = POLLIN},
        {.fd = emulator->devices[1], .events = POLLIN},
    };
    while (!emulator->ended) {
        wait_for_work(emulator, watched);
        for (unsigned i = 0; i < 2; i++) {
            take_packets(emulator, i);
            give_packets(emulator, i);
        }
        if (watched[0].revents != 0) {
            take_lines(emulator);
        }
    }
}

/* A link does not wait for the machine's other work. Without the right to that it is as prompt as it can be. */
static void be_prompt(void)
{
    const struct sched_param priority = {.sched_priority = 10};
    prctl(PR_SET_TIMERSLACK, 1UL);
    (void)sched_setscheduler(0, SCHED_FIFO, &priority);
}

int main(int argc, char **argv)
{
    static struct emulator emulator;
    if (argc != 4) {
        fputs("Usage: link_emulator NAMESPACE_A NAMESPACE_B SEED\n", stderr);
        return 2;
    }
    uint64_t seed = strtoull(argv[3], NULL, 10);
    be_prompt();
    for (unsigned i = 0; i < 2; i++) {
        emulator.devices[i] = make_device_in(argv[1 + i]);
        if (!wire_init(&emulator.wires[i], seed * 2 + i)) {
            give_up("memory");
        }
    }
    puts("ready");
    fflush(stdout);
    run(&emulator);
    packet_log_end(&emulator.log);
    tell_counts(&emulator);
    wire_fini(&emulator.wires[0]);
    wire_fini(&emulator.wires[1]);
    return 0;
}
