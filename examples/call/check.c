/* SPDX-License-Identifier: MIT */
/* The verdict of call --check: the page's report and what this side received. */
#include "check.h"

#include "browser.h"

#include <libwebsockets.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool near_colour(uint32_t got, uint32_t wanted)
{
    for (unsigned shift = 0; shift <= 16; shift += 8) {
        if (abs((int)(got >> shift & 255) - (int)(wanted >> shift & 255)) > 48) {
            return false;
        }
    }
    return true;
}

/* Adds a colour of the newest picture to the verdict; true when it is what the camera shows there. */
static bool check_colour(cJSON *out, const char *name, const rtc_video_frame *frame, uint32_t x_percent, uint32_t wanted)
{
    struct colour colour;
    char text[8];
    if (frame == NULL || !picture_colour(frame, x_percent, 50, &colour)) {
        return false;
    }
    snprintf(text, sizeof(text), "#%06x", colour_rgb(&colour));
    cJSON_AddStringToObject(out, name, text);
    return near_colour(colour_rgb(&colour), wanted);
}

static bool check_received(const struct check *check, struct call *call, cJSON *out)
{
    struct watch_counts counts = watch_read(&call->watch);
    rtc_video_frame *frame = watch_picture(&call->watch);
    cJSON_AddNumberToObject(out, "frames", (double)counts.frames);
    cJSON_AddNumberToObject(out, "width", frame == NULL ? 0 : rtc_video_frame_width(frame));
    cJSON_AddNumberToObject(out, "height", frame == NULL ? 0 : rtc_video_frame_height(frame));
    cJSON_AddNumberToObject(out, "toneHz", round(counts.tone.frequency_hz));
    cJSON_AddNumberToObject(out, "chatMessages", call->chat_messages);
    bool left = check_colour(out, "left", frame, 15, BROWSER_LEFT_RGB), right = check_colour(out, "right", frame, 85, BROWSER_RIGHT_RGB);
    rtc_video_frame_unref(frame);
    bool colours = !check->known_colours || (left && right);
    return colours && counts.frames >= 30 && fabs(counts.tone.frequency_hz - BROWSER_TONE_HZ) < 25 && call->chat_messages >= 1;
}

static void save_picture(const struct check *check, const cJSON *pictures)
{
    const char *url = cJSON_GetStringValue(pictures), *comma = url == NULL ? NULL : strchr(url, ',');
    FILE *file = check->picture_file == NULL || comma == NULL ? NULL : fopen(check->picture_file, "wb");
    if (file == NULL) {
        return;
    }
    int room = (int)strlen(comma);
    char *bytes = malloc((size_t)room);
    int len = bytes == NULL ? -1 : lws_b64_decode_string(comma + 1, bytes, room);
    if (len > 0) {
        fwrite(bytes, 1, (size_t)len, file);
    }
    free(bytes);
    fclose(file);
}

static void judge(struct check *check, const struct message *message)
{
    cJSON *verdict = cJSON_CreateObject(), *page = cJSON_DetachItemFromObjectCaseSensitive(message->body, "report");
    struct call *call = party_call(check->party);
    bool page_passed = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(page, "ok"));
    cJSON *native = cJSON_AddObjectToObject(verdict, "native");
    bool native_passed = call != NULL && check_received(check, call, native);
    cJSON_AddBoolToObject(native, "ok", native_passed);
    cJSON_AddItemToObject(verdict, "page", page);
    check->passed = page_passed && native_passed;
    cJSON_AddBoolToObject(verdict, "ok", check->passed);
    save_picture(check, cJSON_GetObjectItemCaseSensitive(message->body, "pictures"));
    char *text = cJSON_Print(verdict);
    puts(text == NULL ? "" : text);
    cJSON_free(text);
    cJSON_Delete(verdict);
    check->done = true;
}

bool check_take(void *user, const char *text, size_t len)
{
    struct check *check = user;
    struct message message;
    if (message_read(&message, text, len) != NULL) {
        return false;
    }
    bool report = message.type == MESSAGE_CHECK_REPORT;
    if (report) {
        judge(check, &message);
    }
    message_fini(&message);
    return report;
}
