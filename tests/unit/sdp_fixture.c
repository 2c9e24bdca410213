/* SPDX-License-Identifier: MIT */
#include "sdp_fixture.h"

#include "context.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct jsep_codec audio_codecs[] = {
    {.payload_type = 111,
     .rtx_payload_type = JSEP_NO_PAYLOAD_TYPE,
     .name = "opus",
     .clock_rate = 48000,
     .channels = 2,
     .fmtp = "minptime=10;useinbandfec=1"},
};
static const struct jsep_codec video_codecs[] = {
    {.payload_type = 96,
     .rtx_payload_type = 97,
     .name = "VP8",
     .clock_rate = 90000,
     .channels = 1,
     .nack = true,
     .nack_pli = true,
     .ccm_fir = true,
     .goog_remb = true},
};
static const struct jsep_extension audio_extensions[] = {
    {1, RTC_DIRECTION_SENDRECV, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"},
    {4, RTC_DIRECTION_SENDRECV, "urn:ietf:params:rtp-hdrext:sdes:mid"},
};
static const struct jsep_extension video_extensions[] = {
    {2, RTC_DIRECTION_SENDRECV, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"},
    {4, RTC_DIRECTION_SENDRECV, "urn:ietf:params:rtp-hdrext:sdes:mid"},
    {10, RTC_DIRECTION_SENDRECV, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"},
    {11, RTC_DIRECTION_SENDRECV, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"},
};
static const char *const streams[] = {"stream-1"};

char *corpus_read(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/sdp/%s", CRTC_TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("can not open %s", path);
    char *text = calloc(1, 1 << 16);
    assert_non_null(text);
    size_t len = fread(text, 1, (1 << 16) - 1, file);
    fclose(file);
    assert_true(len > 0);
    return text;
}

static int is_description(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 4 && strcmp(entry->d_name + len - 4, ".sdp") == 0;
}

size_t corpus_each(void (*visit)(const char *name, struct slice text, void *user), void *user)
{
    struct dirent **entries;
    int count = scandir(CRTC_TEST_DATA "/sdp", &entries, is_description, alphasort);
    for (int i = 0; i < count; i++) {
        char *text = corpus_read(entries[i]->d_name);
        visit(entries[i]->d_name, slice_str(text), user);
        free(text);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return count < 0 ? 0 : (size_t)count;
}

struct session_description *parsed(const char *text)
{
    struct session_description *d = NULL;
    struct sdp_error error = {0};
    if (session_description_parse(NULL, slice_str(text), &d, &error) != 0)
        fail_msg("%s at line %zu: %s in\n%s", rtc_error_name(error.code), error.line, error.text, text);
    return d;
}

struct session_description *parsed_file(const char *name)
{
    char *text = corpus_read(name);
    struct session_description *d = parsed(text);
    free(text);
    return d;
}

int parse_error(const char *text, struct sdp_error *detail)
{
    struct session_description *d = NULL;
    int result = session_description_parse(NULL, slice_str(text), &d, detail);
    session_description_free(NULL, d);
    return result;
}

void local_init(struct local_side *local, const char *ufrag)
{
    memset(local, 0, sizeof(*local));
    snprintf(local->fingerprint.hash, sizeof(local->fingerprint.hash), "sha-256");
    local->fingerprint.len = 32;
    for (size_t i = 0; i < 32; i++)
        local->fingerprint.value[i] = (uint8_t)(i * 7 + (uint8_t)ufrag[0]);
    local->snapshot = (struct jsep_snapshot){.session_id = 4611686018427387904u,
                                             .version = 1,
                                             .transport.ice_ufrag = ufrag,
                                             .transport.ice_pwd = "0123456789abcdefghijklmn",
                                             .fingerprint = &local->fingerprint,
                                             .cname = "cname-1",
                                             .transport.setup = SETUP_ACTIVE,
                                             .one_transport = true,
                                             .sections = local->sections};
}

struct jsep_local_section *local_add(struct local_side *local, enum media_type type, const char *mid)
{
    assert_true(local->snapshot.section_count < LOCAL_SECTIONS_MAX);
    size_t index = local->snapshot.section_count++;
    struct jsep_local_section *s = &local->sections[index];
    *s = (struct jsep_local_section){
        .type = type, .bundle_only = true, .direction = RTC_DIRECTION_SENDRECV, .sctp_port = 5000, .max_message_size = 262144};
    snprintf(s->mid, sizeof(s->mid), "%s", mid);
    if (type == MEDIA_APPLICATION || type == MEDIA_OTHER)
        return s;
    s->codecs = type == MEDIA_AUDIO ? audio_codecs : video_codecs;
    s->codec_count = 1;
    s->extensions = type == MEDIA_AUDIO ? audio_extensions : video_extensions;
    s->extension_count = type == MEDIA_AUDIO ? 2 : 4;
    s->stream_ids = streams;
    s->stream_count = 1;
    s->track_id = type == MEDIA_AUDIO ? "track-audio" : "track-video";
    s->ssrc = 1000 + (uint32_t)index;
    s->rtx_ssrc = type == MEDIA_VIDEO ? 2000 + (uint32_t)index : 0;
    return s;
}

void local_match(struct local_side *local, const struct session_description *offer)
{
    for (size_t i = 0; i < offer->section_count && i < LOCAL_SECTIONS_MAX; i++)
        (void)local_add(local, offer->sections[i].type, "");
}

static char *taken(int result, struct text *out)
{
    assert_int_equal(result, 0);
    char *data = text_take(out);
    assert_non_null(data);
    return data;
}

char *offer_text(const struct local_side *local)
{
    struct text out = text_new(context_resolve(NULL));
    return taken(jsep_create_offer(NULL, &local->snapshot, &out), &out);
}

char *answer_text(const struct local_side *local, const struct session_description *offer)
{
    struct text out = text_new(context_resolve(NULL));
    return taken(jsep_create_answer(NULL, &local->snapshot, offer, &out), &out);
}

bool contains(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

void has(const char *text, const char *part, bool wanted)
{
    if (contains(text, part) != wanted)
        fail_msg("%s \"%s\" in\n%s", wanted ? "no" : "unwanted", part, text);
}
