// SPDX-License-Identifier: MIT
// The link emulator between two real kernels' ends: loss, delay, rate, and a link that goes down and comes up, measured by datagrams.
// Usage: emulator_check.js LINK_EMULATOR
'use strict';
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');
const { promisify } = require('node:util');
const { start } = require('../interop/started');
const { ADDRESSES, Network, obstacle } = require('./network');

const PROBE = path.join(__dirname, 'udp_probe.js');

function startEcho(network) {
  const [ip, ...rest] = [...network.within('b'), process.execPath, PROBE, 'echo'];
  const echo = start(ip, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    readline.createInterface({ input: echo.stdout }).once('line', resolve);
    echo.once('exit', code => reject(new Error(`the echo ended with ${code}`)));
  });
}

async function measure(network, what, count, bytes, intervalMs) {
  const [ip, ...rest] = [...network.within('a'), process.execPath, PROBE, 'send', ADDRESSES.b, count, bytes, intervalMs].map(String);
  const before = await network.counts();
  const { stdout } = await promisify(execFile)(ip, rest);
  const after = await network.counts();
  const times = JSON.parse(stdout).filter(time => time !== null).sort((x, y) => x - y);
  const result = { missingPercent: 100 * (count - times.length) / count, medianMs: times[times.length >> 1], slowestMs: times.at(-1) };
  for (const way of ['ab', 'ba']) {
    result[way] = Object.fromEntries(Object.keys(after[way]).map(name => [name, after[way][name] - before[way][name]]));
  }
  console.log(what, JSON.stringify(result));
  return result;
}

const isBetween = (value, least, most) => assert.ok(value >= least && value <= most, `${value} is not between ${least} and ${most}`);

// The link's own counts are exact; what the probes see includes what a busy machine adds.
async function check(network) {
  const bare = await measure(network, 'no settings', 500, 500, 2);
  assert.deepEqual(bare.ab, { taken: 500, given: 500, lost: 0, overflowed: 0, down: 0 });
  isBetween(bare.missingPercent, 0, 2);
  isBetween(bare.medianMs, 0, 10);

  network.set('both delay_ms=25 loss_percent=2');
  const lossy = await measure(network, '25 ms and 2 % each way', 4000, 500, 1);
  isBetween(lossy.medianMs, 50, 60);
  isBetween(lossy.missingPercent, 2.9, 6); // 3.96 % is the expectation
  isBetween(100 * lossy.ab.lost / lossy.ab.taken, 1.3, 2.7);
  isBetween(100 * lossy.ba.lost / lossy.ba.taken, 1.3, 2.7);

  // 200 datagrams of 1000 bytes, headers included, come in 0.2 s; at 500 kbit/s they want 3.2 s, and the queue holds half a second.
  network.set('both delay_ms=0 loss_percent=0');
  network.set('ab rate_kbps=500 queue_ms=500');
  const narrow = await measure(network, '500 kbit/s, a queue of 500 ms', 200, 972, 1);
  isBetween(narrow.slowestMs, 450, 800);
  isBetween(narrow.ab.overflowed, 100, 175);

  network.set('ab rate_kbps=0 down=1');
  assert.equal((await measure(network, 'down', 100, 500, 1)).ab.down, 100);
  network.set('ab down=0');
  assert.equal((await measure(network, 'up again', 100, 500, 1)).ab.given, 100);
}

async function main(emulator) {
  const reason = obstacle();
  if (reason) {
    console.log(`skipped: ${reason}`);
    return 77;
  }
  const network = await Network.start(emulator, 1);
  await startEcho(network);
  await check(network);
  await network.stop();
  return 0;
}

main(process.argv[2]).then(code => process.exit(code), error => {
  console.error(error);
  process.exit(1);
});
