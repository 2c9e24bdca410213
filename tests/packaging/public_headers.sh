#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every public header stands alone, in C and in C++.
set -eu
for header in "$1"/crtc/*.h; do
    printf '#include <crtc/%s>\n' "$(basename "$header")" | cc -x c -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$1" -
    printf '#include <crtc/%s>\n' "$(basename "$header")" | c++ -x c++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only -I"$1" -
done
printf 'all headers compile alone\n'
