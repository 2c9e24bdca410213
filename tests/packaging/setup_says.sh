#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What scripts/setup says when it can not do its work, and scripts/progress while it does. The commands of the system are stand-ins, so that nothing is installed.
set -eu
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/bare"
for tool in bash env sed grep tail mktemp rm dirname readlink printf cat sort cmp; do ln -s "$(command -v "$tool")" "$work/bare/"; done

stand_in() { # NAME SCRIPT: from now on
    printf '#!/bin/bash\n%s\n' "$2" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}
expect() { # WORDS PURPOSE: setup fails and says them
    local said
    if said=$(PATH=$work/bin:$work/bare scripts/setup "$2" 2>&1); then
        printf 'setup succeeded, where it should say: %s\n' "$1"
        exit 1
    fi
    printf '%s' "$said" | grep -qF -- "$1" || { printf 'setup said\n%s\nand not: %s\n' "$said" "$1"; exit 1; }
}

expect 'is none of build' nonsense
expect 'not Debian' build
stand_in dpkg-query 'exit 1'
stand_in apt-get 'exit 1'
stand_in id 'echo 1000'
expect 'install sudo. Missing: build-essential' build
stand_in id 'echo 0'
expect 'apt-get update failed' build
stand_in apt-get '[ "$1" = update ] || { echo "E: Unable to locate package libusrsctp-dev"; exit 100; }'
expect 'E: Unable to locate package libusrsctp-dev' build
expect 'the names of Debian 12' build
stand_in dpkg-query 'echo installed'
stand_in node 'echo 16.20.2'
stand_in npm 'echo https://registry.example/; exit 1'
expect 'Node.js 16.20.2 is too old' test
stand_in node 'echo 18.20.4'
stand_in cmp 'exit 1'
expect 'does this machine reach https://registry.example/' bench

[ "$(printf '[1/4] a\nnoise\n[2/4] b\n[4/4] c\n' | scripts/progress building)" = '  building: 10 % 20 % 30 % 40 % 50 % 60 % 70 % 80 % 90 % 100 %' ]
[ "$(printf 'dlstatus:1:20.5:of 3\npmstatus:libc6:amd64:33.3:libc6\n' | scripts/progress)" = '  downloading: 10 % 20 % done
  installing: 10 % 20 % 30 %' ]
