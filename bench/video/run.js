// SPDX-License-Identifier: MIT
// One run of bench/link-video: calls over a link that changes as its scenario says, their counts taken five times a second, and the link's log of packets.
'use strict';
const path = require('node:path');
const { link } = require('../../tests/interop/peers');
const { start } = require('../../tests/interop/started');
const { pause } = require('../../tests/interop/wait');
const { ip } = require('../../tests/lab/namespaces');
const { ADDRESSES } = require('../../tests/lab/network');
const { Side } = require('./ends');
const { stepsOf } = require('./scenarios');

const SAMPLE_MS = 200;
const TCP_PORT = 9;
const TCP_FLOW = path.join(__dirname, 'tcp_flow.js');

// Microseconds of the clock that the link emulator's log has.
const nowUs = () => Number(process.hrtime.bigint() / 1000n);

function startTcp(network, side, ...words) {
  const [command, ...rest] = [...network.within(side), process.execPath, TCP_FLOW, ...words];
  return start(command, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
}

// The things that happen at their seconds of the call.
class Timeline {
  constructor(steps) {
    this.steps = steps.sort(([a], [b]) => a - b);
  }

  run(startUs) {
    this.timers = this.steps.map(([second, step]) => setTimeout(step, startUs / 1000 + second * 1000 - nowUs() / 1000));
  }

  stop() {
    this.timers?.forEach(clearTimeout);
  }
}

function timelineOf(network, scenario, share) {
  const steps = stepsOf(scenario, share).slice(1).map(([second, settings]) => [second, () => network.set(`both ${settings}`)]);
  const flows = [];
  if (scenario.tcp) {
    flows.push(startTcp(network, 'b', 'sink', String(TCP_PORT)));
    let flow;
    steps.push([scenario.tcp[0] * share, () => flows.push(flow = startTcp(network, 'a', 'send', ADDRESSES.b, String(TCP_PORT)))]);
    steps.push([scenario.tcp[1] * share, () => flow.kill('SIGKILL')]);
  }
  const timeline = new Timeline(steps);
  timeline.end = () => {
    timeline.stop();
    flows.forEach(flow => flow.kill('SIGKILL'));
  };
  return timeline;
}

async function sampleOf({ sender, receiver }) {
  const [from, to] = await Promise.all([sender.sample(), receiver.sample()]);
  return { us: nowUs(), from, to };
}

async function watch(calls, startUs, seconds) {
  const samples = calls.map(() => []);
  for (let next = startUs; nowUs() < startUs + seconds * 1e6;) {
    (await Promise.all(calls.map(sampleOf))).forEach((sample, i) => samples[i].push(sample));
    next = Math.max(next + SAMPLE_MS * 1000, nowUs());
    await pause((next - nowUs()) / 1000);
  }
  return samples;
}

async function startCalls(senders, receivers, count) {
  const calls = [];
  for (let i = 0; i < count; i++) {
    const receiver = await receivers.add();
    const sender = await senders.add();
    link(sender.peer, receiver.peer);
    await receiver.begin();
    calls.push({ sender, receiver });
  }
  await Promise.all(calls.map(({ sender }) => sender.begin()));
  await Promise.all(calls.flatMap(({ sender, receiver }) => [sender.connected(), receiver.connected()]));
  return calls;
}

// `kinds`: what sends and what receives, 'ours' or 'chromium'. Gives the samples of each call and the file of packets.
async function runOnce({ network, scenario, kinds, binary, settings, share, packetFile }) {
  const media = scenario.audio ? 'audio' : 'video';
  const common = { network, binary, media, settings };
  const sides = [];
  const timeline = timelineOf(network, scenario, share);
  network.set(`both ${stepsOf(scenario, share)[0][1]}`);
  network.set(`log ${packetFile}`);
  try {
    const receivers = await Side.start(kinds[1], { ...common, side: 'b', sends: false });
    sides.push(receivers);
    const senders = await Side.start(kinds[0], { ...common, side: 'a', sends: true });
    sides.push(senders);
    const calls = await startCalls(senders, receivers, scenario.calls ?? 1);
    const startUs = nowUs();
    timeline.run(startUs);
    const samples = await watch(calls, startUs, scenario.seconds * share);
    return { startUs, endUs: nowUs(), samples };
  } finally {
    timeline.end();
    network.set('log');
    await network.counts(); // by its answer the log is whole
    await Promise.allSettled(sides.map(side => side.close()));
  }
}

// The congestion control of the machine's TCP may be another; that of a route is for every connection over it.
function useCubic(network) {
  for (const side of ['a', 'b']) {
    const address = ADDRESSES[side];
    ip('-n', network.names[side], 'route', 'change', `${address.replace(/\d+$/, '0')}/30`, 'dev', 'eth0', 'proto', 'kernel', 'scope', 'link', 'src', address, 'congctl', 'cubic');
  }
}

module.exports = { runOnce, useCubic };
