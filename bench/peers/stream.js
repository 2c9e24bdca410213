// SPDX-License-Identifier: MIT
// data-channel and messages: one channel, one size, as fast as it takes them. The twin of bench/stream.c.
'use strict';
const { join, joinProcess, cpuSeconds, nowUs } = require('./endpoint.js');

const FILL_BYTES = 2 << 20;
const LOW_BYTES = 512 << 10;

function receiverEvents(end) {
  let bytes = 0;
  let messages = 0;
  let cpuBegan = 0;
  return {
    open: () => (cpuBegan = cpuSeconds()),
    message(message) {
      if (typeof message === 'string') return end().send(JSON.stringify({ bytes, messages, cpu: cpuSeconds() - cpuBegan }));
      bytes += message.byteLength;
      messages++;
    },
  };
}

async function stream(stack, stackName, { size, seconds, processes }) {
  const message = Buffer.alloc(size);
  let ends;
  let began;
  let cpuBegan;
  let finished = false;
  const result = await new Promise((resolve) => {
    const fill = () => {
      const { caller } = ends;
      while (!finished && caller.bufferedAmount() < FILL_BYTES) {
        finished = nowUs() >= began + seconds * 1e6;
        caller.send(finished ? 'end' : message);
      }
    };
    const events = {
      open() {
        ends.caller.setLow(LOW_BYTES);
        began = nowUs();
        cpuBegan = cpuSeconds();
        fill();
      },
      low: fill,
      message: (answer) => resolve({ ...JSON.parse(answer), wall: (nowUs() - began) / 1e6, own: cpuSeconds() - cpuBegan }),
    };
    ends = processes === 2 ? joinProcess(stack, stackName, 'receiver', events) : join(stack, events, receiverEvents(() => ends.callee));
  });
  ends.caller.close();
  ends.callee.close();
  return { ...result, cpu: result.own + (processes === 2 ? result.cpu : 0) };
}

async function dataChannel(stack, stackName, options) {
  const r = await stream(stack, stackName, { size: 65536, seconds: 5, processes: 2, ...options });
  return { mb_per_s: r.bytes / 1e6 / r.wall, cpu_s_per_gb: r.cpu / (r.bytes / 1e9) };
}

async function messages(stack, stackName, options) {
  const r = await stream(stack, stackName, { size: 256, seconds: 5, processes: 2, ...options });
  return { messages_per_s: r.messages / r.wall, cpu_us_per_message: (r.cpu * 1e6) / r.messages };
}

module.exports = { dataChannel, messages, receiverEvents };
