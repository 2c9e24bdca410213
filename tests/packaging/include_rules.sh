#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Which file may include which third-party header. Between the folders of src the compiler itself keeps the rules: a module's include path holds only what it
# may see.
set -eu
cd "$1"
failed=0
rule() { # rule PATTERN ALLOWED_FILES_REGEX
    local bad
    bad=$(grep -rlE "#include <($1)" src include | grep -vE "$2" || true)
    if [ -n "$bad" ]; then
        printf '<%s> may not be included by:\n%s\n' "$1" "$bad"
        failed=1
    fi
}
rule 'usrsctp' '^src/sctp/(assoc_usrsctp|usrsctp_options|usrsctp_process)\.c$'
rule 'srtp2/' '^src/rtp/srtp(_crypto)?\.c$'
rule 'mbedtls/' '^src/(dtls/|base/hash\.c$|rtp/srtp_crypto\.c$)'
rule 'wels/' '^src/codecs/h264_codec\.c$'
rule 'vpx/' '^src/codecs/vpx_codec\.c$'
rule 'opus' '^src/codecs/opus_codec\.c$'
rule 'speex' '^src/codecs/audio_resampler\.c$'
rule 'libyuv' '^src/codecs/convert\.c$'
rule 'sys/epoll|sys/timerfd|sys/eventfd|sys/socket|netdb|ifaddrs' '^src/io/'
# A struct that is its folder's own.
bad=$(grep -rl '"transport_internal\.h"' src | grep -v '^src/transport/' || true)
if [ -n "$bad" ]; then
    printf 'the inside of a transport may not be seen by:\n%s\n' "$bad"
    failed=1
fi
exit $failed
