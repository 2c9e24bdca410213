#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The library built without its codecs (CRTC_MEDIA=OFF), with the tests that such a build has: all are listed, and the programs and some tests that meet the line between the two are built and
# run. The whole suite of that build is run by hand: cmake -B build/nomedia -DCRTC_MEDIA=OFF -DCRTC_TESTS=ON. without_codecs.sh SOURCE_DIR [COMPILER_LAUNCHER]
set -eu
tests='example_data_channel example_pages test_api_errors test_sim_peer_codecs'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake -G Ninja -S "$1" -B "$work" -DCRTC_MEDIA=OFF -DCRTC_TESTS=ON ${2:+-DCMAKE_C_COMPILER_LAUNCHER="$2"} >"$work/log" || { cat "$work/log"; exit 1; }
cmake --build "$work" -j 2 --target call peer data_channel pages $(printf '%s\n' $tests | grep '^test_') >>"$work/log" || { tail -20 "$work/log"; exit 1; }
ctest --test-dir "$work" -j 2 --output-on-failure --no-tests=error -R "^($(tr ' ' '|' <<<"$tests"))\$"
