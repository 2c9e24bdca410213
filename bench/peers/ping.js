// SPDX-License-Identifier: MIT
// ping: round trips of small messages, one after another. The twin of bench/ping.c.
'use strict';
const { join, joinProcess, nowUs, quantile } = require('./endpoint.js');

const WARM_UP = 200;

const echoEvents = (end) => ({ message: (message) => end().send(Buffer.from(message)) });

async function ping(stack, stackName, options) {
  const { size, count, processes } = { size: 100, count: 10000, processes: 2, ...options };
  const message = Buffer.alloc(size);
  const times = [];
  let ends;
  await new Promise((resolve) => {
    let sentAt;
    const send = () => {
      sentAt = nowUs();
      ends.caller.send(message);
    };
    const events = {
      open: send,
      message() {
        times.push(nowUs() - sentAt);
        if (times.length < count + WARM_UP) send();
        else resolve();
      },
    };
    ends = processes === 2 ? joinProcess(stack, stackName, 'echo', events) : join(stack, events, echoEvents(() => ends.callee));
  });
  ends.caller.close();
  ends.callee.close();
  const sorted = times.slice(WARM_UP).sort((a, b) => a - b);
  return { median_us: quantile(sorted, 0.5), p99_us: quantile(sorted, 0.99) };
}

module.exports = { ping, echoEvents };
