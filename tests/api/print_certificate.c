/* SPDX-License-Identifier: MIT */
/* Prints a certificate that the library makes, with its key, as PEM: print_certificate ecdsa|rsa [NAME...]. For certificate_parsers.sh and
 * other tests that hand it to strangers. */
#include <crtc/crtc.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc < 2 || (strcmp(argv[1], "ecdsa") != 0 && strcmp(argv[1], "rsa") != 0)) {
        fputs("usage: print_certificate ecdsa|rsa [NAME...]\n", stderr);
        return 2;
    }
    rtc_certificate_options options = {
        .size = sizeof options,
        .algorithm = strcmp(argv[1], "rsa") == 0 ? RTC_KEY_RSA_2048 : RTC_KEY_ECDSA_P256,
        .names = (const char *const *)(argv + 2),
        .name_count = (size_t)argc - 2,
    };
    rtc_certificate *certificate = NULL;
    char *pem = NULL;
    int error = rtc_certificate_new(NULL, &options, &certificate);
    if (!error)
        error = rtc_certificate_export_pem(certificate, &pem);
    if (error)
        (void)fprintf(stderr, "%s\n", rtc_error_name(error));
    else
        fputs(pem, stdout);
    rtc_certificate_free_pem(certificate, pem);
    rtc_certificate_unref(certificate);
    return error ? 1 : 0;
}
