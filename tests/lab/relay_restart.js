// SPDX-License-Identifier: MIT
// The TURN server that a call goes over is killed, and starts again three seconds later: relays are allocated again, and messages go on, over UDP, TCP and TLS.
// Usage: relay_restart.js PEER. Prints a line a case: the milliseconds from the server's end until a message came back again.
'use strict';
const assert = require('node:assert/strict');
const { NatCall } = require('./nat_call');
const { NatNetwork, obstacle } = require('./nat_network');
const { CREDENTIAL, USERNAME } = require('./turn_server');
const { pause, until } = require('../interop/wait');

const AWAY_MS = 3000;
const PATIENCE_S = 18; // an agent that hears nothing for 20 seconds fails

const relayArguments = (turn, url) => ['--relay', '--turn', url, '--username', USERNAME, '--credential', CREDENTIAL, '--authorities', turn.certificate];

// The relayed addresses that a peer told so far.
const relays = peer => peer.lines.filter(({ candidate }) => candidate?.includes(' relay ')).map(({ candidate }) => candidate.split(' ').slice(4, 6).join(':'));

async function messageReturns(call, text) {
  const back = () => call.a.lines.some(line => line.event === 'message' && line.text === text);
  await call.a.write({ type: 'send', text });
  await until(`"${text}" to come back`, back, PATIENCE_S);
}

async function runCase(network, binary, url) {
  network.connect('none', 'none');
  const call = NatCall.start(network, binary, { servers: relayArguments(network.turn, url) });
  try {
    await call.connected();
    await call.messagesCross();
    const before = call.peers().map(relays);
    await network.turn.kill();
    const died = Date.now();
    await pause(AWAY_MS);
    await network.turn.start();
    await messageReturns(call, 'after the restart');
    const ms = Date.now() - died;
    await call.messagesCross();
    for (const [i, peer] of call.peers().entries()) {
      assert.ok(relays(peer).length > before[i].length, `${peer.name} has no new relay: ${relays(peer)}`);
    }
    await call.stop();
    console.log(`${url.padEnd(45)} ${ms} ms`);
    return true;
  } catch (error) {
    console.log(`${url} FAILED: ${error.message}`);
    call.tell();
    console.log(network.turn.log.slice(-6000));
    await call.stop().catch(() => {});
    return false;
  }
}

async function main(binary) {
  const reason = obstacle();
  if (reason) {
    console.log(`skipped: ${reason}`);
    return 77;
  }
  const network = await NatNetwork.start('4');
  let failed = 0;
  for (const url of network.turn.turnUrls()) {
    failed += !await runCase(network, binary, url);
  }
  await network.stop();
  return failed === 0 ? 0 : 1;
}

main(...process.argv.slice(2)).then(code => process.exit(code), error => {
  console.error(error);
  process.exit(1);
});
