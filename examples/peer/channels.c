/* SPDX-License-Identifier: MIT */
/* The data channels of a peer. */
#include "channels.h"

#include "lines.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES 16384
#define BUFFERED_LOW (256 * 1024)
#define BUFFERED_HIGH (1024 * 1024)
/* Longer texts are told by their size and sum alone. */
#define TEXT_SHOWN 4096
/* Longest message that a command may ask for: more than any library takes. */
#define SEND_BYTES_MAX 1e8

/* A sum that tells messages apart (FNV-1a, 32 bits). */
static uint32_t sum_of(const uint8_t *data, size_t len)
{
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < len; i++) {
        sum = (sum ^ data[i]) * 16777619u;
    }
    return sum;
}

static cJSON *event_of(rtc_data_channel *channel, const char *name)
{
    cJSON *event = cJSON_CreateObject();
    cJSON_AddStringToObject(event, "event", name);
    cJSON_AddStringToObject(event, "label", rtc_data_channel_label(channel, NULL));
    return event;
}

static void tell_state(rtc_data_channel *channel)
{
    cJSON *event = event_of(channel, "channel");
    cJSON_AddNumberToObject(event, "id", rtc_data_channel_id(channel));
    cJSON_AddStringToObject(event, "protocol", rtc_data_channel_protocol(channel, NULL));
    cJSON_AddBoolToObject(event, "ordered", rtc_data_channel_ordered(channel));
    cJSON_AddStringToObject(event, "state", rtc_data_channel_state_name(rtc_data_channel_ready_state(channel)));
    lines_write(event);
}

static int send_message(struct channels *channels, rtc_data_channel *channel, bool text, const void *data, size_t len)
{
    int error = text ? rtc_data_channel_send_text(channel, data, len) : rtc_data_channel_send(channel, data, len);
    if (error == RTC_OK) {
        channels->messages_sent++;
        channels->bytes_sent += len;
    } else if (error != RTC_ERR_OPERATION) {
        cJSON *event = event_of(channel, "error");
        cJSON_AddStringToObject(event, "message", rtc_error_message(error));
        cJSON_AddStringToObject(event, "detail", rtc_last_error());
        lines_write(event);
        channels->errors++;
    }
    return error;
}

/* ---- The file ---- */

/* Sends pieces until the buffer is full; goes on when it is low. */
static void send_pieces(struct channels *channels, rtc_data_channel *channel)
{
    char piece[PIECE_BYTES];
    while (channels->file != NULL && rtc_data_channel_buffered_amount(channel) < BUFFERED_HIGH) {
        size_t len = fread(piece, 1, sizeof(piece), channels->file);
        if (len == 0 || send_message(channels, channel, false, piece, len) != RTC_OK) {
            fclose(channels->file);
            channels->file = NULL;
            send_message(channels, channel, true, "end of file", 11);
        }
    }
}

static void on_low(rtc_data_channel *channel, void *user)
{
    send_pieces(user, channel);
}

/* ---- Events ---- */

static void on_open(rtc_data_channel *channel, void *user)
{
    struct channels *channels = user;
    tell_state(channel);
    if (channels->list[0] != channel) {
        return;
    }
    for (uint32_t i = 0; i < channels->options->messages; i++) {
        char text[32];
        send_message(channels, channel, true, text, (size_t)snprintf(text, sizeof(text), "message %u", i));
    }
    rtc_data_channel_set_buffered_amount_low_threshold(channel, BUFFERED_LOW);
    send_pieces(channels, channel);
}

static void tell_message(rtc_data_channel *channel, bool text, const void *data, size_t len)
{
    cJSON *event = event_of(channel, "message");
    cJSON_AddStringToObject(event, "kind", text ? "text" : "binary");
    cJSON_AddNumberToObject(event, "size", (double)len);
    cJSON_AddNumberToObject(event, "sum", sum_of(data, len));
    if (text && len <= TEXT_SHOWN) {
        char shown[TEXT_SHOWN + 1];
        memcpy(shown, data, len);
        shown[len] = '\0';
        cJSON_AddStringToObject(event, "text", shown);
    }
    lines_write(event);
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct channels *channels = user;
    channels->messages_received++;
    channels->bytes_received += len;
    tell_message(channel, text, data, len);
    if (channels->options->echo) {
        send_message(channels, channel, text, data, len);
    }
}

static void on_close(rtc_data_channel *channel, void *user)
{
    (void)user;
    tell_state(channel);
}

