// SPDX-License-Identifier: MIT
// setup and idle: whole connections. The twins of bench/setup.c and bench/idle.c.
'use strict';
const { join, cpuSeconds, processStatus, nowUs, quantile, sleep } = require('./endpoint.js');

// Resolves with the open pair and how long it took.
function openPair(stack) {
  const began = nowUs();
  return new Promise((resolve) => {
    let open = 0;
    let ends;
    const opened = () => {
      if (++open === 2) resolve({ ends, ms: (nowUs() - began) / 1000 });
    };
    ends = join(stack, { open: opened }, { open: opened });
  });
}

async function setup(stack, stackName, options) {
  const { pairs, concurrent } = { pairs: 200, concurrent: 1, ...options };
  const times = [];
  const worker = async (count) => {
    for (let i = 0; i < count(); i++) {
      const { ends, ms } = await openPair(stack);
      times.push(ms);
      ends.caller.close();
      ends.callee.close();
    }
  };
  await worker(() => 2);
  times.length = 0;
  const cpuBegan = cpuSeconds();
  let left = pairs;
  const one = async () => {
    while (left-- > 0) await worker(() => 1);
  };
  await Promise.all(Array.from({ length: concurrent }, one));
  const cpu = cpuSeconds() - cpuBegan;
  const sorted = times.sort((a, b) => a - b);
  return {
    median_ms: quantile(sorted, 0.5),
    p90_ms: quantile(sorted, 0.9),
    p99_ms: quantile(sorted, 0.99),
    cpu_ms_per_pair: (cpu * 1000) / pairs,
  };
}

async function openMany(stack, pairs) {
  const open = [];
  for (let i = 0; i < pairs; i++) open.push((await openPair(stack)).ends);
  return open;
}

async function idle(stack, stackName, options) {
  const { connections, seconds } = { connections: 400, seconds: 5, ...options };
  const kept = await openMany(stack, 8);
  await sleep(2000);
  const before = processStatus('VmRSS');
  kept.push(...(await openMany(stack, connections / 2)));
  await sleep(2000);
  const cpuBegan = cpuSeconds();
  await sleep(seconds * 1000);
  const cpu = cpuSeconds() - cpuBegan;
  return {
    kb_per_connection: (processStatus('VmRSS') - before) / connections,
    threads: processStatus('Threads'),
    cpu_us_per_connection_s: (cpu * 1e6) / seconds / connections,
    kept: kept.length * 2,
  };
}

module.exports = { setup, idle };
