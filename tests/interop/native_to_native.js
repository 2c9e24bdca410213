// SPDX-License-Identifier: MIT
// Two call programs call each other: one serves, the other joins its channel; over HTTP and over HTTPS. Pictures are saved, the chat is answered, and a program that
// vanishes is announced.
// Usage: native_to_native.js CALL_BINARY
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { CallProgram } = require('./call_program');
const { until } = require('./wait');

// The size in the header of a PNG file that is whole.
function sizeOfPicture(file) {
  const bytes = fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
  const whole = bytes.length > 1000 && bytes.subarray(0, 8).toString('latin1') === '\x89PNG\r\n\x1a\n' && bytes.subarray(-8, -4).toString('latin1') === 'IEND';
  return whole ? `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}` : null;
}

async function callOnce(binary, folder, serverArguments) {
  const picture = path.join(folder, 'picture.png');
  fs.rmSync(picture, { force: true });
  const server = new CallProgram(binary, ['--port', '0', '--listen', '127.0.0.1', '--size', '320x240', ...serverArguments]);
  const url = await server.url();
  const guest = new CallProgram(binary, ['--join', url, '--channel', 'call', '--user', 'guest', '--size', '480x272', '--save-frame', picture]);
  await guest.says(/native: connected/);
  await server.says(/guest: connected/);
  await guest.says(/native says: You said: Hello, this is a native program, too/);
  await guest.says(/sending [1-9]\d* kbit\/s, receiving [1-9]\d* kbit\/s, .* picture 320x240/);
  await server.says(/sending [1-9]\d* kbit\/s, receiving [1-9]\d* kbit\/s, .* picture 480x272/);
  await until('a saved picture', () => sizeOfPicture(picture) === '320x240');
  assert.equal(await guest.stop(), 0, guest.output);
  await server.says(/guest left/);
  assert.equal(await server.stop(), 0, server.output);
}

async function refusals(binary) {
  const server = new CallProgram(binary, ['--port', '0']);
  const url = await server.url();
  const twin = new CallProgram(binary, ['--join', url, '--channel', 'call', '--user', 'native']);
  assert.equal(await twin.ended, 1);
  assert.match(twin.output, /refused to let native into channel call: this userId is taken in this channel/);
  await server.stop();
  for (const [target, pattern] of [['ws://127.0.0.1:9/', /ws:\/\/127\.0\.0\.1:9\/: .*Does a call program serve there/], ['ws://nowhere.invalid/', /ws:\/\/nowhere\.invalid\/: the host is not known|Does a call program/]]) {
    const lost = new CallProgram(binary, ['--join', target]);
    assert.equal(await lost.ended, 1, lost.output);
    assert.match(lost.output, pattern);
  }
}

// Two guests of a server that takes no part: their call outlives it, and they find back into the channel of another one on the same port.
async function outlivesTheServer(binary) {
  const serve = port => new CallProgram(binary, ['--signaling-only', '--port', String(port)]);
  const first = serve(0);
  const url = await first.url();
  const guest = user => new CallProgram(binary, ['--join', url, '--user', user, '--size', '160x120']);
  const a = guest('a');
  await a.says(/waiting in channel call/);
  const b = guest('b');
  await b.says(/calling a\n/);
  await a.says(/b: connected/);
  await b.says(/a: connected/);
  await first.stop();
  await a.says(/trying again/);
  await b.says(/trying again/);
  const numbers = /b: sending [1-9]/g;
  const before = a.output.match(numbers)?.length ?? 0;
  await until('the call goes on', () => (a.output.match(numbers)?.length ?? 0) > before + 1);
  const second = serve(new URL(url).port);
  await a.says(/is there again/);
  await b.says(/is there again/);
  await b.says(/a joined|waiting in channel|is there again/);
  const after = a.output.match(numbers).length;
  await until('the call goes on', () => a.output.match(numbers).length > after + 1);
  assert.doesNotMatch(a.output + b.output, / left\n|failed|refused/);
  assert.equal(await b.stop(), 0, b.output);
  await a.says(/b left\nwaiting in channel call/);
  const twin = guest('a');
  assert.equal(await twin.ended, 1);
  assert.match(twin.output, /refused to let a into channel call/);
  assert.equal(await a.stop(), 0, a.output);
  assert.equal(await second.stop(), 0);
}

async function main(binary) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'interop-call-'));
  try {
    await callOnce(binary, folder, []);
    await callOnce(binary, folder, ['--https']);
    await refusals(binary);
    await outlivesTheServer(binary);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
  console.log('native to native: passed');
}

main(process.argv[2]).then(() => process.exit(0), error => {
  console.error(error);
  process.exit(1);
});
