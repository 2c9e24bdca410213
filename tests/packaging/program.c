/* SPDX-License-Identifier: MIT */
/* A user's first program: it is built against the installed library, shared and static, by each way of finding it. */
#include <crtc/crtc.h>
#include <stdio.h>
#include <string.h>

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
