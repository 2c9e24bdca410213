#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The library as a part of another CMake project (add_subdirectory, which is what FetchContent does, too): its two targets are there, also in a sibling folder, and nothing else of it is
# built, tested or installed. Without the codecs, to be quick.
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/program"
cp "$source/tests/packaging/program.c" "$work/program/"
cat >"$work/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(user C)
enable_testing()
add_subdirectory($source crtc)
add_subdirectory(program)
CMAKE
cat >"$work/program/CMakeLists.txt" <<'CMAKE'
add_executable(shared program.c)
target_link_libraries(shared PRIVATE crtc::crtc)
add_executable(static program.c)
target_link_libraries(static PRIVATE crtc::crtc_static)
install(TARGETS shared)
CMAKE
cmake -G Ninja -S "$work" -B "$work/build" -DCRTC_MEDIA=OFF ${2:+-DCMAKE_C_COMPILER_LAUNCHER="$2"} >"$work/cmake.log" || { cat "$work/cmake.log"; exit 1; }
cmake --build "$work/build" -j 2 >>"$work/cmake.log" || { tail -20 "$work/cmake.log"; exit 1; }
"$work/build/program/shared"
"$work/build/program/static"
ctest --test-dir "$work/build" -N | grep -q 'Total Tests: 0'
cmake --install "$work/build" --prefix "$work/usr" >>"$work/cmake.log"
if find "$work/usr" -name '*crtc*' | grep .; then exit 1; fi
