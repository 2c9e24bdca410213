#!/bin/bash
# SPDX-License-Identifier: MIT
# plain_stun.sh PEER: a peer program that is an ICE-lite server on one port answers coturn's STUN client, over IPv4 and, where the host has it, over IPv6, with the client's own address.
set -u
peer=$1
[ -x "$(command -v turnutils_stunclient)" ] || { echo "coturn is missing"; exit 77; }
port=$((20000 + $$ % 10000))
exec {input}> >("$peer" --offer --data chat --lite --port $port --seconds 30 >/dev/null 2>&1)
server=$!
trap 'kill $server 2>/dev/null' EXIT
failed=0
addresses=(127.0.0.1 127.0.0.7)
[ -f /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6 && addresses+=(::1)
for address in "${addresses[@]}"; do
  told=
  for _ in $(seq 20); do # the program may not have begun yet
    told=$(timeout 3 turnutils_stunclient -p $port "$address" 2>&1)
    grep -q "UDP reflexive addr: " <<<"$told" && break
    sleep 0.2
  done
  case $address in *:*) own='::1:' ;; *) own='127\.' ;; esac
  grep -q "UDP reflexive addr: $own" <<<"$told" && echo "$address: ok" || { echo "$address: FAILED"; echo "$told"; failed=1; }
done
exit $failed
