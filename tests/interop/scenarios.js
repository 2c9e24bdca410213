// SPDX-License-Identifier: MIT
// The calls that are made with another peer. Each gets `setup`, which starts both peers of a call and connects their signalling.
'use strict';
const assert = require('node:assert/strict');
const checks = require('./checks');

// Audio, video and data, offered by one and answered by the other side.
async function everything(setup, ourRole, { largest } = {}) {
  const { ours, other } = await setup({ ourRole, audio: true, video: true, data: 'talk' });
  await checks.connected(ours, other);
  await Promise.all([checks.otherSeesUs(other), checks.weSeeOther(ours, other), checks.otherHearsUs(other), checks.weHearOther(ours)]);
  await checks.messagesCross(ours, other, largest);
  assert.equal(await ours.close(), 0);
  checks.summaryIsSound(ours, { media: true });
}

// What both say of the same call.
async function statistics(setup, ourRole) {
  const { ours, other } = await setup({ ourRole, audio: true, video: true, data: 'talk' });
  await checks.connected(ours, other);
  await Promise.all([checks.otherSeesUs(other), checks.weSeeOther(ours, other)]);
  await checks.statisticsAgree(ours, other);
  assert.equal(await ours.close(), 0);
  checks.summaryIsSound(ours, { media: true });
}

// Our offer has one section with a port, the others are bundle-only and have no transport of their own.
async function maxBundle(setup, ourRole) {
  const { ours, other } = await setup({ ourRole, audio: true, video: true, data: 'talk', maxBundle: true });
  await checks.connected(ours, other);
  assert.match(ours.sdp(), /m=video 0 [^]*a=bundle-only\r\n/);
  await Promise.all([checks.otherSeesUs(other), checks.weSeeOther(ours, other)]);
  await checks.messagesCross(ours, other, 1000);
  assert.equal(await ours.close(), 0);
  checks.summaryIsSound(ours, { media: true });
}

async function dataOnly(setup, ourRole, { largest } = {}) {
  const { ours, other } = await setup({ ourRole, data: 'talk' });
  await checks.connected(ours, other);
  await checks.messagesCross(ours, other, largest);
  assert.equal(await ours.close(), 0);
  checks.summaryIsSound(ours, { media: false });
}

// A call that begins with data; then the other side adds its microphone and camera.
async function trackLater(setup, ourRole) {
  const { ours, other } = await setup({ ourRole, data: 'talk' });
  await checks.connected(ours, other);
  await checks.messagesCross(ours, other, 1000);
  await other.write({ type: 'add', what: 'video' });
  await ours.event('track', 'video');
  await checks.weSeeOther(ours, other);
  await other.write({ type: 'add', what: 'audio' });
  await ours.event('track', 'audio');
  await checks.weHearOther(ours);
  assert.equal(await ours.close(), 0);
  checks.summaryIsSound(ours, { media: true });
}

// A call of media only; then the other side opens the first channel.
async function channelLater(setup, ourRole) {
  const { ours, other } = await setup({ ourRole, audio: true, video: true });
  await checks.connected(ours, other);
  await checks.weSeeOther(ours, other);
  await other.write({ type: 'add', what: 'channel', label: 'later' });
  await checks.messagesCross(ours, other);
  await Promise.all([checks.otherSeesUs(other), checks.weSeeOther(ours, other)]);
  assert.equal(await ours.close(), 0);
  checks.summaryIsSound(ours, { media: true });
}

// The same, from our side: a running call gets our picture, and a second channel; then each side closes one.
async function weAddLater(setup, ourRole) {
  const { ours, other } = await setup({ ourRole, data: 'talk' });
  await checks.connected(ours, other);
  await checks.messagesCross(ours, other, 1000);
  await ours.write({ type: 'add', what: 'video' });
  await other.event('track', 'video');
  await checks.otherSeesUs(other);
  await ours.write({ type: 'add', what: 'channel', label: 'second' });
  const second = state => line => line.event === 'channel' && line.label === 'second' && line.state === state;
  await other.line('the second channel', second('open'));
  await other.write({ type: 'close-channel', label: 'second' });
  await ours.line('the end of the second channel', second('closed'));
  await other.line('the end of the second channel', second('closed'));
  assert.equal(await ours.close(), 0);
  checks.summaryIsSound(ours, { media: false });
}

