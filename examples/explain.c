/* SPDX-License-Identifier: MIT */
/* Why does it not connect? Two connections whose candidates never reach the other side, as when a signalling server loses them, and what rtc_peer_connection_explain says
 * to that: the first line is the conclusion, the others are the evidence. The last call shows what a refused call says. */
#include <crtc/crtc.h>
#include <stdio.h>
#include <string.h>

static rtc_loop *loop;

static void explain_later(void *user)
{
    (void)user, rtc_loop_stop(loop);
}

/* The text without its candidates: what is left is a sound description. */
static const char *without_candidates(const char *sdp, char *text, size_t capacity)
{
    size_t used = 0;
    for (const char *line = sdp, *end; *line != 0 && (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
        size_t len = (size_t)(end - line) + 2;
        if (strncmp(line, "a=candidate:", 12) != 0 && strncmp(line, "a=end-of-candidates", 19) != 0 && used + len < capacity) {
            memcpy(text + used, line, len);
            used += len;
        }
    }
    text[used] = 0;
    return text;
}

int main(void)
{
    static char text[65536];
    rtc_peer_connection *caller = NULL, *callee = NULL;
    rtc_data_channel *channel = NULL;
    rtc_loop_new(NULL, &loop);
    const rtc_configuration configuration = {.size = sizeof(configuration), .loop = loop, .include_loopback = true};
    if (rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &caller) != RTC_OK || rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &callee) != RTC_OK) {
        fprintf(stderr, "explain: %s\n", rtc_last_error());
        return 1;
    }
    printf("Before the call:\n%s\n", rtc_peer_connection_explain(caller));
    rtc_peer_connection_create_data_channel(caller, "x", 1, NULL, &channel);
    rtc_peer_connection_set_local_description(caller, RTC_SDP_NONE, NULL);
    rtc_peer_connection_set_remote_description(callee, RTC_SDP_OFFER, without_candidates(rtc_peer_connection_local_description(caller, NULL), text, sizeof(text)));
    printf("With an offer that was not answered:\n%s\n", rtc_peer_connection_explain(caller));
    rtc_peer_connection_set_local_description(callee, RTC_SDP_NONE, NULL);
    rtc_peer_connection_set_remote_description(caller, RTC_SDP_ANSWER, without_candidates(rtc_peer_connection_local_description(callee, NULL), text, sizeof(text)));
    rtc_loop_post_delayed(loop, 300000, explain_later, NULL, NULL);
    rtc_loop_run(loop);
    printf("With an answer, and no candidates:\n%s\n", rtc_peer_connection_explain(caller));
    if (rtc_peer_connection_set_remote_description(caller, RTC_SDP_ANSWER, text) != RTC_OK) {
        printf("A second answer is refused: %s\n", rtc_peer_connection_last_error(caller));
    }
    rtc_data_channel_unref(channel);
    rtc_peer_connection_free(caller);
    rtc_peer_connection_free(callee);
    rtc_loop_free(loop);
    return 0;
}
