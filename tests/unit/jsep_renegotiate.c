/* SPDX-License-Identifier: MIT */
/* Later exchanges: sections, mids and numbers keep their place; what breaks the exchange is refused. Candidates folded into a description.
 */
#include "sdp_fixture.h"

#include "context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* One exchange; the two descriptions are the caller's. */
static void exchange(struct local_side *offerer, struct local_side *answerer, struct session_description **offer,
                     struct session_description **answer)
{
    char *text = offer_text(offerer);
    *offer = parsed(text);
    free(text);
    text = answer_text(answerer, *offer);
    *answer = parsed(text);
    free(text);
    assert_int_equal(jsep_check_answer(*offer, *answer, NULL), 0);
}

/* Only what both sides bundled has the transport: the peer's answer left the second section out, so it is bundle-only still. */
static void a_section_that_was_not_bundled_has_no_port(void **state)
{
    (void)state;
    struct local_side a, b;
    struct session_description *offer, *answer;
    local_init(&a, "aaaa");
    (void)local_add(&a, MEDIA_AUDIO, "0");
    (void)local_add(&a, MEDIA_APPLICATION, "1");
    local_init(&b, "bbbb");
    (void)local_add(&b, MEDIA_AUDIO, "");
    (void)local_add(&b, MEDIA_APPLICATION, "");
    exchange(&a, &b, &offer, &answer);
    a.snapshot.previous_local = offer;
    a.snapshot.previous_remote = answer;
    for (int bundled = 0; bundled < 2; bundled++) {
        answer->sections[1].bundle.grouped = bundled != 0;
        char *text = offer_text(&a);
        has(text, "m=application 0 ", !bundled);
        has(text, "a=bundle-only\r\n", !bundled);
        free(text);
    }
    session_description_free(NULL, answer);
    session_description_free(NULL, offer);
}

static void a_section_added_later_joins_the_transport(void **state)
{
    (void)state;
    struct local_side a, b;
    struct session_description *offer, *answer;
    local_init(&a, "aaaa");
    (void)local_add(&a, MEDIA_AUDIO, "0");
    (void)local_add(&a, MEDIA_APPLICATION, "1");
    local_init(&b, "bbbb");
    (void)local_add(&b, MEDIA_AUDIO, "");
    (void)local_add(&b, MEDIA_APPLICATION, "");
    exchange(&a, &b, &offer, &answer);
    a.snapshot.previous_local = offer;
    a.snapshot.previous_remote = answer;
    (void)local_add(&a, MEDIA_VIDEO, "2");
    char *text = offer_text(&a);
    struct session_description *again = parsed(text);
    assert_int_equal(jsep_check_offer(offer, NULL, again, NULL), 0);
    has(text, "a=group:BUNDLE 0 1 2\r\n", true);
    assert_int_equal(again->sections[0].port, 9);
    assert_int_equal(again->sections[1].port, 9);
    assert_false(again->sections[1].bundle.only);
    assert_int_equal(again->sections[2].port, 0);
    assert_true(again->sections[2].bundle.only);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(again->sections[i].transport.setup, SETUP_ACTPASS);
    session_description_free(NULL, again);
    session_description_free(NULL, answer);
    session_description_free(NULL, offer);
    free(text);
}

static void stopped_sections_stay_as_rejected_ones(void **state)
{
    (void)state;
    struct local_side a, b;
    struct session_description *offer, *answer;
    local_init(&a, "aaaa");
    (void)local_add(&a, MEDIA_AUDIO, "0");
    (void)local_add(&a, MEDIA_VIDEO, "1");
    local_init(&b, "bbbb");
    (void)local_add(&b, MEDIA_AUDIO, "");
    (void)local_add(&b, MEDIA_VIDEO, "");
    exchange(&a, &b, &offer, &answer);
    a.snapshot.previous_local = offer;
    a.snapshot.previous_remote = answer;
    a.sections[0].rejected = true;
    char *text = offer_text(&a);
    struct session_description *again = parsed(text);
    assert_int_equal(jsep_check_offer(offer, NULL, again, NULL), 0);
    has(text, "a=group:BUNDLE 1\r\n", true);
    assert_true(again->sections[0].rejected);
    assert_int_equal(again->sections[1].port, 9);
    struct session_description *last;
    char *reply = answer_text(&b, again);
    last = parsed(reply);
    assert_true(last->sections[0].rejected);
    assert_false(last->sections[1].rejected);
    assert_int_equal(jsep_check_answer(again, last, NULL), 0);
    session_description_free(NULL, last);
    session_description_free(NULL, again);
    session_description_free(NULL, answer);
    session_description_free(NULL, offer);
    free(reply);
    free(text);
}