/* A call ends with a "user-initiated abort" (RFC 9260 section 3.3.10.12): somebody hung up, and nothing is wrong. */
static bool is_goodbye(const rtc_error_info *error)
{
    return error->detail == RTC_ERROR_SCTP_FAILURE && error->sctp_cause_code == 12;
}

static void on_error(rtc_data_channel *channel, void *user, const rtc_error_info *error)
{
    struct channels *channels = user;
    cJSON *event = event_of(channel, "error");
    cJSON_AddStringToObject(event, "name", rtc_error_detail_name(error->detail));
    cJSON_AddStringToObject(event, "message", error->message);
    cJSON_AddNumberToObject(event, "sctpCauseCode", error->sctp_cause_code);
    lines_write(event);
    channels->errors += !is_goodbye(error);
}

static const rtc_data_channel_callbacks callbacks = {
    .size = sizeof(callbacks),
    .on_open = on_open,
    .on_message = on_message,
    .on_buffered_amount_low = on_low,
    .on_close = on_close,
    .on_error = on_error,
};

/* ---- The list ---- */

bool channels_init(struct channels *channels, const struct options *options)
{
    memset(channels, 0, sizeof(*channels));
    channels->options = options;
    channels->file = options->send_file == NULL ? NULL : fopen(options->send_file, "rb");
    return options->send_file == NULL || channels->file != NULL;
}

void channels_add(struct channels *channels, rtc_data_channel *channel)
{
    if (channels->count == CHANNELS_MAX) {
        rtc_data_channel_close(channel);
        rtc_data_channel_unref(channel);
        return;
    }
    channels->list[channels->count++] = channel;
    rtc_data_channel_set_callbacks(channel, &callbacks, channels);
}

static rtc_data_channel *find(const struct channels *channels, const char *label)
{
    for (size_t i = 0; i < channels->count; i++) {
        if (label == NULL || strcmp(rtc_data_channel_label(channels->list[i], NULL), label) == 0) {
            return channels->list[i];
        }
    }
    return NULL;
}

/* Bytes 0, 1, 2, ... 250, 0, 1, ...: a pattern that shows a lost or doubled piece. */
static void send_pattern(struct channels *channels, rtc_data_channel *channel, size_t len)
{
    uint8_t *data = malloc(len == 0 ? 1 : len);
    for (size_t i = 0; data != NULL && i < len; i++) {
        data[i] = (uint8_t)(i % 251);
    }
    if (data != NULL) {
        send_message(channels, channel, false, data, len);
    }
    free(data);
}

const char *channels_send(struct channels *channels, const cJSON *command)
{
    const cJSON *label = cJSON_GetObjectItemCaseSensitive(command, "label");
    rtc_data_channel *channel = find(channels, cJSON_GetStringValue(label));
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(command, "text"));
    const cJSON *size = cJSON_GetObjectItemCaseSensitive(command, "size");
    if (label != NULL && !cJSON_IsString(label)) {
        return "send: label is no text";
    }
    if (channel == NULL) {
        return label != NULL ? "send: there is no channel with this label" : "send: there is no channel";
    }
    if (text != NULL) {
        send_message(channels, channel, true, text, strlen(text));
        return NULL;
    }
    if (!cJSON_IsNumber(size) || size->valuedouble < 0 || size->valuedouble > SEND_BYTES_MAX) {
        return "send: it takes a text, or a size from 0 to 100000000";
    }
    send_pattern(channels, channel, (size_t)size->valuedouble);
    return NULL;
}

cJSON *channels_summary(const struct channels *channels)
{
    cJSON *summary = cJSON_CreateObject();
    cJSON_AddNumberToObject(summary, "messagesSent", (double)channels->messages_sent);
    cJSON_AddNumberToObject(summary, "messagesReceived", (double)channels->messages_received);
    cJSON_AddNumberToObject(summary, "bytesSent", (double)channels->bytes_sent);
    cJSON_AddNumberToObject(summary, "bytesReceived", (double)channels->bytes_received);
    return summary;
}

void channels_fini(struct channels *channels)
{
    for (size_t i = 0; i < channels->count; i++) {
        rtc_data_channel_set_callbacks(channels->list[i], NULL, NULL);
        rtc_data_channel_unref(channels->list[i]);
    }
    if (channels->file != NULL) {
        fclose(channels->file);
    }
    memset(channels, 0, sizeof(*channels));
}
