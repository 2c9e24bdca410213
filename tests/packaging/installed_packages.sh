#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the Debian packages of a folder in the system that it runs in, which must be one to throw away (scripts/package --check), builds a program against them, shared and static, and
# runs it. The package of the library alone must bring all that the library needs.
set -eu
cd "$(dirname "$(readlink -f "$0")")/../.."
folder=$(readlink -f "$1")
runtime=$(ls "$folder"/libcrtc[0-9]*.deb) development=$(ls "$folder"/libcrtc-dev_*.deb)
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }

apt-get update -qq
install "$runtime"
name=$(dpkg-deb -f "$runtime" Package)
soname=libcrtc.so.${name#libcrtc}
library=$(ldconfig -p | awk -v name="$soname" '$1 == name {print $NF}')
[ -n "$library" ] || { printf 'the linker does not know %s\n' "$soname"; exit 1; }
if ldd "$library" | grep 'not found'; then exit 1; fi
for package in "$name" libcrtc-dev; do
    [ "$package" = "$name" ] || install "$development"
    [ -s "/usr/share/doc/$package/copyright" ] && [ -s "/usr/share/doc/$package/changelog.gz" ] || { printf '%s lacks its documents\n' "$package"; exit 1; }
    dpkg --verify "$package"
done

install gcc libc6-dev libstdc++-12-dev pkg-config
program=tests/packaging/program.c
gcc $program -o /tmp/shared $(pkg-config --cflags --libs crtc)
/tmp/shared
ldd /tmp/shared | grep -q "$soname"
archive=$(dirname "$library")/libcrtc.a
gcc $program $(pkg-config --cflags crtc) -o /tmp/static $(pkg-config --static --libs crtc | sed "s|-lcrtc |$archive |")
/tmp/static
if ldd /tmp/static | grep libcrtc; then exit 1; fi

apt-get purge -y -qq libcrtc-dev "$name" >/dev/null
if ldconfig -p | grep libcrtc || ls -d /usr/include/crtc 2>/dev/null; then exit 1; fi
printf 'installed, linked, run and removed\n'
