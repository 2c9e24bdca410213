/* SPDX-License-Identifier: MIT */
/* Looking at a received picture: mean colours, and writing PNG (ISO/IEC 15948) or PPM files. */
#include "picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static double mean_of_box(const rtc_video_frame *frame, size_t plane, uint32_t width, uint32_t height, uint32_t x_percent,
                          uint32_t y_percent)
{
    const uint8_t *data = rtc_video_frame_plane(frame, plane);
    size_t stride = rtc_video_frame_stride(frame, plane);
    uint32_t box_width = width / 10 + 1, box_height = height / 10 + 1;
    uint32_t left = (width - box_width) * x_percent / 100, top = (height - box_height) * y_percent / 100;
    uint64_t sum = 0;
    for (uint32_t y = top; y < top + box_height; y++) {
        for (uint32_t x = left; x < left + box_width; x++) {
            sum += data[y * stride + x];
        }
    }
    return (double)sum / box_width / box_height;
}

bool picture_colour(const rtc_video_frame *frame, uint32_t x_percent, uint32_t y_percent, struct colour *out)
{
    if (rtc_video_frame_format(frame) != RTC_VIDEO_I420) {
        return false;
    }
    uint32_t width = rtc_video_frame_width(frame), height = rtc_video_frame_height(frame);
    out->y = mean_of_box(frame, 0, width, height, x_percent, y_percent);
    out->u = mean_of_box(frame, 1, (width + 1) / 2, (height + 1) / 2, x_percent, y_percent);
    out->v = mean_of_box(frame, 2, (width + 1) / 2, (height + 1) / 2, x_percent, y_percent);
    return true;
}

static uint32_t byte_of(double value)
{
    return value < 0 ? 0 : value > 255 ? 255 : (uint32_t)(value + 0.5);
}

uint32_t colour_rgb(const struct colour *colour)
{
    double y = 1.164 * (colour->y - 16), u = colour->u - 128, v = colour->v - 128;
    return byte_of(y + 1.596 * v) << 16 | byte_of(y - 0.392 * u - 0.813 * v) << 8 | byte_of(y + 2.017 * u);
}

static void convert_row(const rtc_video_frame *frame, uint32_t row, uint8_t *rgb)
{
    const uint8_t *y = rtc_video_frame_plane(frame, 0) + row * rtc_video_frame_stride(frame, 0);
    const uint8_t *u = rtc_video_frame_plane(frame, 1) + row / 2 * rtc_video_frame_stride(frame, 1);
    const uint8_t *v = rtc_video_frame_plane(frame, 2) + row / 2 * rtc_video_frame_stride(frame, 2);
    for (uint32_t x = 0; x < rtc_video_frame_width(frame); x++) {
        struct colour colour = {y[x], u[x / 2], v[x / 2]};
        uint32_t value = colour_rgb(&colour);
        rgb[3 * x] = (uint8_t)(value >> 16);
        rgb[3 * x + 1] = (uint8_t)(value >> 8);
        rgb[3 * x + 2] = (uint8_t)value;
    }
}

static void put32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

static void write_chunk(FILE *file, const char *type, const uint8_t *data, size_t len)
{
    uint8_t number[4];
    put32(number, (uint32_t)len);
    fwrite(number, 1, 4, file);
    fwrite(type, 1, 4, file);
    fwrite(data, 1, len, file);
    put32(number, (uint32_t)crc32(crc32(0, (const uint8_t *)type, 4), data, (uInt)len));
    fwrite(number, 1, 4, file);
}

/* `rows` are the picture's rows, each behind the byte that names its PNG filter (0: none). */
static void write_png(FILE *file, const uint8_t *rows, uint32_t width, uint32_t height)
{
    uLong len = ((uLong)width * 3 + 1) * height;
    uLongf packed_len = compressBound(len);
    uint8_t *packed = malloc(packed_len);
    if (packed == NULL || compress2(packed, &packed_len, rows, len, 6) != Z_OK) {
        free(packed);
        return;
    }
    uint8_t header[13] = {0, 0, 0, 0, 0, 0, 0, 0, 8 /* bits */, 2 /* RGB */, 0, 0, 0};
    put32(header, width);
    put32(header + 4, height);
    fwrite("\x89PNG\r\n\x1a\n", 1, 8, file);
    write_chunk(file, "IHDR", header, sizeof(header));
    write_chunk(file, "IDAT", packed, packed_len);
    write_chunk(file, "IEND", header, 0);
    free(packed);
}

static void write_ppm(FILE *file, const uint8_t *rows, uint32_t width, uint32_t height)
{
    fprintf(file, "P6\n%u %u\n255\n", width, height);
    for (uint32_t y = 0; y < height; y++) {
        fwrite(rows + ((size_t)width * 3 + 1) * y + 1, 3, width, file);
    }
}

bool picture_save(const rtc_video_frame *frame, const char *path)
{
    uint32_t width = rtc_video_frame_width(frame), height = rtc_video_frame_height(frame);
    size_t row = (size_t)width * 3 + 1;
    uint8_t *rows = rtc_video_frame_format(frame) == RTC_VIDEO_I420 ? calloc(height, row) : NULL;
    FILE *file = rows == NULL ? NULL : fopen(path, "wb");
    if (file == NULL) {
        free(rows);
        return false;
    }
    for (uint32_t y = 0; y < height; y++) {
        convert_row(frame, y, rows + row * y + 1);
    }
    const char *end = strrchr(path, '.');
    (end != NULL && strcmp(end, ".ppm") == 0 ? write_ppm : write_png)(file, rows, width, height);
    free(rows);
    bool good = ferror(file) == 0;
    return fclose(file) == 0 && good;
}
