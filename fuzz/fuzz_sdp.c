/* SPDX-License-Identifier: MIT */
/* Session descriptions: reading, printing, answering, offering again. What was read prints to text that reads and prints the same; what we
 * write ourselves always reads, and answers what it answers. */
#include "context.h"
#include "jsep.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

static void require(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void check_printing(rtc_context *context, struct slice input)
{
    struct sdp *first = NULL, *second = NULL;
    struct text once = text_new(context), twice = text_new(context);
    if (sdp_parse(context, input, &first, NULL) != 0)
        return;
    sdp_print(first, &once);
    int result = sdp_parse(context, slice_of(once.data, once.len), &second, NULL);
    require(result == 0 || result == RTC_ERR_RANGE, "printed text does not parse"); /* CRLF for LF may make it too long */
    if (result == 0) {
        sdp_print(second, &twice);
        require(slice_eq(slice_of(once.data, once.len), slice_of(twice.data, twice.len)), "printing is not stable");
    }
    text_fini(&once);
    text_fini(&twice);
    sdp_free(second);
    sdp_free(first);
}

static const struct jsep_codec opus = {.payload_type = 111,
                                       .rtx_payload_type = JSEP_NO_PAYLOAD_TYPE,
                                       .name = "opus",
                                       .clock_rate = 48000,
                                       .channels = 2,
                                       .fmtp = "useinbandfec=1"};
static const struct jsep_codec vp8 = {
    .payload_type = 96, .rtx_payload_type = 97, .name = "VP8", .clock_rate = 90000, .channels = 1, .nack = true};
static const struct jsep_extension mid_extension = {4, RTC_DIRECTION_SENDRECV, "urn:ietf:params:rtp-hdrext:sdes:mid"};
static const struct jsep_fingerprint fingerprint = {.hash = "sha-256", .len = 32};

/* What streams are restricted to: a limit that is read is none, or at least 1, and formats are such as there can be. */
static void check_rids(const struct jsep_rids *rids)
{
    for (size_t i = 0; i < rids->count; i++) {
        struct jsep_rid_limits limits;
        bool read = jsep_rid_read_limits(rids->all[i].restrictions, &limits);
        require(read || (limits.max_width == 0 && limits.max_bitrate_bps == 0 && jsep_rid_allows(&limits, 96)), "half of it is read");
        require(jsep_rids_find(rids, rids->all[i].id) == &rids->all[i], "a stream is named twice");
    }
}

static void fill(struct jsep_local_section *s, const struct jsep_section *offered)
{
    *s = (struct jsep_local_section){.type = offered->type,
                                     .direction = RTC_DIRECTION_SENDRECV,
                                     .sctp_port = 5000,
                                     .max_message_size = 65536,
                                     .track_id = "t",
                                     .ssrc = 1,
                                     .rtx_ssrc = 2};
    memcpy(s->mid, offered->mid, sizeof(s->mid));
    s->rejected = offered->rejected || offered->type == MEDIA_OTHER;
    s->codecs = offered->type == MEDIA_AUDIO ? &opus : &vp8;
    s->codec_count = offered->type == MEDIA_AUDIO || offered->type == MEDIA_VIDEO ? 1 : 0;
    s->extensions = &mid_extension;
    s->extension_count = s->codec_count;
}

static void check_offer_again(rtc_context *context, struct jsep_snapshot *snapshot, const struct session_description *offer,
                              const struct session_description *answer)
{
    struct session_description *again = NULL;
    struct text text = text_new(context);
    snapshot->previous_local = answer;
    snapshot->previous_remote = offer;
    require(jsep_create_offer(context, snapshot, &text) == 0, "no offer");
    int result = session_description_parse(context, slice_of(text.data, text.len), &again, NULL);
    require(result == 0 || result == RTC_ERR_RANGE, "our offer does not parse");
    if (result == 0)
        require(jsep_check_offer(answer, NULL, again, NULL) == 0, "our offer does not follow our answer");
    session_description_free(context, again);
    text_fini(&text);
}

static void check_answer(rtc_context *context, struct jsep_snapshot *snapshot, const struct session_description *offer)
{
    struct session_description *answer = NULL;
    struct text text = text_new(context);
    struct sdp_error error = {0};
    require(jsep_create_answer(context, snapshot, offer, &text) == 0, "no answer");
    int result = session_description_parse(context, slice_of(text.data, text.len), &answer, &error);
    require(result == 0 || result == RTC_ERR_RANGE, "our answer does not parse");
    if (result == 0) {
        struct jsep_negotiated negotiated;
        require(jsep_check_answer(offer, answer, &error) == 0, error.text);
        for (size_t i = 0; i < offer->section_count; i++)
            jsep_negotiate(&answer->sections[i], &offer->sections[i], &negotiated);
        check_offer_again(context, snapshot, offer, answer);
    }
    session_description_free(context, answer);
    text_fini(&text);
}

static void check_description(rtc_context *context, struct slice input)
{
    struct session_description *offer = NULL;
    struct sdp_error error = {0};
    int result = session_description_parse(context, input, &offer, &error);
    require(result == 0 || (error.code == result && error.text[0] != 0), "refused without a reason");
    if (result != 0)
        return;
    struct jsep_local_section *sections = memory_zeroed(context, (offer->section_count + 1) * sizeof(*sections));
    require(sections != NULL, "no memory");
    for (size_t i = 0; i < offer->section_count; i++) {
        fill(&sections[i], &offer->sections[i]);
        check_rids(offer->sections[i].rtp.send_rids);
        check_rids(offer->sections[i].rtp.recv_rids);
    }
    struct jsep_snapshot snapshot = {.session_id = 1,
                                     .version = 1,
                                     .transport.ice_ufrag = "abcd",
                                     .transport.ice_pwd = "0123456789abcdefghijkl",
                                     .fingerprint = &fingerprint,
                                     .cname = "c",
                                     .sections = sections,
                                     .section_count = offer->section_count};
    check_answer(context, &snapshot, offer);
    memory_free(context, sections);
    session_description_free(context, offer);
}

static void check_folding(rtc_context *context, struct slice input)
{
    struct text text = text_new(context);
    struct slice candidate = slice_str("candidate:1 1 udp 1 192.0.2.1 5000 typ host");
    struct sdp *sdp = NULL;
    if (jsep_with_candidates(context, input, 0, &candidate, 1, true, &text) == 0) {
        int result = sdp_parse(context, slice_of(text.data, text.len), &sdp, NULL);
        require(result == 0 || result == RTC_ERR_RANGE, "folded text does not parse");
    }
    sdp_free(sdp);
    text_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rtc_context *context = context_resolve(NULL);
    struct slice input = slice_of(data, size);
    check_printing(context, input);
    check_description(context, input);
    check_folding(context, input);
    return 0;
}
