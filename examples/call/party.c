/* SPDX-License-Identifier: MIT */
/* The native program as a member of a channel. */
#include "party.h"

#include <stdio.h>
#include <string.h>

static void send_message(void *sender, enum message_type type, const char *user, const char *name, cJSON *value)
{
    struct party *party = sender;
    char *text = message_write(type, party->options.channel, user, name, value);
    if (text != NULL) {
        party->options.send(party->options.sender, text);
    }
    cJSON_free(text);
}

/* ---- Media ---- */

static int make_camera(struct party *party)
{
    rtc_test_video_options options = {.size = sizeof(options),
                                      .width = party->options.width,
                                      .height = party->options.height,
                                      .frames_per_second = party->options.frames_per_second};
    int error = rtc_test_video_source_new(party->environment.context, &options, &party->camera_source);
    return error != RTC_OK ? error : rtc_media_stream_track_new(party->camera_source, &party->environment.camera);
}

static int make_tone(struct party *party)
{
    int error = rtc_test_audio_source_new(party->environment.context, NULL, &party->tone_source);
    return error != RTC_OK ? error : rtc_media_stream_track_new(party->tone_source, &party->environment.tone);
}

int party_begin(struct party *party, rtc_context *context, rtc_loop *loop, const struct party_options *options)
{
    memset(party, 0, sizeof(*party));
    party->options = *options;
    party->environment.context = context;
    party->environment.loop = loop;
    party->environment.servers = options->servers;
    party->environment.send = send_message;
    party->environment.sender = party;
    int error = make_camera(party);
    error = error != RTC_OK ? error : make_tone(party);
    error = error != RTC_OK ? error : rtc_media_stream_new(context, NULL, &party->environment.stream);
    if (error != RTC_OK) {
        party_end(party);
    }
    return error;
}

/* ---- Calls ---- */

static struct call *find_call(struct party *party, const char *user)
{
    for (size_t i = 0; i < PARTY_CALLS_MAX; i++) {
        if (strcmp(party->calls[i].user, user) == 0) {
            return &party->calls[i];
        }
    }
    return NULL;
}

struct call *party_call(struct party *party)
{
    for (size_t i = 0; i < PARTY_CALLS_MAX; i++) {
        if (party->calls[i].user[0] != '\0') {
            return &party->calls[i];
        }
    }
    return NULL;
}

static void joined(struct party *party, const struct message *message)
{
    if (strcmp(message->user, party->options.user) != 0) {
        printf("%s joined\n", message->user);
        return; /* who comes new makes the offer */
    }
    const cJSON *member, *members = cJSON_GetObjectItemCaseSensitive(message->body, "members");
    cJSON_ArrayForEach(member, members)
    {
        const char *user = cJSON_GetStringValue(member);
        struct call *call = user == NULL || strlen(user) > MESSAGE_NAME_MAX ? NULL : find_call(party, "");
        if (call != NULL && strcmp(user, party->options.user) != 0) {
            call_begin(call, &party->environment, user, true);
            return;
        }
    }
    printf("waiting in channel %s\n", party->options.channel);
}

static void take_offer(struct party *party, const struct message *message)
{
    struct call *call = find_call(party, message->user);
    if (call == NULL) {
        call = find_call(party, "");
        if (call == NULL || !call_begin(call, &party->environment, message->user, false)) {
            printf("%s calls, but can not be answered now\n", message->user);
            return;
        }
    }
    call_take_offer(call, message->sdp);
}

static void quit(struct party *party, const char *user)
{
    struct call *call = find_call(party, user);
    if (call != NULL) {
        printf("%s left\n", user);
        call_end(call);
    }
}

static void act(struct party *party, const struct message *message)
{
    struct call *call = message->user == NULL ? NULL : find_call(party, message->user);
    switch (message->type) {
    case MESSAGE_JOINED:
        joined(party, message);
        break;
    case MESSAGE_QUIT:
        quit(party, message->user);
        break;
    case MESSAGE_OFFER_SDP_RECEIVED:
        take_offer(party, message);
        break;
    case MESSAGE_ANSWER_SDP_RECEIVED:
        if (call != NULL) {
            call_take_answer(call, message->sdp);
        }
        break;
    case MESSAGE_ICE_CANDIDATE_RECEIVED:
        if (call != NULL) {
            call_take_candidate(call, message->candidate);
        }
        break;
    case MESSAGE_ERROR:
        fprintf(stderr, "the server refused: %s\n", cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message->body, "message")));
        break;
    default:
        fprintf(stderr, "an unexpected message from the server\n");
    }
}

void party_receive(struct party *party, const char *text, size_t len)
{
    struct message message;
    const char *wrong = message_read(&message, text, len);
    if (wrong != NULL) {
        fprintf(stderr, "a bad message from the server: %s\n", wrong);
        return;
    }
    act(party, &message);
    message_fini(&message);
}

void party_join(struct party *party)
{
    send_message(party, MESSAGE_JOIN, party->options.user, NULL, NULL);
}

static void save_picture(struct party *party, struct call *call)
{
    rtc_video_frame *frame = party->options.save_frame == NULL ? NULL : watch_picture(&call->watch);
    if (frame != NULL && !picture_save(frame, party->options.save_frame)) {
        fprintf(stderr, "%s can not be written\n", party->options.save_frame);
    }
    rtc_video_frame_unref(frame);
}

void party_report(struct party *party)
{
    char text[256];
    for (size_t i = 0; i < PARTY_CALLS_MAX; i++) {
        struct call *call = &party->calls[i];
        if (call->user[0] == '\0') {
            continue;
        }
        numbers_read(&call->numbers, call->connection, text, sizeof(text));
        if (text[0] != '\0') {
            printf("%s: %s\n", call->user, text);
        }
        save_picture(party, call);
    }
}

void party_end(struct party *party)
{
    for (size_t i = 0; i < PARTY_CALLS_MAX; i++) {
        call_end(&party->calls[i]);
    }
    rtc_media_stream_unref(party->environment.stream);
    rtc_media_stream_track_unref(party->environment.camera);
    rtc_media_stream_track_unref(party->environment.tone);
    rtc_media_source_unref(party->camera_source);
    rtc_media_source_unref(party->tone_source);
    memset(party, 0, sizeof(*party));
}
