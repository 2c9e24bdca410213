#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs into an empty folder and builds a small program against what was installed: by pkg-config and by CMake, with the shared and the static library.
set -eu
build=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/usr" >"$work/install.log"
libdir=$(dirname "$(find "$work/usr" -name 'libcrtc.so' | head -1)")
# The installed file names the prefix it was configured for; a staged copy is asked with its own.
export PKG_CONFIG_PATH=$libdir/pkgconfig
prefix=--define-variable=prefix=$work/usr
cc $(pkg-config "$prefix" --cflags crtc) "$source/program.c" -o "$work/shared" $(pkg-config "$prefix" --libs crtc)
LD_LIBRARY_PATH=$libdir "$work/shared"
LD_LIBRARY_PATH=$libdir ldd "$work/shared" | grep -q 'libcrtc\.so\.0'
cc $(pkg-config "$prefix" --cflags crtc) "$source/program.c" -o "$work/static" "$libdir/libcrtc.a" $(pkg-config "$prefix" --static --libs-only-l crtc | sed 's/-lcrtc//')
"$work/static"
! ldd "$work/static" | grep -q libcrtc
mkdir "$work/project"
cp "$source/program.c" "$work/project/"
cat >"$work/project/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(user C)
find_package(crtc 0.1 REQUIRED)
add_executable(shared program.c)
target_link_libraries(shared PRIVATE crtc::crtc)
add_executable(static program.c)
target_link_libraries(static PRIVATE crtc::crtc_static)
CMAKE
cmake -S "$work/project" -B "$work/project/build" -DCMAKE_PREFIX_PATH="$work/usr" >"$work/cmake.log"
cmake --build "$work/project/build" >>"$work/cmake.log"
"$work/project/build/shared"
"$work/project/build/static"