/* We answered Chromium with its numbers; our own later offer keeps them, and a new section avoids those it gave to codecs we do not have.
 */
static void numbers_of_an_answered_offer_are_kept(void **state)
{
    (void)state;
    struct session_description *offer = parsed_file("chromium_156_audioonly_offer.sdp");
    struct local_side b;
    local_init(&b, "bbbb");
    local_match(&b, offer);
    char *text = answer_text(&b, offer);
    struct session_description *answer = parsed(text);
    free(text);
    static const struct jsep_codec vp8 = {.payload_type = 111, .rtx_payload_type = 63, .name = "VP8", .clock_rate = 90000, .channels = 1};
    static const struct jsep_codec opus = {
        .payload_type = 96, .rtx_payload_type = JSEP_NO_PAYLOAD_TYPE, .name = "opus", .clock_rate = 48000, .channels = 2};
    static const struct jsep_extension extensions[] = {{1, RTC_DIRECTION_SENDRECV, "urn:new"},
                                                       {9, RTC_DIRECTION_SENDRECV, "urn:ietf:params:rtp-hdrext:sdes:mid"}};
    snprintf(b.sections[0].mid, sizeof(b.sections[0].mid), "0");
    b.sections[0].codecs = &opus;
    struct jsep_local_section *video = local_add(&b, MEDIA_VIDEO, "v");
    video->codecs = &vp8; /* its wishes are taken: 111 is opus, 63 red */
    video->extensions = extensions;
    video->extension_count = 2;
    b.snapshot.previous_local = answer;
    b.snapshot.previous_remote = offer;
    text = offer_text(&b);
    struct session_description *again = parsed(text);
    assert_int_equal(again->sections[0].rtp.codecs[0].payload_type, 111);
    assert_int_equal(again->sections[1].rtp.codecs[0].payload_type, 96);
    assert_int_equal(again->sections[1].rtp.codecs[0].rtx_payload_type, 97);
    assert_string_equal(again->sections[1].rtp.extensions[0].uri, "urn:new");
    assert_true(again->sections[1].rtp.extensions[0].id > 4); /* 1-4 mean something else in this group */
    assert_int_equal(again->sections[1].rtp.extensions[1].id, 4);
    session_description_free(NULL, again);
    session_description_free(NULL, answer);
    session_description_free(NULL, offer);
    free(text);
}

static void one_codec_has_one_number_in_the_group(void **state)
{
    (void)state;
    static const struct jsep_codec first = {.payload_type = 96, .rtx_payload_type = 97, .name = "VP8", .clock_rate = 90000, .channels = 1};
    static const struct jsep_codec second[] = {
        {.payload_type = 96, .rtx_payload_type = 97, .name = "H264", .clock_rate = 90000, .channels = 1},
        {.payload_type = 98, .rtx_payload_type = 99, .name = "vp8", .clock_rate = 90000, .channels = 1},
        {.payload_type = 98, .rtx_payload_type = 99, .name = "vp8", .clock_rate = 90000, .channels = 1}};
    struct local_side a;
    local_init(&a, "aaaa");
    local_add(&a, MEDIA_VIDEO, "0")->codecs = &first;
    struct jsep_local_section *s = local_add(&a, MEDIA_VIDEO, "1");
    s->codecs = second;
    s->codec_count = 3;
    char *text = offer_text(&a);
    struct session_description *d = parsed(text);
    assert_int_equal(d->sections[1].rtp.codec_count, 2); /* said twice, written once */
    assert_int_equal(d->sections[1].rtp.codecs[1].payload_type, 96);
    assert_int_equal(d->sections[1].rtp.codecs[1].rtx_payload_type, 97);
    uint8_t h264 = d->sections[1].rtp.codecs[0].payload_type, rtx = d->sections[1].rtp.codecs[0].rtx_payload_type;
    assert_true(h264 != 96 && h264 != 97 && rtx != 96 && rtx != 97 && h264 != rtx);
    session_description_free(NULL, d);
    free(text);
}

