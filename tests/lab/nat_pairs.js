// SPDX-License-Identifier: MIT
// Every kind of router against every other: two peer programs connect, by the kind of path that theory gives them, and messages, sound and pictures go both ways.
// Usage: nat_pairs.js PEER FAMILY [A-B...]; FAMILY: 4, 6 or 46. Prints a line a case: what was selected at either end and the milliseconds until both were connected.
'use strict';
const assert = require('node:assert/strict');
const { NatCall } = require('./nat_call');
const { NatNetwork, obstacle } = require('./nat_network');
const { isDirect, shown } = require('./nat_path');

const LOG_SHOWN = 4000;
const TRANSLATING = ['none', 'fullcone', 'addr', 'port', 'symmetric'];
const BLOCKING = ['blockudp', 'only443'];

function pairsOf(kinds) {
  return kinds.flatMap((a, i) => kinds.slice(i).map(b => [a, b]));
}

const CASES = {
  4: [...pairsOf(TRANSLATING), ...BLOCKING.flatMap(a => ['none', 'port', 'symmetric', a].map(b => [a, b])), ['only443', 'blockudp']],
  6: [['none', 'none'], ['port', 'port'], ['symmetric', 'symmetric'], ['blockudp', 'port'], ['only443', 'port'], ['only443', 'only443']],
  46: [['none', 'port'], ['port', 'port'], ['symmetric', 'port'], ['symmetric', 'symmetric'], ['blockudp', 'symmetric'], ['only443', 'only443']],
};

// Where UDP is blocked a host can still connect to a public one.
const isByTcp = kinds => kinds.includes('blockudp') && kinds.includes('none');

// Whether a path without a relay exists. Over IPv6 nobody translates: two firewalls open for each other.
function directExists(family, kinds) {
  if (kinds.some(kind => BLOCKING.includes(kind))) {
    return isByTcp(kinds);
  }
  return family !== '4' || !kinds.includes('symmetric') || !kinds.every(kind => ['port', 'symmetric'].includes(kind));
}

// How a host reaches its own relay.
const WAYS_TO_RELAY = { blockudp: 'tcp', only443: 'tls' };

// The kind of path that theory says is the best there is.
function checkPaths(family, kinds, paths) {
  for (const [kind, path] of [[kinds[0], paths.a], [kinds[1], paths.b]]) {
    assert.equal(isDirect(path), directExists(family, kinds));
    assert.equal(path.local.protocol, isByTcp(kinds) ? 'tcp' : 'udp');
    assert.ok(path.local.type !== 'relay' || path.local.over === (WAYS_TO_RELAY[kind] ?? 'udp'));
    assert.ok(path.local.type === 'relay' || !WAYS_TO_RELAY[kind] || isByTcp(kinds));
  }
}

function show(name, ms, { a, b }) {
  console.log(name.padEnd(25), isDirect(a) ? 'direct' : 'relay ', `${Math.round(ms)} ms`.padStart(8), ` a: ${shown(a)}`.padEnd(25), `b: ${shown(b)}`);
}

async function runCase(network, binary, family, kinds) {
  const name = `IPv${family} ${kinds.join('-')}`;
  network.connect(...kinds);
  const call = NatCall.start(network, binary, { media: true });
  try {
    const ms = await call.connected();
    await call.messagesCross();
    const paths = await call.paths(found => checkPaths(family, kinds, found));
    await call.mediaCross();
    await call.stop();
    show(name, ms, paths);
    return true;
  } catch (error) {
    console.log(`${name} FAILED: ${error.message}`);
    call.tell();
    console.log(network.turn.log.slice(-LOG_SHOWN));
    await call.stop().catch(() => {});
    return false;
  }
}

async function main(binary, family, ...wanted) {
  const reason = obstacle();
  if (reason) {
    console.log(`skipped: ${reason}`);
    return 77;
  }
  const cases = CASES[family].filter(pair => wanted.length === 0 || wanted.includes(pair.join('-')));
  assert.ok(cases.length > 0, `there is no case ${wanted}`);
  const network = await NatNetwork.start(family);
  let failed = 0;
  for (const kinds of cases) {
    failed += !await runCase(network, binary, family, kinds);
  }
  await network.stop();
  console.log(`${cases.length - failed} of ${cases.length} passed`);
  return failed === 0 ? 0 : 1;
}

main(...process.argv.slice(2)).then(code => process.exit(code), error => {
  console.error(error);
  process.exit(1);
});
