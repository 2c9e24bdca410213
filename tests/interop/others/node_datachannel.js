// SPDX-License-Identifier: MIT
// libdatachannel (npm: node-datachannel) as the other peer: data only.
'use strict';
const { emit, options, readLines } = require('./lines');
require('../standard_peer');

(async () => {
  const { RTCPeerConnection } = await import('node-datachannel/polyfill');
  const media = { async stats() { return {}; } };
  // It answers by itself, and tells candidates before the description they belong to.
  let described = false;
  const held = [];
  const emitInOrder = line => {
    if (line.candidate !== undefined && !described) {
      held.push(line);
      return;
    }
    emit(line);
    if (line.sdp !== undefined) {
      described = true;
      held.splice(0).forEach(emit);
    }
  };
  const peer = new StandardPeer({ RTCPeerConnection, options: { ...options, noEnd: true }, media, emit: emitInOrder });
  readLines(line => peer.take(line));
  peer.begin();
})();
