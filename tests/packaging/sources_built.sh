#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every C file of the tests and fuzz targets is part of some program: a line that is lost from a list would silence a test. sources_built.sh SOURCE_DIR COMPILE_COMMANDS
set -eu
cd "$1"
missing=$(find tests fuzz -name '*.c' -not -path '*/node_modules/*' -not -path '*/data/*' -not -path 'tests/packaging/*' -print | sort | while read -r file; do
    grep -qF "/$file\"" "$2" || printf '%s\n' "$file"
done)
[ -z "$missing" ] || { printf 'built by nothing:\n%s\n' "$missing"; exit 1; }
