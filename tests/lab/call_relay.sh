#!/bin/bash
# SPDX-License-Identifier: MIT
# call_relay.sh CALL: the call program checks itself with Chromium while both may use nothing but a TURN server, a real one, which the program was told of and the
# page learned from it. Both sides must have an allocation over which the call went.
set -u
call=$1
for program in turnserver chromium; do
  [ -x "$(command -v $program)" ] || { echo "$program is missing"; exit 77; }
done
ip=$(ip -4 -o addr show scope global 2>/dev/null | awk '{ sub("/.*", "", $4); print $4; exit }')
ip=${ip:-127.0.0.1}
dir=$(mktemp -d)
port=$((20000 + $$ % 10000))
turnserver -n --no-cli --pidfile= --db="$dir/db" --listening-ip="$ip" --relay-ip="$ip" --listening-port=$port --no-tls --no-dtls --min-port=51001 --max-port=52000 \
  --lt-cred-mech --user=u:p --realm=lab --allow-loopback-peers --no-rfc5780 --log-file="$dir/log" --simple-log -v </dev/null >"$dir/out" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$dir"' EXIT
for _ in $(seq 50); do grep -q "TCP listener opened" "$dir/log" 2>/dev/null && break; sleep 0.1; done

"$call" --check --relay --turn "turn:$ip:$port" --username u --credential p >"$dir/verdict" 2>"$dir/err"
status=$?
[ $status = 0 ] || { cat "$dir/verdict" "$dir/err"; tail -40 "$dir/log"; exit $status; }
# The check calls twice; two programs have an allocation each time.
allocations=$(grep -c "ALLOCATE processed, success" "$dir/log")
channels=$(grep "CHANNEL_BIND processed, success" "$dir/log" | sed 's/.*session \([0-9]*\).*/\1/' | sort -u | wc -l)
echo "$allocations allocations, channels in $channels of them"
[ "$allocations" -ge 4 ] && [ "$channels" -ge 4 ] || { tail -60 "$dir/log"; exit 1; }
