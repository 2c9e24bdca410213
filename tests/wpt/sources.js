// SPDX-License-Identifier: MIT
// RTCRtpContributingSource and RTCRtpSynchronizationSource (webrtc-pc 5.3).
'use strict';
const { crtc, constants } = require('./library');
const { need } = require('./session');

function sourcesOf(receiver, which) {
  return need(`rtc_rtp_receiver_get_${which}_sources`)(receiver);
}

module.exports = { sourcesOf };
