/* SPDX-License-Identifier: MIT */
/* What the kernel and whoever names interfaces tell of the local network. Up to the first zero byte the name of an interface, up to the
 * next what its type file holds, and behind it the list of addresses of IPv6. A kind of network is always one that there is; of the list an
 * address that is written here, too, is found exactly when its flags say that it can not be used. */
#include "network_type.h"
#include "unready.h"

#include <crtc/transport.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[] = "/tmp/crtc_fuzz_interfaces_XXXXXX";
static char folder[sizeof root + 2], file[sizeof root + 8];

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void clean(void)
{
    (void)unlink(file);
    (void)rmdir(folder);
    (void)rmdir(root);
}

/* One interface, called x, of which no habit is known. */
static void make_folders(void)
{
    if (folder[0])
        return;
    require(mkdtemp(root) != NULL);
    (void)snprintf(folder, sizeof folder, "%s/x", root);
    (void)snprintf(file, sizeof file, "%s/type", folder);
    require(mkdir(folder, 0700) == 0 && atexit(clean) == 0);
}

static void read_type(const uint8_t *bytes, size_t len)
{
    FILE *f = fopen(file, "wb");
    require(f && fwrite(bytes, 1, len, f) == len && fclose(f) == 0);
    require(network_type(root, "x") <= RTC_NETWORK_LOOPBACK);
}

static size_t text_length(const uint8_t *bytes, size_t len)
{
    const uint8_t *zero = memchr(bytes, 0, len);
    return zero ? (size_t)(zero - bytes) : len;
}

static void read_list(const void *bytes, size_t len)
{
    struct unready list;
    FILE *f = fmemopen((void *)(uintptr_t)bytes, len, "rb");
    require(f != NULL);
    unready_read(&list, f);
    (void)fclose(f);
    require(list.count <= UNREADY_MAX);
    for (size_t i = 0; i < list.count; i++)
        require(unready_has(&list, list.ip[i]));
}

/* An address and its flags, as the kernel would write them. */
static void read_one(const uint8_t *bytes, size_t len)
{
    char line[128];
    uint8_t ip[16] = {0};
    unsigned flags = len > 16 ? bytes[16] : 0;
    int at = 0;
    struct unready list;
    memcpy(ip, bytes, len < sizeof ip ? len : sizeof ip);
    for (size_t i = 0; i < sizeof ip; i++)
        at += snprintf(line + at, sizeof line - (size_t)at, "%02x", ip[i]);
    at += snprintf(line + at, sizeof line - (size_t)at, " 02 40 20 %02x     eth0\n", flags);
    FILE *f = fmemopen(line, (size_t)at, "rb");
    require(f != NULL);
    unready_read(&list, f);
    (void)fclose(f);
    require(unready_has(&list, ip) == ((flags & 0x08) || ((flags & 0x40) && !(flags & 0x04))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[64];
    size_t name_len = text_length(data, size), rest = size > name_len ? name_len + 1 : size;
    make_folders();
    (void)snprintf(name, sizeof name, "%.*s", (int)(name_len < sizeof name ? name_len : sizeof name - 1), (const char *)data);
    if (!strstr(name, "..") && !strchr(name, '/')) /* which the kernel takes for no name */
        require(network_type(root, name) <= RTC_NETWORK_LOOPBACK);
    size_t type_len = text_length(data + rest, size - rest), list = size > rest + type_len ? rest + type_len + 1 : size;
    read_type(data + rest, type_len);
    if (size > list) {
        read_list(data + list, size - list);
        read_one(data + list, size - list);
    }
    return 0;
}