// A running call restarts ICE, once from each side, while messages are on their way: other credentials and another pair, and all is as before.
async function restarts(setup, ourRole, { media = true } = {}) {
  const { ours, other } = await setup({ ourRole, audio: media, video: media, data: 'talk' });
  await checks.connected(ours, other);
  await checks.messagesCross(ours, other, 1000);
  for (const who of [other, ours]) {
    const before = (await ours.stats()).restarts;
    await who.write({ type: 'restart' });
    await Promise.all([checks.messagesCross(ours, other, 60000), checks.becomes('another generation', () => ours.stats(), ({ restarts }) => restarts === before + 1)]);
    await checks.becomes('a pair of the new generation', () => ours.stats(), checks.isOnNewGeneration);
    if (media) {
      await Promise.all([checks.otherSeesUs(other), checks.weSeeOther(ours, other), checks.otherHearsUs(other), checks.weHearOther(ours)]);
    }
  }
  assert.ok(!ours.lines.some(({ event, value }) => event === 'connectionState' && value === 'failed'), 'a restart lost the connection');
  assert.equal(await ours.close(), 0);
  checks.summaryIsSound(ours, { media });
  assert.equal(ours.summary.restarts, 2);
}

// We are a server: ICE-lite, on one port that is known beforehand.
async function liteServer(setup, ourRole) {
  const { ours, other } = await setup({ ourRole, audio: true, video: true, data: 'talk', lite: true });
  await checks.connected(ours, other);
  assert.match(ours.sdp(), /a=ice-lite\r\n/);
  await Promise.all([checks.otherSeesUs(other), checks.weSeeOther(ours, other), checks.otherHearsUs(other), checks.weHearOther(ours)]);
  await checks.messagesCross(ours, other);
  assert.equal(await ours.close(), 0);
  checks.summaryIsSound(ours, { media: true });
}

// Keys of a telephone, both ways: we are told which were pressed, and the other side hears the two frequencies of ours.
async function tones(setup, ourRole) {
  const { ours, other } = await setup({ ourRole, audio: true });
  await checks.connected(ours, other);
  await checks.otherHearsUs(other);
  await other.write({ type: 'tones', tones: '1d#', duration: 200 });
  for (const tone of '1D#') {
    await ours.line(`the tone ${tone}`, line => line.event === 'tone' && line.tone === tone && Math.abs(line.ms - 200) <= 40);
  }
  await ours.write({ type: 'tones', tones: '5', duration: 6000 });
  await checks.becomes('770 and 1336 Hz at the other side', async () => (await other.stats()).audio, audio => audio.toneHz > 750 && audio.toneHz < 1400, 8);
  await checks.otherHearsUs(other);
  assert.equal(await ours.close(), 0);
}

// The other side hangs up: we learn of it from its goodbye, not from its silence.
async function otherHangsUp(setup, ourRole) {
  const { ours, other } = await setup({ ourRole, audio: true, video: true, data: 'talk' });
  await checks.connected(ours, other);
  await checks.messagesCross(ours, other, 1000);
  await other.write({ type: 'bye' });
  await ours.event('dtlsState', 'closed');
  await ours.line('the end of the channel', ({ event, state }) => event === 'channel' && state === 'closed');
  await ours.event('connectionState', 'disconnected');
  assert.ok(!ours.lines.some(({ event, value }) => event === 'iceConnectionState' && value === 'disconnected'), 'ICE noticed first');
  assert.equal(await ours.close(), 0);
}

// We hang up: so does it.
async function weHangUp(setup, ourRole) {
  const { ours, other } = await setup({ ourRole, audio: true, video: true, data: 'talk' });
  await checks.connected(ours, other);
  await checks.messagesCross(ours, other, 1000);
  assert.equal(await ours.close(), 0);
  await other.line('the end of the channel', ({ event, state }) => event === 'channel' && state === 'closed');
  await other.event('dtlsState', 'closed');
}

