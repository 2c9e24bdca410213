#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/api-coverage.md is true: its C names are in the headers, the statistics that it says there are in the sources, and those that it says there are not are in none. And the other way
# round: no function of the classes that it lists is missing from it. Usage: w3c_names.sh ROOT
set -eu
cd "$1"
page=docs/api-coverage.md
failed=0
fail() {
    printf '%s\n' "$*"
    failed=1
}
for name in $(grep -oE '`(rtc|on|ice)_[a-z0-9_]+`' $page | tr -d '`' | sort -u); do
    grep -qhw "$name" include/crtc/*.h || fail "$page names $name, which no header has"
done
for name in $(grep -hoE 'rtc_(peer_connection|data_channel|rtp_transceiver|rtp_sender|rtp_receiver|certificate|media_stream|media_stream_track)_[a-z0-9_]+\(' include/crtc/*.h | tr -d '(' | sort -u); do
    case $name in
    # what has no counterpart in a browser
    *_ref | *_unref | *_user | *_state_name | *_set_callbacks | *_free_pem | *_remove_sink | *_transceiver_kind) continue ;;
    rtc_peer_connection_receive* | *_connection_result | *_tick | *_deadline | *_next_packet | *_next_request | *_dispatch | *_set_wake) continue ;;
    esac
    grep -qw "$name" $page || fail "$name is not in $page"
done
# Of a name that several dictionaries have one "yes" is enough to be in the sources.
statistics=$(sed -n '/^## webrtc-stats/,/^## mediacapture/p' $page | sed -n -E 's/^\| ([A-Za-z0-9]+) \| (yes|no) \|$/\1 \2/p' | sort -u)
for name in $(printf '%s\n' "$statistics" | sed -n 's/ yes$//p'); do
    grep -qhF "\"$name\"" src/peer/stats*.c || fail "$page has the statistic $name, which is nowhere made"
done
for name in $(printf '%s\n' "$statistics" | sed -n 's/ no$//p'); do
    printf '%s\n' "$statistics" | grep -q "^$name yes$" && continue
    ! grep -qhF "\"$name\"" src/peer/stats*.c || fail "$page says that there is no $name yet, but there is"
done
[ "$(printf '%s\n' "$statistics" | wc -l)" -gt 100 ] || fail "$page has hardly any statistics"
exit $failed
