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
  const lost = new CallProgram(binary, ['--join', 'ws://127.0.0.1:9/']);
  assert.equal(await lost.ended, 1, lost.output);
}

async function main(binary) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'interop-call-'));
  try {
    await callOnce(binary, folder, []);
    await callOnce(binary, folder, ['--https']);
    await refusals(binary);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
  console.log('native to native: passed');
}

main(process.argv[2]).then(() => process.exit(0), error => {
  console.error(error);
  process.exit(1);
});
