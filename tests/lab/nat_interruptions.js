// SPDX-License-Identifier: MIT
// Calls between two peer programs whose network is interrupted: what the connection states say meanwhile, for how long no picture came, and that all is well afterwards.
// Usage: nat_interruptions.js PEER SCENARIO...
'use strict';
const assert = require('node:assert/strict');
const { pause, until } = require('../interop/wait');
const { NatCall } = require('./nat_call');
const { NatNetwork, obstacle } = require('./nat_network');
const { isDirect, shown } = require('./nat_path');

const statesOf = peer => peer.lines.filter(({ event }) => event === 'connectionState').map(({ value }) => value);

// Watches the pictures that arrive at both ends while something happens to the network.
class Watch {
  constructor(call) {
    Object.assign(this, { call, begin: performance.now(), states: call.peers().map(peer => statesOf(peer).length) });
  }

  // What the connection states were since the beginning, at a and at b.
  newStates() {
    return this.call.peers().map((peer, i) => statesOf(peer).slice(this.states[i]));
  }

  async frames() {
    return Promise.all(this.call.peers().map(async peer => (await peer.stats()).video.framesDecoded));
  }

  // Waits until pictures come at both ends again, and gives the seconds since the beginning.
  async flows(seconds) {
    const before = await this.frames();
    await until('pictures at both ends', async () => (await this.frames()).every((count, i) => count >= before[i] + 10), seconds);
    return (performance.now() - this.begin) / 1000;
  }

  // The longest time without a picture, in milliseconds, at a and at b.
  async gaps() {
    return Promise.all(this.call.peers().map(async peer => Math.round((await peer.stats()).video.longestGapMs)));
  }
}

async function report(watch, name) {
  const paths = await watch.call.paths(undefined, 10);
  const states = watch.newStates().map(list => list.join(', ') || 'no change');
  console.log(`${name}: no picture for ${(await watch.gaps()).join(' and ')} ms; states of a: ${states[0]}; of b: ${states[1]}; then ${isDirect(paths.a) ? 'direct' : 'relay'}, a: ${shown(paths.a)}`);
  return paths;
}

// A cable is pulled and put back: the interface keeps its address, but has no carrier.
async function pulled(network, call, seconds) {
  const watch = new Watch(call);
  network.ip('ra', 'link set lan down');
  await pause(seconds * 1000);
  network.ip('ra', 'link set lan up');
  return watch;
}

// Nobody has to do anything about three seconds.
async function shortOutage(network, start) {
  const call = await start('port', 'port');
  const watch = await pulled(network, call, 3);
  await watch.flows(10);
  await report(watch, 'link down for 3 s');
  for (const states of watch.newStates()) {
    assert.ok(!states.includes('failed') && (states.length === 0 || states.at(-1) === 'connected'), states.join());
  }
  for (const gap of await watch.gaps()) {
    assert.ok(gap > 2000 && gap < 8000, `no picture for ${gap} ms`);
  }
  return call;
}

// Twenty seconds are more than either side waits: both say so. A restart brings the call back.
async function longOutage(network, start) {
  const call = await start('port', 'port');
  const watch = await pulled(network, call, 20);
  for (const [peer, states] of call.peers().map((peer, i) => [peer, watch.newStates()[i]])) {
    assert.ok(states.includes('disconnected'), `${peer.name}: ${states}`);
  }
  await call.restart();
  await watch.flows(15);
  await report(watch, 'link down for 20 s, then a restart');
  for (const states of watch.newStates()) {
    assert.equal(states.at(-1), 'connected', states.join());
  }
  return call;
}

// The only path leads through a server that is killed and comes back without its memory.
async function serverRestart(network, start) {
  const call = await start('symmetric', 'symmetric');
  const watch = new Watch(call);
  await network.turn.kill();
  await pause(1000);
  await network.turn.start();
  await watch.flows(60);
  const paths = await report(watch, 'TURN server killed and restarted');
  assert.ok(!isDirect(paths.a), JSON.stringify(paths));
  return call;
}

// A host gets another address while it calls; the old one is gone at once.
async function newAddress(network, start) {
  const call = await start('port', 'port');
  const watch = new Watch(call);
  network.ip('a', 'addr del 10.0.1.2/24 dev eth0', 'addr add 10.0.1.3/24 dev eth0');
  network.addDefaultRoutes('a');
  await watch.flows(20);
  const paths = await report(watch, 'address changed');
  assert.ok(isDirect(paths.a), JSON.stringify(paths));
  for (const states of watch.newStates()) {
    assert.ok(!states.includes('failed') && (states.length === 0 || states.at(-1) === 'connected'), states.join());
  }
  return call;
}

const SCENARIOS = { shortOutage, longOutage, serverRestart, newAddress };

async function run(network, binary, name) {
  let call;
  const start = async (a, b) => {
    network.connect(a, b);
    call = NatCall.start(network, binary, { media: true });
    await call.connected();
    await call.messagesCross();
    await call.mediaCross();
    await call.paths();
    return call;
  };
  try {
    await SCENARIOS[name](network, start);
    await call.messagesCross();
    await call.mediaCross();
    await call.stop();
    return true;
  } catch (error) {
    console.log(`${name} FAILED: ${error.message}`);
    call?.tell();
    console.log(network.turn.log.slice(-4000));
    await call?.stop().catch(() => {});
    return false;
  }
}

async function main(binary, ...names) {
  const reason = obstacle();
  if (reason) {
    console.log(`skipped: ${reason}`);
    return 77;
  }
  const network = await NatNetwork.start('4');
  let failed = 0;
  for (const name of names) {
    failed += !await run(network, binary, name);
  }
  await network.stop();
  console.log(`${names.length - failed} of ${names.length} passed`);
  return failed === 0 ? 0 : 1;
}

main(...process.argv.slice(2)).then(code => process.exit(code), error => {
  console.error(error);
  process.exit(1);
});