/* Two formats of one name each keep an rtx of their own: the number of one must not become the other's. */
static void rtx_belongs_to_its_payload_type(void **state)
{
    (void)state;
    static const struct jsep_codec vp9[] = {
        {.payload_type = 98, .rtx_payload_type = 99, .name = "VP9", .clock_rate = 90000, .channels = 1},
        {.payload_type = 100, .rtx_payload_type = 101, .name = "VP9", .clock_rate = 90000, .channels = 1, .fmtp = "profile-id=2"}};
    static const char remote_sdp[] = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 35 36 37\r\n"
                                     "a=mid:x\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=fingerprint:x 00\r\n"
                                     "a=rtpmap:35 VP9/90000\r\na=rtpmap:36 rtx/90000\r\na=fmtp:36 apt=35\r\na=rtpmap:37 VP9/90000\r\n";
    struct session_description *remote = parsed(remote_sdp);
    struct local_side a;
    local_init(&a, "aaaa");
    struct jsep_local_section *s = local_add(&a, MEDIA_VIDEO, "y");
    s->codecs = vp9;
    s->codec_count = 2;
    a.snapshot.previous_remote = remote;
    char *text = offer_text(&a);
    struct session_description *d = parsed(text);
    const struct jsep_codec *codecs = d->sections[0].rtp.codecs;
    assert_int_equal(d->sections[0].rtp.codec_count, 2);
    assert_int_equal(codecs[0].payload_type, 35);
    assert_int_equal(codecs[0].rtx_payload_type, 36);
    assert_true(codecs[1].payload_type != 35 && codecs[1].payload_type != 37);
    assert_true(codecs[1].rtx_payload_type != 36 && codecs[1].rtx_payload_type != JSEP_NO_PAYLOAD_TYPE);
    session_description_free(NULL, d);
    session_description_free(NULL, remote);
    free(text);
}

/* The peer's rtx repairs the peer's payload type: with another one of ours it can not be shared. */
static void rtx_of_another_payload_type_is_not_taken(void **state)
{
    (void)state;
#define VIDEO "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF "
#define REST "a=mid:x\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=fingerprint:x 00\r\n"
    struct session_description *before = parsed(VIDEO "100\r\na=rtpmap:100 VP8/90000\r\n" REST);
    struct session_description *theirs =
        parsed(VIDEO "96 97\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n" REST);
    struct local_side a;
    local_init(&a, "aaaa");
    (void)local_add(&a, MEDIA_VIDEO, "x"); /* wishes 96 and 97 */
    a.snapshot.previous_local = before;
    a.snapshot.previous_remote = theirs;
    char *text = offer_text(&a);
    struct session_description *d = parsed(text);
    assert_int_equal(d->sections[0].rtp.codecs[0].payload_type, 100);
    uint8_t rtx = d->sections[0].rtp.codecs[0].rtx_payload_type;
    assert_true(rtx != JSEP_NO_PAYLOAD_TYPE && rtx != 97);
    session_description_free(NULL, d);
    session_description_free(NULL, theirs);
    session_description_free(NULL, before);
    free(text);
}

/* A peer that used id 15, which the one-byte form reserves, does not make us offer it. */
static void the_reserved_id_is_never_offered(void **state)
{
    (void)state;
    struct session_description *remote =
        parsed("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=extmap-allow-mixed\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
               "a=mid:x\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=fingerprint:x 00\r\n"
               "a=extmap:15 urn:ietf:params:rtp-hdrext:sdes:mid\r\n");
    struct local_side a;
    local_init(&a, "aaaa");
    (void)local_add(&a, MEDIA_AUDIO, "x");
    a.snapshot.previous_remote = remote;
    char *text = offer_text(&a);
    has(text, "a=extmap:15", false);
    has(text, " urn:ietf:params:rtp-hdrext:sdes:mid\r\n", true);
    session_description_free(NULL, remote);
    free(text);
}

