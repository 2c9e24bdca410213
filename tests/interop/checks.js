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
  assert.ok(Math.abs(first.width * 9 - first.height * 16) <= 32, `${first.width}x${first.height}`); // pictures that were made smaller have even numbers of lines
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

const one = (statistics, type, kind) => statistics.find(each => each.type === type && (!kind || each.kind === kind));

// What one side says of the media that it sends and what the other says of receiving it (webrtc-stats), within what is on its way while both are asked. Firefox
// counts no quantizers of what it sees, and no reports.
function streamAgrees(sender, receiver, kind) {
  const ON_ITS_WAY = { packets: 150, bytes: 150000, frames: 60 };
  const out = one(sender, 'outbound-rtp', kind);
  const into = one(receiver, 'inbound-rtp', kind);
  const close = (got, sent, slack, what) => assert.ok(got <= sent + slack && got >= sent * 0.95 - slack, `${kind}: ${what}: ${sent} sent, ${got} received`);
  assert.equal(into.ssrc, out.ssrc);
  close(into.packetsReceived, out.packetsSent, ON_ITS_WAY.packets, 'packets');
  close(into.bytesReceived, out.bytesSent, ON_ITS_WAY.bytes, 'bytes');
  const [ours, theirs] = [[sender, out], [receiver, into]].map(([statistics, { codecId }]) => statistics.find(({ id }) => id === codecId));
  assert.equal(ours.mimeType.toLowerCase(), theirs.mimeType.toLowerCase());
  assert.deepEqual([ours.payloadType, ours.clockRate, ours.channels], [theirs.payloadType, theirs.clockRate, theirs.channels]);
  const heard = sender.find(({ id }) => id === out.remoteId);
  const told = receiver.find(({ id }) => id === into.remoteId);
  assert.ok(heard.roundTripTime >= 0 && heard.roundTripTime < 1, `round trip ${heard.roundTripTime}`);
  assert.ok(Math.abs(heard.packetsLost - into.packetsLost) < 50, `${heard.packetsLost} and ${into.packetsLost} lost`);
  assert.ok(told.packetsSent <= out.packetsSent + ON_ITS_WAY.packets && told.packetsSent > 0 && told.reportsSent !== 0, JSON.stringify(told));
  if (kind === 'video') {
    close(into.framesDecoded, out.framesEncoded, ON_ITS_WAY.frames, 'frames');
    assert.ok(into.qpSum === undefined || out.qpSum === undefined || Math.abs(into.qpSum / into.framesDecoded - out.qpSum / out.framesEncoded) < 15, `quantizers ${out.qpSum / out.framesEncoded} and ${into.qpSum / into.framesDecoded}`);
  } else {
    assert.ok(into.totalAudioEnergy > 0 && into.totalSamplesDuration > 1, JSON.stringify(into));
  }
}

// Both sides have heard of each other by reports.
function areReported(statistics) {
  return ['audio', 'video'].every(kind => one(statistics, 'outbound-rtp', kind)?.packetsSent > 100 && one(statistics, 'remote-inbound-rtp', kind)?.roundTripTime !== undefined
    && one(statistics, 'remote-outbound-rtp', kind)?.packetsSent > 50);
}

async function statisticsAgree(ours, other) {
  const [mine, theirs] = await becomes('reports of both sides', async () => Promise.all([ours.stats(), other.stats()]).then(all => all.map(({ statistics }) => statistics)),
    all => all.every(areReported), 30);
  for (const kind of ['audio', 'video']) {
    streamAgrees(mine, theirs, kind);
    streamAgrees(theirs, mine, kind);
  }
  for (const statistics of [mine, theirs]) {
    const { selectedCandidatePairId } = one(statistics, 'transport') ?? {}; // Firefox has none
    assert.ok(!selectedCandidatePairId || statistics.find(({ id }) => id === selectedCandidatePairId).currentRoundTripTime < 1);
  }
  for (const each of mine) { // no reference leads nowhere
    for (const name of Object.keys(each).filter(key => key.endsWith('Id'))) {
      assert.ok(mine.some(({ id }) => id === each[name]), `${name} of ${each.type}`);
    }
  }
}

// The selected pair's local candidate has the fragment of the newest credentials; statistics hold one generation again once it was taken up.
function isOnNewGeneration({ statistics }) {
  const transport = statistics.find(({ type }) => type === 'transport');
  const candidates = statistics.filter(({ type, usernameFragment }) => type === 'local-candidate' && usernameFragment);
  return candidates.length > 0 && candidates.every(({ usernameFragment }) => usernameFragment === transport.iceLocalUsernameFragment);
}

module.exports = { OUR_MEDIA_ARGS, becomes, connected, isOnNewGeneration, messagesCross, near, otherHearsUs, otherSeesUs, rgb, statisticsAgree, summaryIsSound, weHearOther, weSeeOther, withoutStatistics };
