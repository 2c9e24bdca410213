// SPDX-License-Identifier: MIT
// Two peer programs over a link that carries less than they may send: pictures of a camera's size and grain at one end, and a voice both ways, which Opus protects as it does speech.
// Every stretch of the call must have a picture that moves and a sound that is whole.
// Usage: slow.js LINK_EMULATOR PEER SCENARIO [SECONDS]
'use strict';
const assert = require('node:assert/strict');
const { ProcessPeer, link } = require('../interop/peers');
const { Network, obstacle } = require('./network');
const { pause, until } = require('../interop/wait');

const SEED = 1;
const SETTLE_S = 15;
const STRETCH_S = 10;
const VOICE = ['--voice', '7'];
const CAMERA = ['--size', '1280x720', '--grain', '4'];

// What the link is from the given share of the call on; and what the program is told.
const SCENARIOS = {
  megabit: { links: [[0, 'both delay_ms=25 rate_kbps=1000 queue_ms=300']], options: ['--bitrate', '3000000'], kbps: 1000 },
  lossy: { links: [[0, 'both delay_ms=25 loss_percent=5']], options: ['--bitrate', '3000000'], kbps: 3600 },
  // Default settings.
  narrowest: { links: [[0, 'both delay_ms=25 rate_kbps=300 queue_ms=300']], options: [], kbps: 300 },
  changing: {
    links: [[0, 'both delay_ms=25 rate_kbps=2500 queue_ms=300'], [1 / 3, 'both rate_kbps=600'], [2 / 3, 'both rate_kbps=2500']],
    options: ['--bitrate', '3000000'],
    kbps: 2500,
  },
};

const find = (statistics, wanted) => statistics.find(entry => Object.entries(wanted).every(([name, value]) => entry[name] === value)) ?? {};

async function snapshot(sender, receiver, network) {
  const [from, to, { ab }] = await Promise.all([sender.stats(), receiver.stats(), network.counts()]);
  const out = find(from.statistics, { type: 'outbound-rtp', kind: 'video' });
  const heard = find(to.statistics, { type: 'inbound-rtp', kind: 'audio' });
  return {
    ms: to.ms,
    decoded: to.video.framesDecoded,
    width: to.video.width,
    bytes: from.transport.bytesSent,
    targetKbps: (out.targetBitrate ?? 0) / 1000,
    circuit: out.circuitBreaker,
    sent: out.framesSent ?? 0,
    videoBytes: out.bytesSent ?? 0,
    soundBytes: find(from.statistics, { type: 'outbound-rtp', kind: 'audio' }).bytesSent ?? 0,
    dropped: out.framesDropped ?? 0,
    roundTripMs: 1000 * (find(from.statistics, { type: 'remote-inbound-rtp', kind: 'video' }).roundTripTime ?? 0),
    resends: out.retransmittedPacketsSent ?? 0,
    samples: heard.totalSamplesReceived ?? 0,
    concealed: heard.concealedSamples ?? 0,
    overflowed: ab.overflowed,
    packets: ab.taken,
  };
}

function between(before, after) {
  const seconds = (after.ms - before.ms) / 1000;
  return {
    framesPerSecond: (after.decoded - before.decoded) / seconds,
    soundShare: (after.samples - before.samples) / 48000 / seconds,
    concealedShare: (after.concealed - before.concealed) / Math.max(after.samples - before.samples, 1),
    kbps: (after.bytes - before.bytes) * 8 / 1000 / seconds,
    videoKbps: (after.videoBytes - before.videoBytes) * 8 / 1000 / seconds,
    soundKbps: (after.soundBytes - before.soundBytes) * 8 / 1000 / seconds,
    width: after.width,
    targetKbps: after.targetKbps,
    circuit: after.circuit,
    framesSentPerSecond: (after.sent - before.sent) / seconds,
    framesDropped: after.dropped - before.dropped,
    roundTripMs: after.roundTripMs,
    resends: after.resends - before.resends,
    overflowed: after.overflowed - before.overflowed,
    packets: after.packets - before.packets,
  };
}

const rounded = part => JSON.stringify(part, (_, value) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value));

function setLink(network, links, share, last) {
  const at = links.findLastIndex(([from]) => from <= share);
  if (at !== last) {
    network.set(links[at][1]);
    console.log(`link: ${links[at][1]}`);
  }
  return at;
}

function check(part, kbps) {
  assert.ok(part.framesPerSecond >= 15, `${part.framesPerSecond} frames per second`);
  assert.ok(part.soundShare > 0.97 && part.concealedShare < 0.06, `the sound: ${part.soundShare} of it, ${part.concealedShare} made up`);
  assert.ok(part.kbps < kbps * 1.15, `${part.kbps} kbit/s are offered`);
  assert.equal(part.circuit, 'closed');
}

async function talk(network, sender, receiver, { links, kbps }, seconds) {
  let at = setLink(network, links, 0, -1);
  await receiver.event('connectionState', 'connected');
  await until('pictures', async () => (await receiver.stats()).video.framesDecoded > 0, 20);
  await pause(SETTLE_S * 1000);
  const first = await snapshot(sender, receiver, network);
  for (let before = first, second = 0; second < seconds; second += STRETCH_S) {
    const last = at;
    at = setLink(network, links, second / seconds, last);
    await pause(STRETCH_S * 1000);
    const after = await snapshot(sender, receiver, network);
    const part = between(before, after);
    console.log(`${second} s: ${rounded(part)}`);
    if (at === last || last === -1) { // while it finds out what the new link carries it may stumble
      check(part, kbps);
    }
    before = after;
  }
  const all = between(first, await snapshot(sender, receiver, network));
  console.log(`all: ${rounded(all)}`);
  assert.ok(all.concealedShare < 0.02, `${all.concealedShare} of the sound was made up`);
}

async function main(emulator, binary, name, seconds = '60') {
  const reason = obstacle();
  if (reason) {
    console.log(`skipped: ${reason}`);
    return 77;
  }
  const scenario = SCENARIOS[name];
  const network = await Network.start(emulator, SEED);
  const start = (side, ...options) => {
    const [command, ...rest] = [...network.within(side), binary, ...options];
    return new ProcessPeer(side, command, rest);
  };
  const receiver = start('b', '--answer', '--audio', ...VOICE);
  const sender = start('a', '--offer', '--audio', '--video', ...VOICE, ...CAMERA, ...scenario.options);
  try {
    link(sender, receiver);
    await talk(network, sender, receiver, scenario, Number(seconds));
  } catch (error) {
    console.log(sender.stderr, receiver.stderr);
    throw error;
  } finally {
    await Promise.all([sender.close(), receiver.close()]);
    await network.stop();
  }
  console.log(`${name}: passed`);
  return 0;
}

main(...process.argv.slice(2)).then(code => process.exit(code), error => {
  console.error(error);
  process.exit(1);
});
