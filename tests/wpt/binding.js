// SPDX-License-Identifier: MIT
// The binding is of use: two connections of it open a channel, a message goes there and back, refusals have the names of the standard, and events come in its order.
'use strict';
const assert = require('node:assert');
try {
  require.resolve('koffi');
} catch {
  console.log('the packages of tests/wpt are not installed: scripts/setup does it');
  process.exit(77);
}
const { RTCPeerConnection } = require('./connection');

function connect(one, other) {
  one.onicecandidate = ({ candidate }) => candidate && other.addIceCandidate(candidate);
}

function next(target, name) {
  return new Promise(resolve => target.addEventListener(name, resolve, { once: true }));
}

async function call() {
  const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
  const states = [];
  a.onsignalingstatechange = () => states.push(a.signalingState);
  connect(a, b);
  connect(b, a);
  const channel = a.createDataChannel('there and back\0', { protocol: 'echo' });
  const announced = next(b, 'datachannel');
  await next(a, 'negotiationneeded');
  await a.setLocalDescription();
  assert.deepEqual(states, ['have-local-offer']);
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
  assert.deepEqual(states, ['have-local-offer', 'stable']);
  const { channel: theirs } = await announced;
  assert.equal(theirs.label, channel.label);
  assert.equal(theirs.protocol, 'echo');
  theirs.onmessage = ({ data }) => theirs.send(data);
  if (channel.readyState !== 'open') {
    await next(channel, 'open');
  }
  channel.send('näh');
  assert.equal((await next(channel, 'message')).data, 'näh');
  assert.ok([...(await a.getStats()).values()].some(each => each.type === 'transport'));
  await assert.rejects(a.setRemoteDescription({ type: 'answer', sdp: b.localDescription.sdp }), { name: 'InvalidStateError' });
  await assert.rejects(a.setRemoteDescription({ type: 'offer', sdp: 'nonsense' }), Error);
  assert.throws(() => new RTCPeerConnection({ iceServers: [{ urls: 'no:scheme' }] }), { name: 'SyntaxError' });
  a.close();
  b.close();
  assert.equal(a.signalingState, 'closed');
  await assert.rejects(a.createOffer(), { name: 'InvalidStateError' });
}

call().then(() => process.exit(0), error => {
  console.error(error);
  process.exit(1);
});