static void a_peer_that_took_every_number_leaves_room(void **state)
{
    (void)state;
    struct text text = text_new(context_resolve(NULL));
    text_print(&text, "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF");
    for (int i = 35; i <= 63; i++)
        text_print(&text, " %d", i);
    for (int i = 96; i <= 127; i++)
        text_print(&text, " %d", i);
    text_print(&text, "\r\na=mid:x\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=fingerprint:x 00\r\n");
    for (int i = 35; i <= 127; i++)
        if (i <= 63 || i >= 96)
            text_print(&text, "a=rtpmap:%d codec%d/90000\r\n", i, i);
    struct session_description *remote = parsed(text.data);
    struct local_side a;
    local_init(&a, "aaaa");
    (void)local_add(&a, MEDIA_VIDEO, "x");
    a.snapshot.previous_remote = remote;
    char *offer = offer_text(&a);
    struct session_description *d = parsed(offer);
    assert_int_equal(d->sections[0].rtp.codec_count, 1);
    assert_true(d->sections[0].rtp.codecs[0].rtx_payload_type != JSEP_NO_PAYLOAD_TYPE);
    session_description_free(NULL, d);
    session_description_free(NULL, remote);
    text_fini(&text);
    free(offer);
}

static void kinds_we_do_not_know_are_kept_in_later_offers(void **state)
{
    (void)state;
    struct session_description *offer =
        parsed("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=text 9 UDP/TLS/RTP/SAVPF 98 100\r\na=mid:t\r\n");
    struct local_side b;
    local_init(&b, "bbbb");
    local_add(&b, MEDIA_OTHER, "t")->rejected = true;
    char *text = answer_text(&b, offer);
    struct session_description *answer = parsed(text);
    assert_true(answer->sections[0].rejected);
    free(text);
    b.snapshot.previous_local = answer;
    b.snapshot.previous_remote = offer;
    text = offer_text(&b);
    has(text, "m=text 0 UDP/TLS/RTP/SAVPF 98\r\n", true);
    has(text, "a=mid:t\r\n", true);
    free(text);
    session_description_free(NULL, answer);
    session_description_free(NULL, offer);
}

/* What is wrong with an answer, by editing a good one. */
static void refuse_edited(const char *offer_sdp, const char *answer_sdp, const char *from, const char *to)
{
    const char *at = strstr(answer_sdp, from);
    assert_non_null(at);
    struct text edited = text_new(context_resolve(NULL));
    text_add(&edited, slice_of(answer_sdp, (size_t)(at - answer_sdp)));
    text_print(&edited, "%s%s", to, at + strlen(from));
    struct session_description *offer = parsed(offer_sdp), *answer = parsed(edited.data);
    struct sdp_error error = {0};
    if (jsep_check_answer(offer, answer, &error) != RTC_ERR_INVALID_ACCESS || error.text[0] == 0)
        fail_msg("accepted \"%s\" for \"%s\"", to, from);
    session_description_free(NULL, offer);
    session_description_free(NULL, answer);
    text_fini(&edited);
}

static void answers_that_do_not_answer_are_refused(void **state)
{
    (void)state;
    char *offer = corpus_read("firefox_153_rejectvideo_offer.sdp"), *answer = corpus_read("firefox_153_rejectvideo_answer.sdp");
    refuse_edited(offer, answer, "m=video", "m=audio");
    refuse_edited(offer, answer, "a=setup:active", "a=setup:actpass");
    refuse_edited(offer, answer, "a=rtcp-mux", "a=x");
    refuse_edited(offer, answer, "m=video", "m=audio 0 RTP/AVP 0\r\na=mid:new\r\nm=video");
    free(offer);
    free(answer);
}

#define SECTION(mid)                                                 \
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:" mid \
    "\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=fingerprint:x 00\r\n"
#define SESSION "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"

static int check_pair(const char *offer_sdp, const char *answer_sdp)
{
    struct session_description *offer = parsed(offer_sdp), *answer = parsed(answer_sdp);
    int result = jsep_check_answer(offer, answer, NULL);
    session_description_free(NULL, offer);
    session_description_free(NULL, answer);
    return result;
}

