// SPDX-License-Identifier: MIT
// RTCRtpContributingSource and RTCRtpSynchronizationSource (webrtc-pc 5.3).
'use strict';
const { crtc, make, read } = require('./library');
const { need } = require('./session');

// Times of the library are of its own clock; those of pages are of performance.timeOrigin and performance.now().
function source(found) {
  return { timestamp: performance.timeOrigin + performance.now() - Number(BigInt(crtc.rtc_now()) - BigInt(found.timestamp_us)) / 1000, source: found.source, rtpTimestamp: found.rtp_timestamp,
    ...(found.has_audio_level ? { audioLevel: found.audio_level } : {}),
    ...(found.has_capture_timestamp ? { captureTimestamp: found.capture_timestamp_ms } : {}),
    ...(found.has_sender_capture_time_offset ? { senderCaptureTimeOffset: found.sender_capture_time_offset_ms } : {}) };
}

function sourcesOf(receiver, which) {
  const list = [];
  for (let out = make('rtc_rtp_source'); need(`rtc_rtp_receiver_${which}_source`)(receiver, list.length, out); out = make('rtc_rtp_source')) {
    list.push(source(read('rtc_rtp_source', out)));
  }
  return list;
}

module.exports = { sourcesOf };
