// SPDX-License-Identifier: MIT
// measures.js by a log of packets and by samples whose measures are known.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { draw } = require('./chart');
const { jain, measure, quantile } = require('./measures');
const { addRun, readRuns } = require('./runs_file');
const { SCENARIOS, ratesOf } = require('./scenarios');

const START_US = 5e6;
const NAMES = 'us,way,bytes,protocol,from,to,first,queue_us,fate';
const near = (value, wanted, by) => assert.ok(Math.abs(value - wanted) <= by, `${value} is not ${wanted}`);

// 1250 bytes, 10000 bits, at each of the times.
const rtp = (second, queueMs = 0, fate = 'given') => `${START_US + Math.round(second * 1e6)},ab,1250,17,1000,2000,144,${queueMs * 1000},${fate}`;
const every = (from, to, step, line) => Array.from({ length: Math.round((to - from) / step) }, (_, i) => line(from + i * step));

function sample(second, received, sent = {}) {
  return { us: START_US + second * 1e6, from: { sent: { video: sent }, received: {}, codecs: [] }, to: { sent: {}, received: { video: received }, codecs: ['video/VP8'] } };
}

function measured(scenario, lines, samples, seconds) {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'measures-')), 'packets.csv');
  fs.writeFileSync(file, `${[NAMES, ...lines].join('\n')}\n`);
  try {
    return measure(scenario, 1, { startUs: START_US, endUs: START_US + seconds * 1e6, samples: [samples] }, file);
  } finally {
    fs.rmSync(path.dirname(file), { recursive: true });
  }
}

// 500 kbit/s for four seconds, then 900 of 1000; every tenth packet waits 50 ms. A STUN message and the way back count for nothing.
function aSteadyCall() {
  const lines = [...every(0, 4, 0.02, second => rtp(second)), ...every(4, 20, 1 / 90, (second, i) => rtp(second)),
    `${START_US},ab,1250,17,1000,2000,0,200000,given`, `${START_US},ba,1250,17,2000,1000,144,200000,given`, rtp(12.001, 50), rtp(12.002, 0, 'overflowed')];
  const samples = [0, 5, 10, 19.8, 20].map(second => sample(second, { freezeCount: second >= 5 ? 1 : 0, totalFreezesDuration: second >= 5 ? 0.5 : 0, framesDecoded: second * 30,
    frameWidth: 1280, jitterBufferDelay: second * 3, jitterBufferEmittedCount: second * 30 }));
  const run = measured({ link: 'rate_kbps=1000' }, lines, samples, 20);
  near(run.share, 0.9, 0.01);
  near(run.startS, 4.5, 0.15);
  assert.deepEqual([run.freezes, run.frozenS, run.framesPerSecond, run.width, run.lost], [1, 0.5, 30, 1280, 1]);
  assert.deepEqual(run.freezeSpans, [[4.5, 5]]);
  near(run.jitterBufferMs, 100, 0.01);
  assert.equal(run.queueMs, 0);
  assert.match(draw('a & b', { 'ours to ours': run }), /^<svg .*a &amp; b.*<\/svg>\n$/s);
}

// The queue is long for two seconds after the link became narrower, and 80 % are reached three seconds after it is wide again.
function aLinkThatChanges() {
  const scenario = { link: 'rate_kbps=2000', changes: [[20, 'rate_kbps=500'], [30, 'rate_kbps=2000']] };
  const lines = [...every(0, 20, 0.005, second => rtp(second)), ...every(20, 22, 0.02, second => rtp(second, 150)), ...every(22, 33, 0.02, second => rtp(second)),
    ...every(33, 40, 0.005, second => rtp(second))];
  const samples = [0, 19, 21, 39, 40].map(second => sample(second, { framesDecoded: Math.min(second, 39), freezeCount: second > 20 ? 3 : 1, totalFreezesDuration: second > 20 ? 2 : 0.5 }));
  const run = measured(scenario, lines, samples, 40);
  near(run.longQueueS, 2, 0.21);
  near(run.backS, 3.4, 0.11); // the half second before is used to a quarter
  assert.deepEqual([run.changeFreezes, run.changeFrozenS], [3, 2.5]); // one goes on at the end
}

function aTcpFlow() {
  const tcp = second => `${START_US + second * 1e6},ab,1250,6,3000,9,0,0,given`;
  const lines = [...every(0, 40, 0.01, second => rtp(second)), ...every(25, 30, 0.02, tcp)];
  const run = measured({ link: 'rate_kbps=1000', tcp: [25, 30] }, lines, [0, 24, 31, 40].map(second => sample(second, { freezeCount: 0, totalFreezesDuration: 0 })), 40);
  near(run.besideKbps, 1000, 10);
  near(run.tcpKbps, 500, 10);
  near(run.share, 1, 0.01);
}

function smallThings() {
  near(jain([1, 1, 1]), 1, 1e-9);
  near(jain([3, 0, 0]), 1 / 3, 1e-9);
  assert.equal(quantile([1, 2, 3, 4], 0.5), 2);
  assert.deepEqual(ratesOf(SCENARIOS.handover, 0.5), [[0, 2000], [10, 0], [11, 1000]]);
}

// In pieces, one of which was cut short in the middle of a line.
function aFileOfRuns() {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'runs-')), 'runs.json');
  const run = { scenario: 'narrow', pair: 'ours-ours', quick: false, size: '1x1', maxKbps: '1', result: { startS: Infinity, share: 1 } };
  assert.deepEqual(readRuns(file), []);
  addRun(file, run);
  fs.appendFileSync(file, '{"scenario":"na');
  assert.deepEqual(readRuns(file), [run]);
  addRun(file, { ...run, pair: 'ours-chromium' });
  assert.deepEqual(readRuns(file).map(({ pair }) => pair), ['ours-ours', 'ours-chromium']);
  fs.appendFileSync(file, '7\n');
  assert.throws(() => readRuns(file), /line 3 is no run/);
  fs.rmSync(path.dirname(file), { recursive: true });
}

[aFileOfRuns, aSteadyCall, aLinkThatChanges, aTcpFlow, smallThings].forEach(test => test());
