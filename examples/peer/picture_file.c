/* SPDX-License-Identifier: MIT */
/* A source that plays a YUV4MPEG2 file over and over. */
#include "picture_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_MAX = 256, SIDE_MAX = 16384, RATE_MAX = 1000000 };

static const char magic[] = "YUV4MPEG2 ", frame_magic[] = "FRAME";

static size_t picture_bytes(const struct picture_file *file)
{
    return (size_t)file->width * file->height * 3 / 2;
}

static bool map(struct picture_file *file, const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *bytes = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0) {
        file->len = (size_t)status.st_size;
        bytes = mmap(NULL, file->len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    }
    if (fd >= 0) {
        close(fd);
    }
    file->bytes = bytes == MAP_FAILED ? NULL : bytes;
    return file->bytes != NULL;
}

/* Words of a letter and a value: W1280 H720 F30:1 C420jpeg. */
static bool take_word(struct picture_file *file, const char *word)
{
    char *end = NULL;
    unsigned long number = strtoul(word + 1, &end, 10);
    switch (word[0]) {
    case 'W':
        file->width = number <= SIDE_MAX ? (uint32_t)number : 0;
        return true;
    case 'H':
        file->height = number <= SIDE_MAX ? (uint32_t)number : 0;
        return true;
    case 'F':
        file->rate = number;
        file->per = *end == ':' ? strtoul(end + 1, NULL, 10) : 1;
        return true;
    case 'C':
        return strncmp(word, "C420", 4) == 0 && strncmp(word, "C420p1", 6) != 0; /* p10, p12: more than 8 bits */
    default:
        return true;
    }
}

static bool read_header(struct picture_file *file)
{
    char text[HEADER_MAX] = "", *rest = NULL;
    const uint8_t *end = memchr(file->bytes, '\n', file->len < HEADER_MAX ? file->len : HEADER_MAX - 1);
    if (end == NULL || strncmp((const char *)file->bytes, magic, strlen(magic)) != 0) {
        return false;
    }
    memcpy(text, file->bytes, (size_t)(end - file->bytes));
    for (char *word = strtok_r(text + strlen(magic), " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (!take_word(file, word)) {
            return false;
        }
    }
    file->first = file->at = (size_t)(end - file->bytes) + 1;
    bool sized = file->width > 0 && file->height > 0 && (file->width | file->height) % 2 == 0;
    return sized && file->rate > 0 && file->rate <= RATE_MAX && file->per > 0 && file->per <= RATE_MAX;
}

/* The next picture's planes, at the end of the file the first's; NULL: there is none. */
static uint8_t *next_picture(struct picture_file *file)
{
    for (int turn = 0; turn < 2; turn++) {
        size_t left = file->len - file->at, magic_len = strlen(frame_magic);
        uint8_t *begin = file->bytes + file->at;
        uint8_t *line_end = left > magic_len && memcmp(begin, frame_magic, magic_len) == 0 ? memchr(begin, '\n', left) : NULL;
        if (line_end != NULL && (size_t)(file->bytes + file->len - line_end) > picture_bytes(file)) {
            file->at = (size_t)(line_end - file->bytes) + 1 + picture_bytes(file);
            return line_end + 1;
        }
        file->at = file->first;
    }
    return NULL;
}

static void release(void *planes)
{
    (void)planes; /* mapped until the end */
}

static void push_picture(struct picture_file *file, rtc_time_t at)
{
    uint8_t *planes = next_picture(file);
    size_t size = (size_t)file->width * file->height;
    const rtc_video_frame_options options = {
        .size = sizeof(options),
        .format = RTC_VIDEO_I420,
        .width = file->width,
        .height = file->height,
        .capture_time_us = at,
        .planes = {planes, planes + size, planes + size + size / 4},
        .strides = {file->width, file->width / 2, file->width / 2},
        .release = release,
    };
    rtc_video_frame *frame;
    if (rtc_video_frame_new(file->context, &options, &frame) == RTC_OK) {
        (void)rtc_media_source_push_video(file->source, frame);
        rtc_video_frame_unref(frame);
    }
}

static rtc_time_t due(const struct picture_file *file, uint64_t number)
{
    return file->start + (rtc_time_t)(number * file->per * 1000000 / file->rate);
}

/* A loop that was held up leaves out what it missed, as a camera does. */
static void play(void *user)
{
    struct picture_file *file = user;
    rtc_time_t now = rtc_now();
    push_picture(file, due(file, file->pushed));
    do {
        file->pushed++;
    } while (due(file, file->pushed) < now);
    file->timer = 0;
    (void)rtc_loop_post_delayed(file->loop, due(file, file->pushed) - now, play, file, &file->timer);
}

int picture_file_play(struct picture_file *file, const char *path, rtc_context *context, rtc_loop *loop, rtc_media_source **out)
{
    *file = (struct picture_file){.context = context, .loop = loop, .start = rtc_now()};
    if (!map(file, path)) {
        return RTC_ERR_NOT_FOUND;
    }
    if (!read_header(file) || next_picture(file) == NULL) {
        return RTC_ERR_SYNTAX;
    }
    file->at = file->first;
    int error = rtc_media_source_new(context, RTC_MEDIA_VIDEO, path, NULL, NULL, &file->source);
    error = error != RTC_OK ? error : rtc_loop_post_delayed(loop, 0, play, file, &file->timer);
    if (error == RTC_OK) {
        *out = rtc_media_source_ref(file->source);
    }
    return error;
}

void picture_file_stop(struct picture_file *file)
{
    if (file->timer != 0) {
        rtc_loop_cancel(file->loop, file->timer);
    }
    rtc_media_source_unref(file->source);
    *file = (struct picture_file){0};
}
