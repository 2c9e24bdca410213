/* SPDX-License-Identifier: MIT */
/* Reading and writing the signalling messages. */
#include "message.h"

#include <string.h>

static const char *const type_names[MESSAGE_TYPES] = {
    [MESSAGE_JOIN] = "join",
    [MESSAGE_QUIT] = "quit",
    [MESSAGE_SEND_OFFER] = "send_offer",
    [MESSAGE_SEND_ANSWER] = "send_answer",
    [MESSAGE_SEND_ICE_CANDIDATE] = "send_ice_candidate",
    [MESSAGE_JOINED] = "joined",
    [MESSAGE_OFFER_SDP_RECEIVED] = "offer_sdp_received",
    [MESSAGE_ANSWER_SDP_RECEIVED] = "answer_sdp_received",
    [MESSAGE_ICE_CANDIDATE_RECEIVED] = "ice_candidate_received",
    [MESSAGE_ERROR] = "error",
    [MESSAGE_CHECK_REPORT] = "check_report",
};

static enum message_type type_of(const char *name)
{
    unsigned type = 0;
    while (type < MESSAGE_TYPES && (name == NULL || strcmp(name, type_names[type]) != 0)) {
        type++;
    }
    return (enum message_type)type;
}

static const char *string_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

bool message_is_name(const char *text)
{
    if (text == NULL || text[0] == '\0' || strlen(text) > MESSAGE_NAME_MAX) {
        return false;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool carries_sdp(enum message_type type)
{
    return type == MESSAGE_SEND_OFFER || type == MESSAGE_SEND_ANSWER || type == MESSAGE_OFFER_SDP_RECEIVED ||
           type == MESSAGE_ANSWER_SDP_RECEIVED;
}

static bool carries_candidate(enum message_type type)
{
    return type == MESSAGE_SEND_ICE_CANDIDATE || type == MESSAGE_ICE_CANDIDATE_RECEIVED;
}

static const char *read_body(struct message *message)
{
    message->type = type_of(string_of(message->document, "type"));
    if (message->type == MESSAGE_TYPES) {
        return "type is missing or unknown";
    }
    message->body = cJSON_GetObjectItemCaseSensitive(message->document, "body");
    if (!cJSON_IsObject(message->body)) {
        return "body is missing or no object";
    }
    message->channel = string_of(message->body, "channelName");
    message->user = string_of(message->body, "userId");
    if (message->type != MESSAGE_ERROR && (!message_is_name(message->channel) || !message_is_name(message->user))) {
        return "channelName and userId must be texts of 1 to 64 bytes without control characters";
    }
    message->sdp = string_of(message->body, "sdp");
    if (carries_sdp(message->type) && (message->sdp == NULL || message->sdp[0] == '\0')) {
        return "sdp is missing or no text";
    }
    message->candidate = cJSON_GetObjectItemCaseSensitive(message->body, "candidate");
    if (carries_candidate(message->type) && !cJSON_IsObject(message->candidate)) {
        return "candidate is missing or no object";
    }
    return NULL;
}

const char *message_read(struct message *message, const char *text, size_t len)
{
    memset(message, 0, sizeof(*message));
    message->document = cJSON_ParseWithLength(text, len);
    const char *wrong = cJSON_IsObject(message->document) ? read_body(message) : "not a JSON object";
    if (wrong != NULL) {
        message_fini(message);
    }
    return wrong;
}

void message_fini(struct message *message)
{
    cJSON_Delete(message->document);
    memset(message, 0, sizeof(*message));
}

char *message_write(enum message_type type, const char *channel, const char *user, const char *name, cJSON *value)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "type", type_names[type]);
    cJSON *body = cJSON_AddObjectToObject(document, "body");
    if (channel != NULL) {
        cJSON_AddStringToObject(body, "channelName", channel);
    }
    if (user != NULL) {
        cJSON_AddStringToObject(body, "userId", user);
    }
    if (name != NULL && !cJSON_AddItemToObject(body, name, value)) {
        cJSON_Delete(value);
    }
    char *text = body == NULL ? NULL : cJSON_PrintUnformatted(document);
    cJSON_Delete(document);
    return text;
}
