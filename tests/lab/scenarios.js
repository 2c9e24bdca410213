// SPDX-License-Identifier: MIT
// Calls between Chromium and the peer program over a link that is lossy, breaks, or is narrow.
// Usage: scenarios.js LINK_EMULATOR PEER SCENARIO
'use strict';
const assert = require('node:assert/strict');
const { Call } = require('./call');
const { browserObstacle } = require('./lab_page');
const { Network, obstacle } = require('./network');
const { pause, until } = require('../interop/wait');

const SEED = 1;
const LOSSY = 'both delay_ms=25 loss_percent=2'; // a round trip of 50 ms
const WAYS = { toUs: 'ab', toPage: 'ba' };

const show = (what, value) => console.log(what, JSON.stringify(value, (_, x) => (typeof x === 'number' ? Math.round(x * 1000) / 1000 : x)));

function difference(before, after) {
  return Object.fromEntries(Object.keys(after).map(name => [name, after[name] - before[name]]));
}

// What went on between two snapshots.
function between(before, after) {
  const seconds = (after.ms - before.ms) / 1000;
  const result = { seconds, roundTripMs: after.roundTripMs, availableKbps: after.availableKbps };
  for (const [way, direction] of Object.entries(WAYS)) {
    const { sent, decoded, bytes } = difference(before[way], after[way]);
    const { taken, overflowed } = difference(before[direction], after[direction]);
    result[way] = { sent, decoded, share: decoded / sent, framesPerSecond: decoded / seconds, kbps: bytes * 8 / 1000 / seconds, packets: taken, overflowed };
  }
  return result;
}

// Goes on for so long and gives what went on.
async function during(call, what, seconds) {
  const before = await call.snapshot();
  await pause(seconds * 1000);
  const result = between(before, await call.snapshot());
  show(what, result);
  return result;
}

async function picturesFlow(call, more, seconds) {
  const before = await call.snapshot();
  await until('pictures both ways', async () => {
    const now = await call.snapshot();
    return Object.keys(WAYS).every(way => now[way].decoded >= before[way].decoded + more);
  }, seconds);
}

async function startMedia(start, options = {}) {
  const call = await start({ media: true, ...options });
  await call.connected();
  await picturesFlow(call, 1, 20);
  return call;
}

async function lossy(network, start) {
  network.set(LOSSY);
  const call = await startMedia(start);
  await pause(20000);
  const end = await call.snapshot();
  show('counted', end);
  for (const [way, direction] of Object.entries(WAYS)) {
    const { sent, decoded, audioSeconds } = end[way];
    const { taken, lost } = end[direction];
    console.log(`${way}: ${decoded} frames decoded of ${sent} sent, ${(100 * decoded / sent).toFixed(1)} %; ${audioSeconds.toFixed(1)} s of audio; ` +
      `the link lost ${lost} of ${taken} packets, ${(100 * lost / taken).toFixed(2)} %`);
    assert.ok(sent > 300, `${way}: only ${sent} frames were sent`);
    assert.ok(decoded >= 0.9 * sent, `${way}: ${decoded} frames of ${sent}`);
    assert.ok(audioSeconds > 18, `${way}: ${audioSeconds} s of audio`);
    assert.ok(lost > 0.01 * taken, `${way}: the link lost ${lost} of ${taken}`);
  }
  assert.ok(Math.abs(end.toUs.toneHz - 1000) < 20, `the page's tone of 1000 Hz came as ${end.toUs.toneHz}`);
  assert.ok(end.toPage.concealedShare < 0.1, `${end.toPage.concealedShare} of the audio was made up`);
}

async function data(network, start) {
  network.set(LOSSY);
  const call = await start({ data: 'lab' });
  await call.page.line('an open channel', ({ event, state }) => event === 'channel' && state === 'open');
  const texts = Array.from({ length: 500 }, (_, i) => `${i} ${'x'.repeat(i * 7 % 3000)}`);
  const begin = performance.now();
  for (const text of texts) {
    await call.page.write({ type: 'send', text });
  }
  for (const text of texts) {
    assert.equal((await call.page.nextMessage()).text, text);
  }
  show('ms for 500 messages and back', performance.now() - begin);
  show('link', await network.counts());
}

