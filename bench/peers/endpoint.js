// SPDX-License-Identifier: MIT
// Joins two ends of a stack, in this process or with one in a process of its own; clocks and percentiles.
'use strict';
const { fork } = require('node:child_process');
const fs = require('node:fs');

// In-process: the caller's and the callee's events.
function join(stack, callerEvents, calleeEvents) {
  const ends = {};
  ends.callee = new stack.End((m) => ends.caller?.take(m), calleeEvents);
  ends.caller = new stack.End((m) => ends.callee.take(m), callerEvents);
  ends.caller.call();
  return ends;
}

// The caller here, the callee in a process that runs the same program with `role` set.
function joinProcess(stack, stackName, role, callerEvents) {
  const far = process.env.BENCH_FAR_NETNS; // the path of the network namespace that it is to live in
  const place = far ? { execPath: 'nsenter', execArgv: [`--net=${far}`, process.execPath] } : {};
  const child = fork(require.resolve('./measure.js'), [stackName, role], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], ...place });
  const caller = new stack.End((m) => child.connected && child.send(m), callerEvents);
  child.on('message', (m) => caller.take(m));
  caller.call();
  return { caller, callee: { close: () => child.kill('SIGKILL') } };
}

// In the child: the callee.
function answerProcess(stack, makeEvents) {
  const events = {};
  const callee = new stack.End((m) => process.connected && process.send(m), events);
  Object.assign(events, makeEvents(callee));
  process.on('message', (m) => callee.take(m));
  process.on('disconnect', () => process.exit(0));
}

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function processStatus(key) {
  return Number(fs.readFileSync('/proc/self/status', 'utf8').match(new RegExp(`${key}:\\s+(\\d+)`))[1]);
}

const nowUs = () => Number(process.hrtime.bigint() / 1000n);
const quantile = (sorted, q) => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

module.exports = { join, joinProcess, answerProcess, cpuSeconds, processStatus, nowUs, quantile, sleep };
