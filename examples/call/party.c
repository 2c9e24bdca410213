/* SPDX-License-Identifier: MIT */
/* The native program as a member of a channel. */
#include "party.h"

#include "utf8.h"

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

static void call_somebody(struct party *party);

static void end_call(struct party *party, struct call *call, const char *why)
{
    printf("%s %s\n", call->user, why);
    call_end(call);
    call_somebody(party);
}

/* ---- Members ---- */

static struct party_member *find_member(struct party *party, const char *user)
{
    for (size_t i = 0; i < party->member_count; i++) {
        if (strcmp(party->members[i].user, user) == 0) {
            return &party->members[i];
        }
    }
    return NULL;
}

static void take_members(struct party *party, const cJSON *list)
{
    struct party_member before[PARTY_MEMBERS_MAX];
    size_t before_count = party->member_count;
    const cJSON *item;
    memcpy(before, party->members, sizeof(before));
    party->member_count = 0;
    cJSON_ArrayForEach(item, list)
    {
        const char *user = cJSON_GetStringValue(item);
        if (message_is_name(user) && party->member_count < PARTY_MEMBERS_MAX) {
            struct party_member *member = &party->members[party->member_count++];
            snprintf(member->user, sizeof(member->user), "%s", user);
            member->refused = false;
            for (size_t i = 0; i < before_count; i++) {
                member->refused = member->refused || (before[i].refused && strcmp(before[i].user, user) == 0);
            }
        }
    }
}

static void remove_member(struct party *party, const char *user)
{
    struct party_member *member = find_member(party, user);
    if (member != NULL) {
        size_t after = party->member_count - (size_t)(member - party->members) - 1;
        memmove(member, member + 1, after * sizeof(*member));
        party->member_count--;
    }
    for (size_t i = 0; i < party->member_count; i++) {
        party->members[i].refused = false; /* who was busy may be free now */
    }
}

/* Calls the first of those who were here before, unless there is a call: of two the newer one makes the offer. */
static void call_somebody(struct party *party)
{
    if (!party->joined || party_call(party) != NULL) {
        return;
    }
    for (size_t i = 0; i < party->member_count && strcmp(party->members[i].user, party->options.user) != 0; i++) {
        if (!party->members[i].refused && call_begin(&party->calls[0], &party->environment, party->members[i].user, true)) {
            printf("calling %s\n", party->members[i].user);
            return;
        }
    }
    printf("waiting in channel %s\n", party->options.channel);
}

/* What was interrupted while the server was gone begins anew. */
static void end_interrupted(struct party *party)
{
    for (size_t i = 0; i < PARTY_CALLS_MAX; i++) {
        if (party->calls[i].user[0] != '\0' && !call_is_connected(&party->calls[i])) {
            call_end(&party->calls[i]);
        }
    }
}

static void joined(struct party *party, const struct message *message)
{
    take_members(party, cJSON_GetObjectItemCaseSensitive(message->body, "members"));
    struct party_member *member = find_member(party, message->user);
    if (member != NULL) {
        member->refused = false;
    }
    if (strcmp(message->user, party->options.user) != 0) {
        printf("%s joined\n", message->user);
        return; /* who comes new makes the offer */
    }
    party->joined = true;
    end_interrupted(party);
    call_somebody(party);
}

static void quit(struct party *party, const struct message *message)
{
    struct call *call = find_call(party, message->user);
    remove_member(party, message->user);
    if (call == NULL) {
        call_somebody(party);
    } else if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(message->body, "vanished")) && call_is_connected(call)) {
        printf("%s lost the server; the call goes on\n", message->user);
    } else {
        end_call(party, call, "left");
    }
}

/* ---- Messages ---- */

static void refuse(struct party *party, const char *user, const char *why)
{
    send_message(party, MESSAGE_SEND_REFUSAL, user, "reason", cJSON_CreateString(why));
}

static void take_offer(struct party *party, const struct message *message)
{
    struct call *call = find_call(party, message->user);
    char why[512];
    if (call != NULL && !call_is_session(call, message->sdp)) {
        call_end(call);
        call = NULL;
    }
    if (call == NULL) {
        call = find_call(party, "");
        if (call == NULL || !call_begin(call, &party->environment, message->user, false)) {
            printf("%s calls, but can not be answered now\n", message->user);
            refuse(party, message->user, call == NULL ? "in too many calls already" : "it can not make a connection");
            return;
        }
    }
    if (!call_take_offer(call, message->sdp, why, sizeof(why))) {
        refuse(party, message->user, why);
        end_call(party, call, "can not be answered");
    }
}

static void refused(struct party *party, const struct message *message)
{
    struct call *call = find_call(party, message->user);
    struct party_member *member = find_member(party, message->user);
    char why[512];
    if (call == NULL || call_is_connected(call)) {
        return;
    }
    if (member != NULL) {
        member->refused = true;
    }
    utf8_printable(why, sizeof(why), message->reason, strlen(message->reason));
    printf("%s can not take the call: %s\n", message->user, why);
    call_end(call);
    call_somebody(party);
}

static void failed(struct party *party, const struct message *message)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message->body, "message"));
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message->body, "refused"));
    char why[512];
    utf8_printable(why, sizeof(why), text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
    if (type != NULL && strcmp(type, "join") == 0 && party->options.on_refused != NULL) {
        party->options.on_refused(party->options.sender, why);
    } else {
        fprintf(stderr, "the server refused: %s\n", why);
    }
}

static void print_notice(const struct message *message)
{
    char text[1024];
    utf8_printable(text, sizeof(text), message->reason, strlen(message->reason));
    printf("%s says of the connection: %s\n", message->user, text);
}

static void act(struct party *party, const struct message *message)
{
    struct call *call = message->user == NULL ? NULL : find_call(party, message->user);
    switch (message->type) {
    case MESSAGE_JOINED:
        joined(party, message);
        break;
    case MESSAGE_QUIT:
        quit(party, message);
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
    case MESSAGE_REFUSAL_RECEIVED:
        refused(party, message);
        break;
    case MESSAGE_NOTICE_RECEIVED:
        print_notice(message);
        break;
    case MESSAGE_ERROR:
        failed(party, message);
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

void party_leave(struct party *party)
{
    if (party->joined) {
        send_message(party, MESSAGE_QUIT, party->options.user, NULL, NULL);
    }
    party->joined = false;
}

void party_lose_server(struct party *party)
{
    party->joined = false;
    party->member_count = 0;
    end_interrupted(party);
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
        if (call_was_hung_up(call) || (!call_is_connected(call) && party->joined && find_member(party, call->user) == NULL)) {
            end_call(party, call, "left"); /* or neither the server nor the connection reaches it */
            continue;
        }
        call_look(call);
        numbers_read(&call->numbers, call->connection, text, sizeof(text));
        if (text[0] != '\0' && call_is_connected(call)) {
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
