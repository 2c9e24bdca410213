// SPDX-License-Identifier: MIT
// Capabilities, codec preferences and parameters of senders and receivers (webrtc-pc 5.2, 5.3).
'use strict';
const idl = require('./webidl');
const { crtc, make, hasMember, read, readList, withOut, structArray } = require('./library');
const { handles, check, need, Missing } = require('./session');

const priority = idl.oneOf('very-low', 'low', 'medium', 'high');
const readCodec = idl.dictionary({ mimeType: [idl.string, idl.required], clockRate: [idl.unsignedLong, idl.required], channels: idl.unsignedShort, sdpFmtpLine: idl.string });
const readEncoding = idl.dictionary({
  rid: idl.string, active: [idl.boolean, true], codec: readCodec, maxBitrate: idl.unsignedLong, maxFramerate: idl.double, scaleResolutionDownBy: idl.double,
  priority: [priority, 'low'], networkPriority: priority,
});

function encodingsOf(encodings) {
  if (encodings.length === 0) {
    return {};
  }
  throw new Missing('send_encodings');
}

function capabilities(name, kind) {
  return need(name)(kind);
}

function setCodecPreferences(handle, codecs) {
  need('rtc_rtp_transceiver_set_codec_preferences');
}

function getParameters(object, name, struct) {
  need(name);
}

async function setParameters(sender, given) {
  need('rtc_rtp_sender_set_parameters');
}

module.exports = { readEncoding, encodingsOf, capabilities, setCodecPreferences, getParameters, setParameters };
