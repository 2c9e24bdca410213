/* SPDX-License-Identifier: MIT */
/* Reading and writing the signalling messages. */
#include "message.h"

#include "utf8.h"

#include <string.h>

static const struct {
    const char *name, *member;
} types[MESSAGE_TYPES] = {
    [MESSAGE_JOIN] = {"join", NULL},
    [MESSAGE_QUIT] = {"quit", NULL},
    [MESSAGE_SEND_OFFER] = {"send_offer", "sdp"},
    [MESSAGE_SEND_ANSWER] = {"send_answer", "sdp"},
    [MESSAGE_SEND_ICE_CANDIDATE] = {"send_ice_candidate", "candidate"},
    [MESSAGE_SEND_REFUSAL] = {"send_refusal", "reason"},
    [MESSAGE_SEND_NOTICE] = {"send_notice", "reason"},
    [MESSAGE_JOINED] = {"joined", NULL},
    [MESSAGE_OFFER_SDP_RECEIVED] = {"offer_sdp_received", "sdp"},
    [MESSAGE_ANSWER_SDP_RECEIVED] = {"answer_sdp_received", "sdp"},
    [MESSAGE_ICE_CANDIDATE_RECEIVED] = {"ice_candidate_received", "candidate"},
    [MESSAGE_REFUSAL_RECEIVED] = {"refusal_received", "reason"},
    [MESSAGE_NOTICE_RECEIVED] = {"notice_received", "reason"},
    [MESSAGE_ERROR] = {"error", NULL},
    [MESSAGE_CHECK_REPORT] = {"check_report", NULL},
};

static enum message_type type_of(const char *name)
{
    unsigned type = 0;
    while (type < MESSAGE_TYPES && (name == NULL || strcmp(name, types[type].name) != 0)) {
        type++;
    }
    return (enum message_type)type;
}

const char *message_member(enum message_type type)
{
    return types[type].member;
}

static const char *string_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

bool message_is_name(const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);
    if (len == 0 || len > MESSAGE_NAME_MAX) {
        return false;
    }
    while (len > 0) {
        uint32_t character;
        size_t bytes = utf8_read(text, len, &character);
        if (bytes == 0 || utf8_is_control(character)) {
            return false;
        }
        text += bytes;
        len -= bytes;
    }
    return true;
}

static const char *read_member(struct message *message)
{
    const char *member = message_member(message->type);
    message->sdp = string_of(message->body, "sdp");
    message->reason = string_of(message->body, "reason");
    message->candidate = cJSON_GetObjectItemCaseSensitive(message->body, "candidate");
    if (member == NULL) {
        return NULL;
    }
    if (strcmp(member, "sdp") == 0) {
        return message->sdp == NULL || message->sdp[0] == '\0' ? "sdp is missing or no text" : NULL;
    }
    if (strcmp(member, "reason") == 0) {
        return message->reason == NULL || strlen(message->reason) > MESSAGE_REASON_MAX ? "reason is missing, no text or too long" : NULL;
    }
    return cJSON_IsObject(message->candidate) ? NULL : "candidate is missing or no object";
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
    return read_member(message);
}

/* What cJSON takes, but would be something else to who reads it again: bytes that are no UTF-8, control characters in strings (RFC 8259 7),
 * and an escaped zero, at which it ends the string. */
static bool is_honest(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
            return false;
        }
        if (c == '\\') {
            if (len - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0) {
                return false;
            }
            i++; /* what is escaped, a backslash perhaps */
        }
    }
    return utf8_is_valid(text, len);
}

const char *message_read(struct message *message, const char *text, size_t len)
{
    memset(message, 0, sizeof(*message));
    message->type = MESSAGE_TYPES;
    message->document = is_honest(text, len) ? cJSON_ParseWithLength(text, len) : NULL;
    const char *wrong = cJSON_IsObject(message->document) ? read_body(message) : "not a JSON object of UTF-8";
    if (wrong != NULL) {
        enum message_type type = message->type;
        message_fini(message);
        message->type = type;
    }
    return wrong;
}

void message_fini(struct message *message)
{
    cJSON_Delete(message->document);
    memset(message, 0, sizeof(*message));
}

/* ---- Writing ---- */

static cJSON *begin(cJSON **body, enum message_type type, const char *channel, const char *user)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "type", types[type].name);
    *body = cJSON_AddObjectToObject(document, "body");
    if (channel != NULL) {
        cJSON_AddStringToObject(*body, "channelName", channel);
    }
    if (user != NULL) {
        cJSON_AddStringToObject(*body, "userId", user);
    }
    return document;
}

static char *complete(cJSON *document, const cJSON *body)
{
    char *text = body == NULL ? NULL : cJSON_PrintUnformatted(document);
    cJSON_Delete(document);
    return text;
}

char *message_write(enum message_type type, const char *channel, const char *user, const char *name, cJSON *value)
{
    cJSON *body, *document = begin(&body, type, channel, user);
    if (name != NULL && !cJSON_AddItemToObject(body, name, value)) {
        cJSON_Delete(value);
    }
    return complete(document, body);
}

char *message_write_error(enum message_type refused, const char *channel, const char *user, const char *why)
{
    cJSON *body, *document = begin(&body, MESSAGE_ERROR, channel, user);
    cJSON_AddStringToObject(body, "message", why);
    if (refused < MESSAGE_TYPES) {
        cJSON_AddStringToObject(body, "refused", types[refused].name);
    }
    return complete(document, body);
}
