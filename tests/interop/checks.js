// SPDX-License-Identifier: MIT
// What must hold in every call: right pixels, right tone, right messages, both ways.
'use strict';
const assert = require('node:assert/strict');
const { LEFT, RIGHT, MICROPHONE_HZ } = require('./fake_devices');
const { until } = require('./wait');

// What our side sends.
const OUR_COLOUR = [32, 160, 96];
const OUR_TONE_HZ = 660;
const OUR_MEDIA_ARGS = ['--colour', OUR_COLOUR.map(value => value.toString(16).padStart(2, '0')).join(''), '--tone', String(OUR_TONE_HZ), '--size', '640x360'];

// ITU-R BT.601, studio swing.
function rgb([y, u, v]) {
  return [1.164 * (y - 16) + 1.596 * (v - 128), 1.164 * (y - 16) - 0.392 * (u - 128) - 0.813 * (v - 128), 1.164 * (y - 16) + 2.017 * (u - 128)]
    .map(value => Math.round(Math.max(0, Math.min(255, value))));
}

function near(got, wanted, tolerance = 24) {
  return got !== undefined && got.every((value, i) => Math.abs(value - wanted[i]) <= tolerance);
}

// Asks again until the value passes; says what it was when it never does.
async function becomes(what, read, test, seconds = 20) {
  let value;
  await until(what, async () => test(value = await read()), seconds).catch(error => {
    throw new Error(`${error.message}; last: ${JSON.stringify(value)}`);
  });
  return value;
}

const withoutStatistics = ({ statistics, states, ...rest }) => rest;

// The other side sees our picture: right colour, right size, and it moves (its counter and clock).
async function otherSeesUs(other) {
  const first = await becomes('our colour at the other side', async () => (await other.stats()).video,
    video => video.framesDecoded > 5 && near(video.left, OUR_COLOUR) && near(video.right, OUR_COLOUR));
  assert.equal(first.width * 9, first.height * 16, `${first.width}x${first.height}`);
  const later = await becomes('a moving picture', async () => (await other.stats()).video, video => video.framesDecoded > first.framesDecoded + 15);
  if (first.checksum !== undefined) {
    assert.notEqual(later.checksum, first.checksum, 'the picture stands still');
  }
}

async function otherHearsUs(other) {
  await becomes('our tone at the other side', async () => (await other.stats()).audio, audio => Math.abs(audio.toneHz - OUR_TONE_HZ) < 15, 30);
}

// We see the other side's picture: the colours of its camera, or what it shows itself where the camera is not ours.
async function weSeeOther(ours, other) {
  await becomes('the other side\'s colours', async () => {
    const [mine, theirs] = await Promise.all([ours.stats(), other.stats()]);
    return { got: mine.video, left: theirs.sent?.left ?? LEFT, right: theirs.sent?.right ?? RIGHT };
  }, ({ got, left, right }) => got.framesDecoded > 15 && got.leftYuv && near(rgb(got.leftYuv), left) && near(rgb(got.rightYuv), right));
}

async function weHearOther(ours) {
  await becomes('the other side\'s tone', async () => (await ours.stats()).audio, audio => Math.abs(audio.toneHz - MICROPHONE_HZ) < 15, 30);
}

function fnv(bytes) {
  let sum = 2166136261;
  for (const byte of bytes) {
    sum = Math.imul(sum ^ byte, 16777619) >>> 0;
  }
  return sum;
}

function messagesUpTo(largest) {
  const texts = ['hello', '', 'Grüße, 안녕하세요 🙂', 'x'.repeat(5000)];
  const sizes = [0, 1, 1000, 16384, 60000, 65536, 200000, 262144].filter(size => size <= largest);
  return [...texts.map(text => ({ text })), ...sizes.map(size => ({ size }))];
}

function bytesOf({ text, size }) {
  return text === undefined ? Uint8Array.from({ length: size }, (_, i) => i % 251) : new TextEncoder().encode(text);
}

async function messagesArrive(from, to, largest) {
  for (const message of messagesUpTo(largest)) {
    await from.write({ type: 'send', ...message });
    const got = await to.nextMessage();
    const bytes = bytesOf(message);
    assert.deepEqual({ kind: got.kind, size: got.size, sum: got.sum }, { kind: message.text === undefined ? 'binary' : 'text', size: bytes.length, sum: fnv(bytes) },
      `${from.name} to ${to.name}: ${JSON.stringify(got)}`);
  }
}

async function messagesCross(ours, other, largest = 262144) {
  for (const peer of [ours, other]) {
    await peer.line('an open channel', ({ event, state }) => event === 'channel' && state === 'open');
  }
  await messagesArrive(ours, other, largest);
  await messagesArrive(other, ours, largest);
}

async function connected(...peers) {
  await Promise.all(peers.map(peer => peer.event('connectionState', 'connected', 15)));
}

// Our last words: nothing went wrong, and the numbers are there.
function summaryIsSound(ours, { media }) {
  const { summary } = ours;
  assert.ok(summary, 'no summary');
  assert.equal(summary.errors, 0, summary.firstError || JSON.stringify(ours.errors()));
  assert.match(summary.selectedPair.local, ours.overTcp ? /^(host|prflx) \S+:\d+ tcp$/ : /^(host|srflx|prflx) \S+:\d+ udp$/);
  assert.ok(summary.transport.bytesSent > 0 && summary.transport.packetsReceived > 0, JSON.stringify(summary.transport));
  if (media) {
    const kinds = summary.statistics.filter(({ type }) => type === 'inbound-rtp').map(({ kind }) => kind).sort();
    assert.deepEqual([...new Set(kinds)], ['audio', 'video']);
  }
}

// The selected pair's local candidate has the fragment of the newest credentials; statistics hold one generation again once it was taken up.
function isOnNewGeneration({ statistics }) {
  const transport = statistics.find(({ type }) => type === 'transport');
  const candidates = statistics.filter(({ type, usernameFragment }) => type === 'local-candidate' && usernameFragment);
  return candidates.length > 0 && candidates.every(({ usernameFragment }) => usernameFragment === transport.iceLocalUsernameFragment);
}

module.exports = { OUR_MEDIA_ARGS, becomes, connected, isOnNewGeneration, messagesCross, near, otherHearsUs, otherSeesUs, rgb, summaryIsSound, weHearOther, weSeeOther, withoutStatistics };
