#!/bin/bash
# SPDX-License-Identifier: MIT
# relay.sh PEER: two peer programs that may use nothing but a TURN server, a real one (coturn on the loopback interface), over UDP, TCP and TLS, and each
# mixture of two. Messages must arrive both ways through relayed candidates, and no allocation may be left behind, not
# even on a server whose nonces are stale after a second.
set -u
peer=$1
[ -x "$(command -v turnserver)" ] && [ -x "$(command -v openssl)" ] || { echo "coturn or openssl is missing"; exit 77; }
dir=$(mktemp -d)
port=$((20000 + $$ % 10000)); secure=$((port + 1))
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=relay.test -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
  -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
server=
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$dir"' EXIT

# serve OPTION...: a server with these options, in place of the last one.
serve() {
  [ -z "$server" ] || { kill $server; wait $server 2>/dev/null; }
  : >"$dir/log"
  calls=0
  turnserver -n --no-cli --pidfile= --db="$dir/db" --listening-ip=127.0.0.1 --relay-ip=127.0.0.1 --listening-port=$port --tls-listening-port=$secure \
    --min-port=50000 --max-port=51000 --lt-cred-mech --user=u:p --realm=lab --allow-loopback-peers --no-rfc5780 --cert="$dir/cert.pem" --pkey="$dir/key.pem" \
    --log-file="$dir/log" --simple-log -v "$@" </dev/null >"$dir/out" 2>&1 &
  server=$!
  for _ in $(seq 50); do grep -q "TLS/TCP listener opened" "$dir/log" 2>/dev/null && break; sleep 0.1; done
}

# Both ends' lines go to each other; what is no signalling the peer program ignores.
call() {
  mkfifo "$dir/back"
  "$peer" --answer --echo --relay --loopback --seconds 4 --username u --credential p $2 <"$dir/fore" 2>"$dir/b.err" | tee "$dir/b.json" | grep --line-buffered -E '"(sdp|candidate)"' >"$dir/back" &
  "$peer" --offer --data chat --messages 20 --relay --loopback --seconds 4 --username u --credential p $1 <"$dir/back" 2>"$dir/a.err" | tee "$dir/a.json" | grep --line-buffered -E '"(sdp|candidate)"' >"$dir/fore"
  wait %2 2>/dev/null
  rm -f "$dir/back"
}

failed=0
urls=("udp --turn turn:127.0.0.1:$port" "tcp --turn turn:127.0.0.1:$port?transport=tcp" "tls --turn turns:localhost:$secure --authorities $dir/cert.pem"
      "tls-by-address --turn turns:127.0.0.1:$secure --authorities $dir/cert.pem")
check() {
  local ok=1
  calls=$((calls + 1))
  mkfifo "$dir/fore"
  call "$2" "$4"
  rm -f "$dir/fore"
  for side in a b; do
    tail -1 "$dir/$side.json" | grep -q '"selectedPair":{"local":"relay ' || ok=0
  done
  tail -1 "$dir/a.json" | grep -q '"messagesReceived":20' || ok=0
  [ $ok = 1 ] && echo "$1/$3: ok" || { echo "$1/$3: FAILED"; tail -1 "$dir/a.json"; tail -1 "$dir/b.json"; cat "$dir/a.err" "$dir/b.err"; failed=1; }
}
# Every end gave its allocation back.
all_returned() {
  for _ in $(seq 20); do
    returned=$(grep -c "refreshed, realm=<lab>, username=<u>, lifetime=0" "$dir/log")
    [ "$returned" -ge $((2 * calls)) ] && return
    sleep 0.1
  done
  echo "$returned allocations were given back, of $((2 * calls))"
  failed=1
}

serve
for x in "${urls[@]}"; do for y in "${urls[@]}"; do
  check "${x%% *}" "${x#* }" "${y%% *}" "${y#* }"
done; done
all_returned
serve --stale-nonce=1
check "stale udp" "${urls[0]#* }" udp "${urls[0]#* }"
all_returned
exit $failed
