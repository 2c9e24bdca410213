#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Only rtc_* leaves libcrtc.so, and every function that the headers declare is there.
set -eu
library=$1 headers=$2
exported=$(nm -D --defined-only "$library" | awk '{print $3}' | sed 's/@.*//' | grep -v '^CRTC_0$' | sort -u)
foreign=$(printf '%s\n' "$exported" | grep -v '^rtc_' || true)
if [ -n "$foreign" ]; then
    printf 'exported but not rtc_*:\n%s\n' "$foreign"
    exit 1
fi
declared=$(cat "$headers"/crtc/*.h | tr '\n' ' ' | grep -oE 'RTC_EXPORT [^;]*;' | grep -oE 'rtc_[a-z0-9_]+\(' | tr -d '(' | sort -u)
missing=$(comm -23 <(printf '%s\n' "$declared") <(printf '%s\n' "$exported"))
extra=$(comm -13 <(printf '%s\n' "$declared") <(printf '%s\n' "$exported"))
if [ -n "$missing$extra" ]; then
    printf 'declared but not exported:\n%s\nexported but not declared:\n%s\n' "$missing" "$extra"
    exit 1
fi
printf '%s functions, declared and exported\n' "$(printf '%s\n' "$declared" | wc -l)"
