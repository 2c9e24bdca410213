#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every source file names its licence within its first three lines (https://spdx.dev/ids/), so that a file that is taken out of the tree still says it.
set -eu
cd "$1"
missing=$(find src include examples bench fuzz tests scripts cmake CMakeLists.txt .ci -type f -not -path '*/node_modules/*' -not -path 'fuzz/corpus/*' -not -path 'tests/data/*' \
    \( -name '*.[ch]' -o -name '*.js' -o -name '*.py' -o -name '*.sh' -o -name '*.cmake' -o -name '*.in' -o -name CMakeLists.txt -o -name '*.css' -o -name '*.html' -o -path 'scripts/*' -o -path '.ci/*' \) \
    -print0 | xargs -0 awk '
        FNR == 1 { if (file && !named) print file; file = FILENAME; named = 0 }
        FNR > 3 { nextfile }
        /SPDX-License-Identifier: MIT/ { named = 1 }
        END { if (!named) print file }')
[ -z "$missing" ] || { printf 'without a licence line:\n%s\n' "$missing"; exit 1; }
