/* SPDX-License-Identifier: MIT */
/* The library without its loop: two connections in one process whose sockets, time and callbacks this program serves itself, with plain
 * poll(). Each says hello over a data channel. To stay short it knows one interface: 127.0.0.1. */
#include <arpa/inet.h>
#include <crtc/crtc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define SOCKETS_MAX 16

struct udp {
    rtc_peer_connection *owner;
    uint32_t id;
    rtc_address local;
};
static struct udp sockets[SOCKETS_MAX];
static struct pollfd polled[SOCKETS_MAX]; /* their descriptors */
static nfds_t socket_count;
static int heard;

static struct sockaddr_in sockaddr_of(const rtc_address *from)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(from->port)};
    memcpy(&address.sin_addr, from->ip, 4);
    return address;
}

static void open_udp(rtc_peer_connection *owner, const rtc_request *request, rtc_result *result)
{
    struct sockaddr_in address = sockaddr_of(&request->local);
    socklen_t len = sizeof(address);
    int fd = socket_count < SOCKETS_MAX ? socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0) : -1;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        return;
    }
    result->error = RTC_OK;
    result->local = (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {127, 0, 0, 1}, .port = ntohs(address.sin_port)};
    sockets[socket_count] = (struct udp){owner, request->id, result->local};
    polled[socket_count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void carry_out(rtc_peer_connection *connection, const rtc_request *request)
{
    static const rtc_interface loopback = {.address = {.family = RTC_ADDRESS_IPV4, .ip = {127, 0, 0, 1}}, .name = "lo", .index = 1};
    rtc_result result = {.size = sizeof(result), .type = request->type, .id = request->id};
    result.interfaces = &loopback;
    result.interface_count = 1;
    result.interface_size = sizeof(loopback);
    result.error = request->type == RTC_REQUEST_INTERFACES ? RTC_OK : RTC_ERR_NOT_SUPPORTED;
    if (request->type == RTC_REQUEST_OPEN_UDP) {
        open_udp(connection, request, &result);
    }
    if (request->type != RTC_REQUEST_CLOSE) { /* the process closes all at its end */
        rtc_peer_connection_result(connection, rtc_now(), &result);
    }
}

static void send_packet(const rtc_peer_connection *connection, rtc_packet *packet)
{
    rtc_path path;
    rtc_packet_path(packet, &path);
    struct sockaddr_in to = sockaddr_of(&path.remote);
    for (nfds_t i = 0; i < socket_count; i++) {
        if (sockets[i].owner == connection && sockets[i].id == path.socket) {
            sendto(polled[i].fd, rtc_packet_data(packet), rtc_packet_len(packet), 0, (struct sockaddr *)&to, sizeof(to));
        }
    }
    rtc_packet_free(packet);
}

static void receive(nfds_t i)
{
    uint8_t data[2048];
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    ssize_t len = recvfrom(polled[i].fd, data, sizeof(data), 0, (struct sockaddr *)&from, &from_len);
    if (len > 0) {
        rtc_path path = {.socket = sockets[i].id, .local = sockets[i].local, .remote = sockets[i].local};
        path.remote.port = ntohs(from.sin_port);
        rtc_peer_connection_receive_copy(sockets[i].owner, rtc_now(), &path, data, (size_t)len);
    }
}

/* Does what there is to do now; returns when it wants to be called again. */
static rtc_time_t serve(rtc_peer_connection *connection)
{
    rtc_request request = {.size = sizeof(request)};
    rtc_peer_connection_tick(connection, rtc_now());
    do {
        while (rtc_peer_connection_next_request(connection, &request)) {
            carry_out(connection, &request);
        }
        for (rtc_packet *packet; (packet = rtc_peer_connection_next_packet(connection)) != NULL;) {
            send_packet(connection, packet);
        }
    } while (rtc_peer_connection_dispatch(connection) > 0);
    return rtc_peer_connection_deadline(connection, NULL);
}

static void on_open(rtc_data_channel *channel, void *user)
{
    (void)user, rtc_data_channel_send_text(channel, "hello", 5);
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    printf("%s heard %.*s (%s)\n", (const char *)user, text ? (int)len : 0, (const char *)data, rtc_data_channel_label(channel, NULL));
    heard++;
}
static const rtc_data_channel_callbacks talking = {.size = sizeof(talking), .on_open = on_open, .on_message = on_message};

static void on_data_channel(rtc_peer_connection *connection, void *user, rtc_data_channel *channel)
{
    (void)connection, rtc_data_channel_set_callbacks(channel, &talking, user);
}

/* An offer or answer with all candidates: there is no signalling here to send them later. */
static const char *describe(rtc_peer_connection *connection)
{
    rtc_peer_connection_set_local_description(connection, RTC_SDP_NONE, NULL);
    while (rtc_peer_connection_ice_gathering_state(connection) != RTC_ICE_GATHERING_COMPLETE) {
        serve(connection);
    }
    return rtc_peer_connection_local_description(connection, NULL);
}

int main(void)
{
    static const rtc_peer_connection_callbacks callbacks = {.size = sizeof(callbacks), .on_data_channel = on_data_channel};
    const rtc_configuration configuration = {.size = sizeof(configuration), .include_loopback = true};
    rtc_peer_connection *caller, *callee;
    rtc_data_channel *channel;
    if (rtc_peer_connection_new(NULL, &configuration, &callbacks, "caller", &caller) != RTC_OK ||
        rtc_peer_connection_new(NULL, &configuration, &callbacks, "callee", &callee) != RTC_OK ||
        rtc_peer_connection_create_data_channel(caller, "talk", 4, NULL, &channel) != RTC_OK) {
        return 1;
    }
    rtc_data_channel_set_callbacks(channel, &talking, "caller");
    rtc_peer_connection_set_remote_description(callee, RTC_SDP_OFFER, describe(caller));
    rtc_peer_connection_set_remote_description(caller, RTC_SDP_ANSWER, describe(callee));
    for (rtc_time_t end = rtc_now() + 10000000; heard < 2 && rtc_now() < end;) {
        rtc_time_t a = serve(caller), b = serve(callee), next = a < b ? a : b, left = (next < end ? next : end) - rtc_now();
        poll(polled, socket_count, left <= 0 ? 0 : (int)(left / 1000 + 1));
        for (nfds_t i = 0; i < socket_count; i++) {
            receive(i); /* none waits where there is nothing */
        }
    }
    rtc_data_channel_unref(channel);
    rtc_peer_connection_free(caller);
    rtc_peer_connection_free(callee);
    return heard == 2 ? 0 : 1;
}