async function outage(network, start) {
  network.set('both delay_ms=25');
  const call = await startMedia(start);
  await pause(3000);
  network.set('both down=1');
  await pause(3000);
  network.set('both down=0');
  const up = performance.now();
  await picturesFlow(call, 10, 10);
  show('ms until pictures flow again', performance.now() - up);
  await pause(5000);
  const later = await during(call, 'later', 5);
  show('states', call.states());
  for (const way of Object.keys(WAYS)) {
    assert.ok(later[way].framesPerSecond > 15, `${way}: ${later[way].framesPerSecond} frames/s`);
  }
  for (const states of Object.values(call.states())) {
    assert.ok(states.at(-1) === 'connected' && !states.includes('failed'), states.join());
  }
}

// Our sender keeps to what the page says it can receive (REMB), so that after a while nothing overflows. The page's sender is told losses alone: it must not starve.
async function narrow(network, start) {
  network.set('ab delay_ms=25 rate_kbps=1000 queue_ms=300');
  network.set('ba delay_ms=25 rate_kbps=500 queue_ms=300');
  const call = await startMedia(start);
  await during(call, 'settling', 10);
  const parts = [];
  for (let i = 1; i <= 5; i++) {
    parts.push(await during(call, `part ${i}`, 5));
  }
  for (const [way, least, overflow] of [['toUs', 0.4, 0.5], ['toPage', 0.9, 0.05]]) {
    const total = name => parts.reduce((sum, part) => sum + part[way][name], 0);
    console.log(`${way}: ${total('decoded')} frames decoded of ${total('sent')} sent; ${total('overflowed')} of ${total('packets')} packets overflowed the queue`);
    assert.ok(total('decoded') > 10 * 25, `${way}: fewer than 10 frames per second`);
    assert.ok(total('decoded') > least * total('sent'), `${way}: too few of the frames sent`);
    assert.ok(total('overflowed') < overflow * total('packets'), `${way}: too many packets overflowed`);
  }
}

// A round trip of 400 ms, at which asking for what is lost comes late: both ends send parity, and use it. Chromium counts FlexFEC alone.
async function parity(network, start, options, apart) {
  network.set('both delay_ms=200 loss_percent=5');
  const call = await startMedia(start, options);
  await pause(25000);
  const got = await call.parity();
  show('parity', got);
  for (const [way, { received, bytes, discarded, ssrc }] of Object.entries(got).filter(([to]) => apart || to === 'toUs')) {
    assert.ok(received > 5, `${way}: ${received} packets of parity`);
    assert.ok(bytes > 0 && discarded < received, `${way}: ${discarded} of ${received} were of no use`);
    assert.equal(ssrc !== undefined, apart, `${way}: the SSRC of parity is ${ssrc}`);
  }
}

const FLEXFEC_TRIALS = ['--force-fieldtrials=WebRTC-FlexFEC-03-Advertised/Enabled/WebRTC-FlexFEC-03/Enabled/'];
const ulpfec = (network, start) => parity(network, start, {}, false);
const flexfec = (network, start) => parity(network, start, { flags: FLEXFEC_TRIALS }, true);

const scenarios = { lossy, data, outage, narrow, ulpfec, flexfec };

async function run(network, binary, scenario) {
  let call;
  const start = async options => (call = await Call.start(network, binary, options));
  try {
    await scenario(network, start);
    assert.deepEqual(call.page.errors(), []);
  } catch (error) {
    if (call) {
      show('events of ours', call.ours.lines.filter(({ event }) => event));
      show('events of the page', call.page.lines.filter(({ event }) => event));
      console.log(call.page.stderr, call.ours.stderr);
      await call.stop();
    }
    throw error;
  }
  const summary = await call.stop();
  assert.equal(summary.errors, 0, summary.firstError);
  assert.equal(call.ours.status, 0);
}

async function main(emulator, binary, name) {
  const reason = obstacle() ?? browserObstacle();
  if (reason) {
    console.log(`skipped: ${reason}`);
    return 77;
  }
  console.log(`seed ${SEED}`);
  const network = await Network.start(emulator, SEED);
  await run(network, binary, scenarios[name]);
  await network.stop();
  console.log(`${name}: passed`);
  return 0;
}

main(...process.argv.slice(2)).then(code => process.exit(code), error => {
  console.error(error);
  process.exit(1);
});
