#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs into an empty folder and builds a small program against what was installed: by pkg-config and by CMake, with the shared library, with the archive, and with the archives of
# all that stands behind it.
set -eu
build=$1 source=$2 abi=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/usr" >"$work/install.log"
for file in LICENSE THIRD-PARTY-NOTICES README.md; do
    [ -s "$work/usr/share/doc/crtc/$file" ] || { printf '%s is not installed\n' "$file"; exit 1; }
done
libdir=$(dirname "$(find "$work/usr" -name 'libcrtc.so' | head -1)")
# The installed file names the prefix it was configured for; a staged copy is asked with its own.
export PKG_CONFIG_PATH=$libdir/pkgconfig
prefix=--define-variable=prefix=$work/usr
cc=${CC:-cc}
flags=$(pkg-config "$prefix" --cflags crtc)
grep -q '^URL: [a-z]*://' "$libdir/pkgconfig/crtc.pc"
grep -q '^Requires.private: .*usrsctp' "$libdir/pkgconfig/crtc.pc"

$cc $flags "$source/program.c" -o "$work/shared" $(pkg-config "$prefix" --libs crtc)
LD_LIBRARY_PATH=$libdir "$work/shared"
LD_LIBRARY_PATH=$libdir ldd "$work/shared" | grep -q "libcrtc\.so\.${abi//./\\.}"

# As a person writes it who has only the archive.
mkdir "$work/archive"
cp "$libdir/libcrtc.a" "$work/archive/"
$cc $flags "$source/program.c" -o "$work/static" -L"$work/archive" $(pkg-config "$prefix" --static --libs-only-l crtc)
"$work/static"
if ldd "$work/static" | grep libcrtc; then exit 1; fi

# Everything that there is an archive of is linked from it (Debian has none of NSS, which its libsrtp2 stands on, so a program without any shared library is out of reach there).
libraries=
for word in $(pkg-config "$prefix" --static --libs-only-l crtc); do
    archive=$($cc -print-file-name="lib${word#-l}.a")
    case $word in
    -lcrtc) libraries+=" $work/archive/libcrtc.a" ;;
    -lm | -lpthread) libraries+=" $word" ;;
    *) if [ -f "$archive" ]; then libraries+=" $archive"; else libraries+=" $word"; fi ;;
    esac
done
$cc $flags "$source/program.c" -o "$work/archives" $libraries
"$work/archives"
if ldd "$work/archives" | grep -E 'libcrtc|mbed|usrsctp|srtp|vpx|opus|yuv|speex'; then exit 1; fi

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
