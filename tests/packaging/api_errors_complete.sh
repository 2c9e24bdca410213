#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every public function that returns an error has its line in tests/api/api_errors.c: what it refuses, and with which words. Usage: api_errors_complete.sh ROOT
set -eu
cd "$1"
# These return numbers and not errors.
numbers=' rtc_data_channel_max_retransmits rtc_data_channel_max_packet_life_time_ms rtc_data_channel_id rtc_loop_fd rtc_loop_timeout_ms '
failed=0
for name in $(grep -hoE 'RTC_EXPORT int rtc_[a-z0-9_]+' include/crtc/*.h | sed 's/.* //'); do
    case $numbers in *" $name "*) continue ;; esac
    if ! grep -qE "REFUSED(_BY)?\(.*$name\(|return $name\(|= $name\(" tests/api/api_errors.c; then
        printf '%s can fail, and tests/api/api_errors.c does not try it\n' "$name"
        failed=1
    fi
done
exit $failed
