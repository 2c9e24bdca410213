/* SPDX-License-Identifier: MIT */
/* The certificate of a server that was given none. */
#include "certificate.h"

#include "addresses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES_MAX 40

struct names {
    const char *list[NAMES_MAX];
    size_t count;
};

static void add(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->list[i], name) == 0) {
            return;
        }
    }
    if (names->count < NAMES_MAX && name[0] != '\0') {
        names->list[names->count++] = name;
    }
}

static rtc_certificate *make(rtc_context *context, const struct names *names)
{
    const rtc_certificate_options options = {.size = sizeof(options), .names = names->list, .name_count = names->count};
    rtc_certificate *certificate = NULL;
    return rtc_certificate_new(context, &options, &certificate) == RTC_OK ? certificate : NULL;
}

/* A machine's name need not be one that a certificate takes: then the certificate goes without it. */
static rtc_certificate *make_for(rtc_context *context, const char *listen, const struct text_list *hosts)
{
    struct addresses addresses;
    struct names names = {.count = 0};
    char own[256] = "", local[264];
    addresses_list(&addresses, listen);
    for (size_t i = 0; i < addresses.count; i++) {
        add(&names, addresses.texts[i]);
    }
    const char *const always[] = {"localhost", "127.0.0.1", "::1"};
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        add(&names, always[i]);
    }
    for (size_t i = 0; i < hosts->count; i++) {
        add(&names, hosts->texts[i]);
    }
    struct names with_own = names;
    if (gethostname(own, sizeof(own) - 1) == 0 && own[0] != '\0') {
        snprintf(local, sizeof(local), "%s.local", own);
        add(&with_own, own);
        add(&with_own, local);
    }
    rtc_certificate *certificate = make(context, &with_own);
    return certificate != NULL ? certificate : make(context, &names);
}

bool certificate_write(rtc_context *context, const char *listen, const struct text_list *hosts, char *path)
{
    rtc_certificate *certificate = make_for(context, listen, hosts);
    char *pem = NULL;
    int file = mkstemp(path);
    bool good = file >= 0 && certificate != NULL && rtc_certificate_export_pem(certificate, &pem) == RTC_OK &&
                write(file, pem, strlen(pem)) == (ssize_t)strlen(pem);
    if (pem != NULL) {
        rtc_certificate_free_pem(certificate, pem);
    }
    rtc_certificate_unref(certificate);
    if (file >= 0) {
        close(file);
    }
    if (!good && file >= 0) {
        unlink(path);
    }
    return good;
}