// What is left goes on after the section that carried the transport: a handshake begins anew, and the channel stays.
async function goesOnWithout(first, ours, other) {
  await ours.line('another handshake', ({ event, value }, i, all) => event === 'dtlsState' && value === 'connected' && i > first(all));
  await checks.connected(ours, other);
  await checks.messagesCross(ours, other, 1000);
  await Promise.all([checks.otherSeesUs(other), checks.weSeeOther(ours, other)]);
  assert.ok(!ours.lines.some(({ event, state }) => event === 'channel' && state === 'closed'), 'our channel closed');
  assert.equal(await ours.close(), 0);
}

const firstHandshake = lines => lines.findIndex(({ event, value }) => event === 'dtlsState' && value === 'connected');

async function transportStopped(setup, ourRole) {
  const { ours, other } = await setup({ ourRole, audio: true, video: true, data: 'talk' });
  await checks.connected(ours, other);
  await checks.messagesCross(ours, other, 1000);
  await other.write({ type: 'stop', index: 0 });
  await goesOnWithout(firstHandshake, ours, other);
}

async function weStopTransport(setup, ourRole) {
  const { ours, other } = await setup({ ourRole, audio: true, video: true, data: 'talk' });
  await checks.connected(ours, other);
  await checks.messagesCross(ours, other, 1000);
  await ours.write({ type: 'stop', index: 0 });
  await goesOnWithout(firstHandshake, ours, other);
}

// A transport for each section until they are bundled.
async function maxCompat(setup, ourRole) {
  const { ours, other } = await setup({ ourRole, audio: true, video: true, data: 'talk', maxCompat: true, bundlePolicy: 'max-compat' });
  await checks.connected(ours, other);
  await Promise.all([checks.otherSeesUs(other), checks.weSeeOther(ours, other), checks.otherHearsUs(other), checks.weHearOther(ours)]);
  await checks.messagesCross(ours, other, 1000);
  assert.equal(await ours.close(), 0);
  checks.summaryIsSound(ours, { media: true });
}

// Neither side hears of BUNDLE: each section keeps its transport.
async function unbundled(setup, ourRole) {
  const pass = line => (line.sdp === undefined ? line : { ...line, sdp: line.sdp.replace(/a=group:BUNDLE[^\r]*\r\n/g, '') });
  const { ours, other } = await setup({ ourRole, audio: true, video: true, data: 'talk', pass });
  await checks.connected(ours, other);
  await Promise.all([checks.otherSeesUs(other), checks.weSeeOther(ours, other), checks.otherHearsUs(other), checks.weHearOther(ours)]);
  await checks.messagesCross(ours, other, 1000);
  assert.equal(await ours.close(), 0);
}

// The other side sends three layers of one picture: all of them come, and each is shown when it is chosen.
async function layers(setup, ourRole) {
  const sizes = { q: 4, h: 2, f: 1 };
  const { ours, other } = await setup({ ourRole, layers: Object.entries(sizes).map(([rid, scale]) => ({ rid, scaleResolutionDownBy: scale })) });
  await checks.connected(ours, other);
  assert.match(ours.sdp(), /a=simulcast:recv q;h;f\r\n/);
  const width = async () => (await ours.stats()).video.width;
  const least = await checks.becomes('the smallest layer', width, pixels => pixels > 0);
  for (const rid of ['f', 'h', 'q', 'f']) {
    await ours.write({ type: 'layer', rid });
    await checks.becomes(`the layer ${rid}`, width, pixels => pixels === least * 4 / sizes[rid], 30);
  }
  assert.equal(await ours.close(), 0);
}

module.exports = { channelLater, dataOnly, everything, layers, liteServer, maxBundle, maxCompat, otherHangsUp, restarts, statistics, tones, trackLater, transportStopped, unbundled, weAddLater, weHangUp, weStopTransport };
