// SPDX-License-Identifier: MIT
// Command lines of `call` and `peer` that can not work: each is refused at once, with status 2 and one line that names the option and the reason.
// Usage: call_program_options.js CALL_BINARY PEER_BINARY
'use strict';
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const TURN = ['--turn', 'turn:127.0.0.1', '--username', 'u', '--credential', 'c'];

const OF_BOTH = [
  [['--stun', 'foo'], /--stun foo: .*stun:HOST/], [['--stun', 'stun:'], /--stun stun:: there is no host/], [['--stun', 'stun://host'], /without \/\//],
  [['--stun', 'stun:host:0'], /the port is no number/], [['--stun', 'stun:host:port'], /the port is no number/], [['--stun', 'stun:::1'], /in brackets/],
  [['--stun', 'stun:[::1'], /bracket is not closed/], [['--stun', 'stun:[host]'], /no IPv6 address/], [['--stun', 'stun:a b'], /neither a name nor an address/], [['--stun', 'stun:a..b'], /part of the name is empty/],
  [['--stun', 'turn:host'], /--stun turn:host: /], [['--stun', ''], /--stun : empty/], [['--stun'], /--stun needs a value/],
  [['--turn', 'turn:host'], /--username and --credential/], [[...TURN, '--turn', 'turns:host?transport=udp'], /transport=tcp/], [[...TURN, '--turn', 'turn:host?x'], /transport=udp or/],
  [['--username', 'u'], /--turn, which is missing/], [['--relay'], /--relay needs --turn/], [['--relay=yes'], /--relay takes no value/],
  [['--size', '1x1'], /--size 1x1: .*16 to 4096/], [['--size', '641x360'], /even/], [['--size', '640'], /WIDTHxHEIGHT/], [['--size', '640x360x1'], /WIDTHxHEIGHT/],
  [['--fps', '0'], /--fps 0: .*1 to 120/], [['--fps', '-1'], /--fps -1: /], [['--seconds', '1e3'], /--seconds 1e3: not a whole number/], [['--seconds', '99999999999999999999'], /--seconds/],
  [['--save-frame', '/nowhere/picture.png'], /--save-frame \/nowhere\/picture.png: No such file/], [['--save-frame', '/tmp'], /Is a directory/], [['--save-frame', '/tmp/nowhere/'], /directory/],
  [['--dance'], /no option --dance/], [['--sec', '1'], /no option --sec/], [['word'], /word is no option/], [['-x'], /-x is no option/], [['--port', 'abc'], /--port abc: not a whole number/],
  [['--port', '65536'], /--port 65536: .*65535/], [Array(9).fill(['--stun', 'stun:host']).flat(), /too often/],
];

const OF_CALL = [
  [['--join', 'http://'], /--join http:\/\/: there is no host/], [['--join', 'host:8080'], /begins with ws:/], [['--join', 'ftp://host/'], /begins with ws:/], [['--join', 'ws://host:x/'], /port/],
  [['--join', `ws://host/${'x'.repeat(400)}`], /too long/], [['--join', 'ws://host', '--port', '1'], /--join and --port/], [['--join', 'ws://host', '--listen', '::1'], /--join and --listen/],
  [['--join', 'ws://host', '--https'], /--join and --https/], [['--join', 'ws://host', '--check'], /--join and --check/], [['--join', 'ws://host', '--signaling-only'], /do not go together/],
  [['--signaling-only', '--check'], /do not go together/], [['--signaling-only', '--save-frame', '/tmp/x.png'], /do not go together/],
  [['--cert', '/etc/passwd'], /--cert and --key/], [['--cert', '/nowhere', '--key', '/nowhere'], /--cert \/nowhere: No such file/], [['--key', '/tmp', '--cert', '/tmp'], /Is a directory/],
  [['--check', '--browser', 'opera'], /--browser opera/], [['--check', '--browser', 'firefox', '--https'], /nobody is there to accept/], [['--browser', 'firefox'], /--check, which is missing/], [['--picture', '/tmp/x.png'], /--check, which is missing/],
  [['--check', '--picture', '/nowhere/x.png'], /--picture \/nowhere/], [['--listen', 'localhost.'], /full stop at the end/], [['--host', 'call.example.'], /full stop at the end/], [['--host', '.'], /part of the name is empty/], [['--join', 'ws://a..b/'], /part of the name is empty/],
  [['--user', 'x'.repeat(65)], /1 to 64 bytes/], [['--channel', 'a\nb'], /control characters/], [['--channel', ''], /--channel : empty/],
];

const DATA = ['--offer', '--data', 'x'];
const OF_PEER = [
  [[], /--offer or --answer/], [['--offer', '--answer'], /--offer or --answer/], [['--offer'], /an offer needs/], [[...DATA, '--port-range', '9-5'], /the first is above the last/],
  [[...DATA, '--port-range', '0-9'], /1 to 65535/], [[...DATA, '--port-range', '5'], /FIRST-LAST/], [[...DATA, '--port', '5', '--port-range', '5-9'], /do not go together/], [[...DATA, '--colour', 'red'], /--colour red/],
  [[...DATA, '--tone', '1'], /20 to 20000/], [[...DATA, '--send', '/nowhere'], /--send \/nowhere: No such file/], [[...DATA, '--authorities', '/nowhere'], /--authorities \/nowhere/],
  [[...DATA, '--record-video', '/nowhere/x'], /--record-video \/nowhere/], [['--offer', '--audio', '--messages', '3'], /--messages needs --data/],
];

function refuses(binary, args, pattern) {
  const { status, stdout, stderr } = spawnSync(binary, args, { encoding: 'utf8', timeout: 10000 });
  const what = `${args.join(' ')}: ${stderr}`;
  assert.equal(status, 2, what);
  assert.equal(stdout, '', what);
  assert.match(stderr, pattern, what);
  assert.match(stderr, /^(call|peer): [^\n]*\. Try --help\.\n$/, what);
}

// A browser that can not run is not waited for.
function browserEnds(call) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'interop-options-'));
  fs.writeFileSync(path.join(folder, 'chromium'), '#!/bin/sh\necho the reason for it\nexit 3\n', { mode: 0o755 });
  const { status, stderr } = spawnSync(call, ['--check'], { encoding: 'utf8', timeout: 60000, env: { ...process.env, PATH: folder } });
  fs.rmSync(folder, { recursive: true });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /the reason for it\ncall: chromium ended before the check did/);
  const missing = spawnSync(call, ['--check'], { encoding: 'utf8', timeout: 60000, env: { ...process.env, PATH: '/nowhere' } });
  assert.equal(missing.status, 77, missing.stderr);
  assert.match(missing.stderr, /chromium is not installed/);
}

function main(call, peer) {
  for (const [args, pattern] of [...OF_BOTH, ...OF_CALL]) {
    refuses(call, args, pattern);
  }
  for (const [args, pattern] of [...OF_BOTH.map(([given, wanted]) => [[...DATA, ...given], wanted]), ...OF_PEER]) {
    refuses(peer, args, pattern);
  }
  for (const binary of [call, peer]) {
    const { status, stdout } = spawnSync(binary, ['--help'], { encoding: 'utf8' });
    assert.equal(status, 0);
    assert.match(stdout, /^Usage: /);
  }
  browserEnds(call);
  console.log('options: all refused as they should');
}

main(...process.argv.slice(2));
