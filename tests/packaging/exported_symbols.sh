#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Only rtc_* leaves libcrtc.so and libcrtc.a, and every function that the headers declare is there; soname and symbols carry the version that says what fits what. The library stays
# once it was loaded: tables of libsrtp2's point to its code.
set -eu
library=$1 archive=$2 headers=$3 abi=$4
objdump -p "$library" | grep -q "SONAME  *libcrtc\.so\.${abi//./\\.}\$" || { printf 'the soname is not libcrtc.so.%s\n' "$abi"; exit 1; }
readelf -d "$library" | grep -q 'Flags:.*NODELETE' || { printf 'the library may be unloaded\n'; exit 1; }
unversioned=$(nm -D --defined-only "$library" | awk '{print $3}' | grep '^rtc_' | grep -v "@@CRTC_${abi//./\\.}\$" || true)
[ -z "$unversioned" ] || { printf 'not of version CRTC_%s:\n%s\n' "$abi" "$unversioned"; exit 1; }
exported=$(nm -D --defined-only "$library" | awk '{print $3}' | sed 's/@.*//' | grep -v '^CRTC_[0-9.]*$' | sort -u)
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
in_archive=$(nm --defined-only --extern-only "$archive" | awk 'NF == 3 {print $3}' | sort -u)
if [ "$in_archive" != "$exported" ]; then
    printf 'the archive and the shared library differ in:\n'
    comm -3 <(printf '%s\n' "$in_archive") <(printf '%s\n' "$exported") | head -40
    exit 1
fi
printf '%s functions, declared and exported\n' "$(printf '%s\n' "$declared" | wc -l)"
