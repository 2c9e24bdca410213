// SPDX-License-Identifier: MIT
// tshark finds nothing wrong in what our peers send: in calls on a direct path over UDP and over TCP, and through a relay over UDP, TCP and TLS.
// Usage: nat_capture.js PEER RTCP_SAMPLES
'use strict';
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { pause } = require('../interop/wait');
const { Capture, WRONG, messagesFrom, sorted, wrongAs, wrongIn } = require('./capture');
const { NatCall } = require('./nat_call');
const { NatNetwork, obstacle } = require('./nat_network');

const HOSTS = { a: '10.0.1.2', b: '10.0.2.2' };
// How many messages of each class must be there for a verdict to mean something.
const CASES = {
  'port-port': { stun: 10, dtls: 5, rtp: 100, rtcp: 3, channel: 0 },
  'symmetric-symmetric': { stun: 20, dtls: 5, rtp: 100, rtcp: 3, channel: 0 },
  'blockudp-port': { stun: 20, dtls: 5, rtp: 100, rtcp: 3, channel: 100 },
  'blockudp-none': { stun: 20, dtls: 5, rtp: 100, rtcp: 3, channel: 0 },
  'only443-only443': { stun: 5 },
};

// A check that finds nothing must be known to find something: a Binding request with a wrong fingerprint, and one cut off.
function checkTheCheck(folder) {
  const request = Buffer.from('000100082112a442000102030405060708090a0b8028000400000000', 'hex');
  assert.equal(wrongAs('stun', [request], folder).length, 1, 'tshark takes a wrong fingerprint');
  assert.equal(wrongAs('dtls', [Buffer.from('16fefd00000000000000000020010000', 'hex')], folder).length, 1, 'tshark takes a record cut off');
  assert.equal(wrongAs('rtcp', [Buffer.from('81c9000711223344', 'hex')], folder).length, 1, 'tshark takes a report cut off');
  assert.equal(wrongAs('rtp', [Buffer.from('90600001000000010000000100010005', 'hex')], folder).length, 1, 'tshark takes an extension cut off');
}

async function callAndCapture(network, binary) {
  const captures = {};
  for (const side of Object.keys(HOSTS)) {
    network.ip(side, 'link set eth0 gso_max_segs 1'); // datagrams given to the system in bulk are told apart before the capture
    captures[side] = await Capture.start(network.within(side), network.folder, `${side}${network.generation}`);
  }
  const call = NatCall.start(network, binary, { media: true });
  try {
    await call.connected();
    await call.messagesCross();
    await call.mediaCross();
    await pause(2000); // until reports and consent checks were sent
    await call.stop();
  } catch (error) {
    call.tell();
    throw error;
  }
  await pause(300);
  await Promise.all(Object.values(captures).map(capture => capture.stop()));
  return captures;
}

async function runCase(network, binary, name) {
  network.connect(...name.split('-'));
  const captures = await callAndCapture(network, binary);
  const messages = [];
  for (const [side, address] of Object.entries(HOSTS)) {
    assert.deepEqual(wrongIn(captures[side].file, `ip.src == ${address} && ${WRONG}`), []);
    messages.push(...messagesFrom(captures[side].file, address));
  }
  const classes = sorted(messages);
  console.log(name.padEnd(20), Object.entries(classes).map(([name_, list]) => `${list.length} ${name_}`).join(', '));
  assert.deepEqual(classes.unknown.map(bytes => bytes.toString('hex')), [], 'messages of no known class');
  for (const [protocol, least] of Object.entries(CASES[name])) {
    assert.ok(classes[protocol].length >= least, `only ${classes[protocol].length} messages of ${protocol}`);
  }
  for (const protocol of ['stun', 'dtls', 'rtp']) {
    assert.deepEqual(wrongAs(protocol, classes[protocol], network.folder), []);
  }
}

// What a call encrypts, as it was before.
function checkReports(samples, folder) {
  const reports = execFileSync(samples, { encoding: 'utf8' }).trim().split('\n').map(line => Buffer.from(line, 'hex'));
  assert.deepEqual(wrongAs('rtcp', reports, folder), []);
  console.log(`${reports.length} datagrams of RTCP`);
}

async function main(binary, samples) {
  const reason = obstacle({ tshark: 'tshark', dumpcap: 'wireshark-common' });
  if (reason) {
    console.log(`skipped: ${reason}`);
    return 77;
  }
  const network = await NatNetwork.start('4');
  checkTheCheck(network.folder);
  checkReports(samples, network.folder);
  for (const name of Object.keys(CASES)) {
    await runCase(network, binary, name);
  }
  await network.stop();
  console.log('passed');
  return 0;
}

main(...process.argv.slice(2)).then(code => process.exit(code), error => {
  console.error(error);
  process.exit(1);
});
