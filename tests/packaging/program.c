/* SPDX-License-Identifier: MIT */
/* A user's first program: it is built against the installed library, shared and static, by each way of finding it. It has names of its own
 * that the library has inside, too, and neither may take the other's. */
#include <crtc/crtc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void log_write(void);
void address_eq(void);

void log_write(void)
{
    abort();
}

void address_eq(void)
{
    abort();
}

int main(void)
{
    rtc_peer_connection *connection;
    rtc_data_channel *channel;
    const char *offer;
    int error = rtc_peer_connection_new(NULL, NULL, NULL, NULL, &connection);
    if (!error)
        error = rtc_peer_connection_create_data_channel(connection, "chat", 4, NULL, &channel);
    if (!error)
        error = rtc_peer_connection_create_offer(connection, &offer);
    if (error) {
        (void)fprintf(stderr, "%s\n", rtc_error_name(error));
        return 1;
    }
    (void)printf("libcrtc %s: %s\n", rtc_version(), strstr(offer, "webrtc-datachannel") ? "ok" : "no data channel in the offer");
    rtc_data_channel_unref(channel);
    rtc_peer_connection_free(connection);
    return strstr(rtc_version(), ".") ? 0 : 1;
}
