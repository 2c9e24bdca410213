// SPDX-License-Identifier: MIT
// RTCSctpTransport, RTCDtlsTransport, RTCIceTransport (webrtc-pc 5.5, 5.6, 6.1).
'use strict';
const idl = require('./webidl');
const { need } = require('./session');

function sctpOf(connection) {
  return need('rtc_peer_connection_sctp')(connection);
}

function dtlsOf(handle) {
  return handle;
}

module.exports = { sctpOf, dtlsOf };