static void bundle_groups_only_shrink(void **state)
{
    (void)state;
    const char *two = SESSION "a=group:BUNDLE 0\r\na=group:BUNDLE 1\r\n" SECTION("0") SECTION("1");
    const char *joined = SESSION "a=group:BUNDLE 0 1\r\n" SECTION("0") SECTION("1");
    const char *none = SESSION SECTION("0") SECTION("1");
    assert_int_equal(check_pair(two, two), 0);
    assert_int_equal(check_pair(joined, none), 0);
    assert_int_equal(check_pair(two, joined), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(check_pair(none, joined), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(check_pair(joined, two), 0);
}

static void roles_must_differ_and_rejections_stand(void **state)
{
    (void)state;
    const char *active = SESSION SECTION("0") "a=setup:active\r\n", *passive = SESSION SECTION("0") "a=setup:passive\r\n",
               *none = SESSION SECTION("0");
    assert_int_equal(check_pair(active, passive), 0);
    assert_int_equal(check_pair(none, SESSION SECTION("1")), RTC_ERR_INVALID_ACCESS); /* another mid */
    assert_int_equal(check_pair(active, none), 0);
    assert_int_equal(check_pair(active, active), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(check_pair(passive, passive), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(check_pair(SESSION "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n", none), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(check_pair(none, SESSION "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"), 0); /* a rejection without mid */
}

static void sections_never_vanish_or_change(void **state)
{
    (void)state;
    struct sdp_error error = {0};
    struct session_description *two = parsed(SESSION SECTION("0") SECTION("1")), *one = parsed(SESSION SECTION("0")),
                               *other = parsed(SESSION SECTION("0") SECTION("2"));
    struct session_description *stopped = parsed(SESSION SECTION("0") "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n");
    struct session_description *text = parsed(SESSION SECTION("0") "m=text 9 RTP/AVP 98\r\na=mid:1\r\n");
    assert_int_equal(jsep_check_offer(NULL, NULL, one, NULL), 0);
    assert_int_equal(jsep_check_offer(one, NULL, two, NULL), 0);
    assert_int_equal(jsep_check_offer(two, NULL, two, NULL), 0);
    assert_int_equal(jsep_check_offer(two, NULL, one, &error), RTC_ERR_INVALID_ACCESS);
    assert_true(error.text[0] != 0);
    assert_int_equal(jsep_check_offer(two, NULL, other, NULL), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(jsep_check_offer(two, NULL, text, NULL), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(jsep_check_offer(two, NULL, stopped, NULL), 0);
    assert_int_equal(jsep_check_offer(stopped, NULL, other, NULL), 0); /* a place used again */
    assert_int_equal(jsep_check_offer(two, stopped, other, NULL), 0);  /* whoever had rejected it */
    session_description_free(NULL, two);
    session_description_free(NULL, one);
    session_description_free(NULL, other);
    session_description_free(NULL, stopped);
    session_description_free(NULL, text);
}

/* What peers really answered to each other's offers. */
static void check_real_pair(const char *name, struct slice text, void *user)
{
    size_t *pairs = user;
    char offer_name[256];
    const char *at = strstr(name, "_offer");
    while (at && strstr(at + 1, "_offer"))
        at = strstr(at + 1, "_offer");
    if (!at || strncmp(name, "aiortc", 6) == 0 || strncmp(name, "libdata", 7) == 0 || strncmp(name, "wrtc", 4) == 0)
        return;
    (void)text;
    snprintf(offer_name, sizeof(offer_name), "%.*s_answer%s", (int)(at - name), name, at + 6);
    struct session_description *offer = parsed_file(name), *answer = parsed_file(offer_name);
    struct sdp_error error = {0};
    if (jsep_check_answer(offer, answer, &error) != 0)
        fail_msg("%s: %s", name, error.text);
    session_description_free(NULL, offer);
    session_description_free(NULL, answer);
    (*pairs)++;
}

static void visit_pair(const char *name, struct slice text, void *user)
{
    if (contains(name, "_offer.sdp") || contains(name, "_offer_gathered.sdp"))
        check_real_pair(name, text, user);
}

static void real_answers_pass(void **state)
{
    (void)state;
    size_t pairs = 0;
    (void)corpus_each(visit_pair, &pairs);
    assert_int_equal(pairs, 70);
}

static char *folded(const char *text, size_t section, const char *const *lines, size_t count, bool complete)
{
    struct slice candidates[8];
    struct text out = text_new(context_resolve(NULL));
    for (size_t i = 0; i < count; i++)
        candidates[i] = slice_str(lines[i]);
    assert_int_equal(jsep_with_candidates(NULL, slice_str(text), section, candidates, count, complete, &out), 0);
    return text_take(&out);
}

static void candidates_are_folded_in(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "candidate:1 1 udp 2130706431 fd00::2 5000 typ host",
        "candidate:2 1 udp 2130706430 192.0.2.2 5001 typ host",
        "candidate:3 1 udp 1130706430 abcd.local 5002 typ host",
        "candidate:4 1 tcp 1130706430 192.0.2.9 9 typ host tcptype active",
        "candidate:5 1 udp 1000 198.51.100.1 5003 typ srflx raddr 192.0.2.2 rport 5001",
    };
    struct local_side a;
    local_init(&a, "aaaa");
    (void)local_add(&a, MEDIA_AUDIO, "0");
    (void)local_add(&a, MEDIA_APPLICATION, "1");
    char *text = offer_text(&a);
    char *one = folded(text, 0, lines, 1, false);
    has(one, "m=audio 5000 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP6 fd00::2\r\n", true);
    has(one, "a=end-of-candidates", false);
    char *two = folded(one, 0, lines, 4, false); /* the first is there already */
    has(two, "m=audio 5001 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 192.0.2.2\r\n", true);
    char *all = folded(two, 0, lines, 5, true);
    has(all, "m=audio 5003 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 198.51.100.1\r\n", true);
    struct session_description *d = parsed(all);
    assert_int_equal(d->sections[0].transport.candidate_count, 5);
    assert_true(slice_is(d->sections[0].transport.candidates[0], lines[0]));
    assert_true(d->sections[0].transport.end_of_candidates);
    assert_true(d->sections[1].transport.end_of_candidates); /* of the same group, without any of its own */
    assert_int_equal(d->sections[1].transport.candidate_count, 5);
    char *again = folded(all, 0, lines, 5, true);
    assert_string_equal(all, again);
    session_description_free(NULL, d);
    free(again);
    free(all);
    free(two);
    free(one);
    free(text);
}

static void folding_leaves_port_zero_and_checks_its_input(void **state)
{
    (void)state;
    static const char *const lines[] = {"candidate:2 1 udp 2130706430 192.0.2.2 5001 typ host"};
    const char *text = SESSION "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=bundle-only\r\n";
    char *out = folded(text, 0, lines, 1, false);
    has(out, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n", true);
    has(out, "a=candidate:2 1 udp", true);
    free(out);
    static const char *const evil[] = {"candidate:1\r\na=evil", "a=candidate:1", "", "candidat"};
    for (size_t i = 0; i < 4; i++) {
        struct slice bad = slice_str(evil[i]);
        struct text result = text_new(context_resolve(NULL));
        assert_int_equal(jsep_with_candidates(NULL, slice_str(text), 0, &bad, 1, false, &result), RTC_ERR_TYPE);
        assert_int_equal(result.len, 0);
    }
    struct text result = text_new(context_resolve(NULL));
    assert_int_equal(jsep_with_candidates(NULL, slice_str(text), 7, NULL, 0, false, &result), RTC_ERR_NOT_FOUND);
    assert_int_equal(result.len, 0);
    assert_int_equal(jsep_with_candidates(NULL, slice_str("x"), 7, NULL, 0, false, &result), RTC_ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_that_was_not_bundled_has_no_port),
        cmocka_unit_test(a_section_added_later_joins_the_transport),
        cmocka_unit_test(stopped_sections_stay_as_rejected_ones),
        cmocka_unit_test(numbers_of_an_answered_offer_are_kept),
        cmocka_unit_test(one_codec_has_one_number_in_the_group),
        cmocka_unit_test(rtx_belongs_to_its_payload_type),
        cmocka_unit_test(rtx_of_another_payload_type_is_not_taken),
        cmocka_unit_test(the_reserved_id_is_never_offered),
        cmocka_unit_test(a_peer_that_took_every_number_leaves_room),
        cmocka_unit_test(kinds_we_do_not_know_are_kept_in_later_offers),
        cmocka_unit_test(answers_that_do_not_answer_are_refused),
        cmocka_unit_test(bundle_groups_only_shrink),
        cmocka_unit_test(roles_must_differ_and_rejections_stand),
        cmocka_unit_test(sections_never_vanish_or_change),
        cmocka_unit_test(real_answers_pass),
        cmocka_unit_test(candidates_are_folded_in),
        cmocka_unit_test(folding_leaves_port_zero_and_checks_its_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
