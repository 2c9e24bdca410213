/* SPDX-License-Identifier: MIT */
/* Named channels, their members, and the relaying of messages between them. */
#include "switchboard.h"

#include <stdio.h>
#include <string.h>

/* Gives a member a text and frees it; NULL (out of memory) is a lost message. */
static bool deliver(struct member *member, char *text, bool must)
{
    bool good = text != NULL && member->deliver(member, text, must);
    cJSON_free(text);
    return good;
}

static void refuse(struct member *member, const struct message *message, const char *why)
{
    deliver(member, message_write_error(message->type, message->channel, message->user, why), true);
}

static bool same_channel(const struct member *member, const char *channel)
{
    return strcmp(member->channel, channel) == 0;
}

static struct member *find(struct switchboard *board, const char *channel, const char *user)
{
    struct member *member = board->members;
    while (member != NULL && !(same_channel(member, channel) && strcmp(member->user, user) == 0)) {
        member = member->next;
    }
    return member;
}

static size_t count(const struct switchboard *board, const char *channel)
{
    size_t members = 0;
    for (const struct member *member = board->members; member != NULL; member = member->next) {
        members += channel == NULL || same_channel(member, channel);
    }
    return members;
}

static void append(struct switchboard *board, struct member *member)
{
    struct member **at = &board->members;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    member->next = NULL;
    *at = member;
}

static cJSON *member_list(const struct switchboard *board, const char *channel)
{
    cJSON *list = cJSON_CreateArray();
    for (const struct member *member = board->members; member != NULL; member = member->next) {
        if (same_channel(member, channel)) {
            cJSON_AddItemToArray(list, cJSON_CreateString(member->user));
        }
    }
    return list;
}

static void announce_joined(struct switchboard *board, const struct member *newcomer)
{
    for (struct member *member = board->members; member != NULL; member = member->next) {
        if (same_channel(member, newcomer->channel)) {
            deliver(member,
                    message_write(MESSAGE_JOINED, newcomer->channel, newcomer->user, "members", member_list(board, newcomer->channel)),
                    true);
        }
    }
}

static void join(struct switchboard *board, struct member *member, const struct message *message)
{
    if (member->channel[0] != '\0') {
        refuse(member, message, "already in a channel: quit it first");
    } else if (find(board, message->channel, message->user) != NULL) {
        refuse(member, message, "this userId is taken in this channel");
    } else if (count(board, message->channel) >= SWITCHBOARD_CHANNEL_MEMBERS_MAX) {
        refuse(member, message, "the channel is full");
    } else if (count(board, NULL) >= SWITCHBOARD_MEMBERS_MAX) {
        refuse(member, message, "the server is full");
    } else {
        snprintf(member->channel, sizeof(member->channel), "%s", message->channel);
        snprintf(member->user, sizeof(member->user), "%s", message->user);
        append(board, member);
        announce_joined(board, member);
    }
}

/* For whom a message is: who is named; or, in a channel of two, the other one when the sender named itself. */
static struct member *addressee(struct switchboard *board, const struct member *sender, const char *user)
{
    if (strcmp(sender->user, user) != 0) {
        return find(board, sender->channel, user);
    }
    if (count(board, sender->channel) != 2) {
        return NULL;
    }
    struct member *member = board->members;
    while (member == sender || !same_channel(member, sender->channel)) {
        member = member->next;
    }
    return member;
}

static void relay(struct switchboard *board, struct member *sender, const struct message *message, enum message_type type)
{
    struct member *to = addressee(board, sender, message->user);
    if (to == NULL) {
        refuse(sender, message, "userId must name another member of the channel");
        return;
    }
    const char *name = message_member(type);
    cJSON *value = cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(message->body, name), true);
    if (!deliver(to, message_write(type, sender->channel, sender->user, name, value), false)) {
        refuse(sender, message, "the other member does not take its messages");
    }
}

static void leave(struct switchboard *board, struct member *member, bool vanished)
{
    struct member **at = &board->members;
    while (*at != NULL && *at != member) {
        at = &(*at)->next;
    }
    if (*at == NULL) {
        return;
    }
    *at = member->next;
    for (struct member *other = board->members; other != NULL; other = other->next) {
        if (same_channel(other, member->channel)) {
            deliver(other,
                    message_write(MESSAGE_QUIT, member->channel, member->user, vanished ? "vanished" : NULL,
                                  vanished ? cJSON_CreateTrue() : NULL),
                    true);
        }
    }
    member->channel[0] = '\0';
    member->user[0] = '\0';
}

static void act(struct switchboard *board, struct member *member, const struct message *message)
{
    if (message->type == MESSAGE_JOIN) {
        join(board, member, message);
        return;
    }
    if (member->channel[0] == '\0' || !same_channel(member, message->channel)) {
        refuse(member, message, "not a member of this channel: join it first");
        return;
    }
    switch (message->type) {
    case MESSAGE_QUIT:
        if (strcmp(message->user, member->user) == 0) {
            leave(board, member, false);
        } else {
            refuse(member, message, "userId must be your own");
        }
        break;
    case MESSAGE_SEND_OFFER:
        relay(board, member, message, MESSAGE_OFFER_SDP_RECEIVED);
        break;
    case MESSAGE_SEND_ANSWER:
        relay(board, member, message, MESSAGE_ANSWER_SDP_RECEIVED);
        break;
    case MESSAGE_SEND_ICE_CANDIDATE:
        relay(board, member, message, MESSAGE_ICE_CANDIDATE_RECEIVED);
        break;
    case MESSAGE_SEND_REFUSAL:
        relay(board, member, message, MESSAGE_REFUSAL_RECEIVED);
        break;
    case MESSAGE_SEND_NOTICE:
        relay(board, member, message, MESSAGE_NOTICE_RECEIVED);
        break;
    default:
        refuse(member, message, "this type is not for the server");
    }
}

void switchboard_receive(struct switchboard *board, struct member *member, const char *text, size_t len)
{
    struct message message;
    const char *wrong = message_read(&message, text, len);
    if (wrong != NULL) {
        refuse(member, &message, wrong);
        return;
    }
    act(board, member, &message);
    message_fini(&message);
}

void switchboard_remove(struct switchboard *board, struct member *member)
{
    leave(board, member, true);
}
