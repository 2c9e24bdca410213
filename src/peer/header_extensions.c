/* SPDX-License-Identifier: MIT */
/* RTP header extension control (webrtc-extensions): getHeaderExtensionsToNegotiate, setHeaderExtensionsToNegotiate,
 * getNegotiatedHeaderExtensions. */
#include "header_extensions.h"

#include "memory.h"
#include "peer.h"
#include "rtp_parameters.h"
#include "sender_parameters.h"

/* Where the extension stands in the rows. */
static size_t row_of(const char *uri)
{
    size_t row = 0;
    while (row < RTP_EXTENSIONS && strcmp(rtp_extension_rows[row].uri, uri) != 0)
        row++;
    return row;
}

/* What is to be negotiated of one of its capabilities. */
static rtc_rtp_direction wish_of(const rtc_rtp_transceiver *t, const struct jsep_extension *e)
{
    uint8_t said = t->extensions.directions[row_of(e->uri)];
    return said ? (rtc_rtp_direction)(said - 1) : e->direction;
}

static bool has(const struct jsep_section *section, const char *uri)
{
    for (size_t i = 0; section && i < section->rtp.extension_count; i++)
        if (strcmp(section->rtp.extensions[i].uri, uri) == 0)
            return true;
    return false;
}

size_t header_extensions_wanted(const rtc_rtp_transceiver *t, const struct capabilities *can, bool offers,
                                const struct jsep_section *negotiated, struct jsep_extension out[RTP_EXTENSIONS])
{
    size_t count = 0;
    for (size_t i = 0; i < can->extension_count; i++) {
        const struct jsep_extension *e = &can->extensions[i];
        bool said = t->extensions.directions[row_of(e->uri)] != 0;
        rtc_rtp_direction direction = wish_of(t, e);
        if (direction == RTC_DIRECTION_STOPPED && !said && (!offers || has(negotiated, e->uri)))
            direction = RTC_DIRECTION_SENDRECV; /* nobody minds it */
        if (direction == RTC_DIRECTION_STOPPED)
            continue;
        out[count] = *e;
        out[count++].direction = direction;
    }
    return count;
}

/* ---- What applications call ---- */

int rtc_rtp_transceiver_get_header_extensions_to_negotiate(const rtc_rtp_transceiver *t, rtc_rtp_capabilities **out)
{
    struct capabilities can;
    if (!t || !out)
        return error_say(RTC_ERR_TYPE, "rtc_rtp_transceiver_get_header_extensions_to_negotiate: %s is NULL", t ? "out" : "transceiver");
    capabilities_of(t->context, t->kind, &can);
    for (size_t i = 0; i < can.extension_count; i++)
        can.extensions[i].direction = wish_of(t, &can.extensions[i]);
    return capabilities_block_new(t->context, can.extensions, can.extension_count, out);
}

/* Reads one of the list that is to be set; `known`: the one in its place. */
static int take(const rtc_rtp_transceiver *t, size_t index, const rtc_rtp_header_extension *given, const struct jsep_extension *known,
                struct extension_wishes *out)
{
    rtc_rtp_header_extension e;
    if (!given)
        return peer_fail(t->connection, RTC_ERR_TYPE, "header extension %zu is NULL", index);
    int error = peer_options(t->connection, &e, sizeof e, given, "rtc_rtp_header_extension");
    if (error)
        return error;
    if (!e.uri || !e.uri[0])
        return peer_fail(t->connection, RTC_ERR_TYPE, "header extension %zu has no URI", index);
    if (e.direction < RTC_DIRECTION_INACTIVE || e.direction > RTC_DIRECTION_STOPPED)
        return peer_fail(t->connection, RTC_ERR_TYPE, "header extension %zu: unknown direction %d", index, (int)e.direction);
    if (!known || strcmp(known->uri, e.uri) != 0)
        return peer_fail(t->connection, RTC_ERR_INVALID_MODIFICATION, "header extension %zu is '%.100s', not %s", index, e.uri,
                         known ? known->uri : "any that is known");
    size_t row = row_of(known->uri);
    if (rtp_extension_rows[row].mandatory && e.direction != RTC_DIRECTION_SENDRECV)
        return peer_fail(t->connection, RTC_ERR_INVALID_MODIFICATION, "header extension %zu, %s, is always sendrecv", index, known->uri);
    if (e.direction != wish_of(t, known) || t->extensions.directions[row])
        out->directions[row] = (uint8_t)(e.direction + 1);
    return RTC_OK;
}

int rtc_rtp_transceiver_set_header_extensions_to_negotiate(rtc_rtp_transceiver *t, const rtc_rtp_header_extension *const *extensions,
                                                           size_t count)
{
    struct capabilities can;
    struct extension_wishes wishes = {0};
    if (!t)
        return error_say(RTC_ERR_TYPE, "rtc_rtp_transceiver_set_header_extensions_to_negotiate: transceiver is NULL");
    int error =
        t->connection ? peer_begin(t->connection) : RTC_OK; /* also of one that is stopped, or whose connection is closed: in vain */
    capabilities_of(t->context, t->kind, &can);
    if (!error && count > 0 && !extensions)
        error = peer_fail(t->connection, RTC_ERR_TYPE, "rtc_rtp_transceiver_set_header_extensions_to_negotiate: extensions is NULL");
    for (size_t i = 0; !error && i < count; i++)
        error = take(t, i, extensions[i], i < can.extension_count ? &can.extensions[i] : NULL, &wishes);
    if (!error && count < can.extension_count)
        error = peer_fail(t->connection, RTC_ERR_INVALID_MODIFICATION, "%zu header extensions are given, there are %zu", count,
                          can.extension_count);
    if (!error)
        t->extensions = wishes;
    return error;
}

int rtc_rtp_transceiver_get_negotiated_header_extensions(const rtc_rtp_transceiver *t, rtc_rtp_capabilities **out)
{
    struct capabilities can;
    const struct jsep_section *ours, *theirs;
    int error;
    if (!t || !out)
        return error_say(RTC_ERR_TYPE, "rtc_rtp_transceiver_get_negotiated_header_extensions: %s is NULL", t ? "out" : "transceiver");
    struct jsep_negotiated *agreed = transceiver_agreement(t, &ours, &theirs, &error);
    if (error)
        return error_plain(error);
    capabilities_of(t->context, t->kind, &can);
    for (size_t i = 0; i < can.extension_count; i++) {
        can.extensions[i].direction = RTC_DIRECTION_STOPPED;
        for (size_t k = 0; agreed && k < agreed->extension_count; k++)
            if (strcmp(agreed->extensions[k].uri, can.extensions[i].uri) == 0)
                can.extensions[i].direction = agreed->extensions[k].direction;
    }
    memory_free(t->context, agreed);
    return capabilities_block_new(t->context, can.extensions, can.extension_count, out);
}
