// SPDX-License-Identifier: MIT
// The events of webrtc-pc and mediacapture-streams, and RTCError.
'use strict';
const idl = require('./webidl');
const { crtc, read } = require('./library');

// members: { name: [convert, default or idl.required] }, in the init dictionary and as attributes.
function eventType(name, members, initRequired = false) {
  const read = idl.dictionary(members);
  const values = new WeakMap();
  const type = {
    [name]: class extends Event {
      constructor(type, init = undefined) {
        if (arguments.length < (initRequired ? 2 : 1)) {
          throw new TypeError('an argument is missing');
        }
        super(type, init ?? {});
        values.set(this, read(init));
      }
    },
  }[name];
  Object.defineProperty(type, 'length', { value: initRequired ? 2 : 1, configurable: true });
  for (const member of Object.keys(members)) {
    Object.defineProperty(type.prototype, member, { get() { return values.get(this)[member]; }, configurable: true, enumerable: true });
  }
  idl.expose(type);
  return type;
}

const of = name => idl.instance(() => globalThis[name]);
const { nullable, required, usvString, unsignedShort } = idl;

const RTCPeerConnectionIceEvent = eventType('RTCPeerConnectionIceEvent', { candidate: [nullable(of('RTCIceCandidate')), null], url: [nullable(usvString), null] });
const RTCPeerConnectionIceErrorEvent = eventType('RTCPeerConnectionIceErrorEvent', {
  address: [nullable(idl.string), null], port: [nullable(unsignedShort), null], url: [usvString, ''], errorCode: [unsignedShort, required], errorText: [usvString, ''],
}, true);
const RTCDataChannelEvent = eventType('RTCDataChannelEvent', { channel: [of('RTCDataChannel'), required] }, true);
const RTCTrackEvent = eventType('RTCTrackEvent', {
  receiver: [of('RTCRtpReceiver'), required], track: [of('MediaStreamTrack'), required],
  streams: [value => Object.freeze(idl.sequence(of('MediaStream'))(value)), () => Object.freeze([])], transceiver: [of('RTCRtpTransceiver'), required],
}, true);
const RTCDTMFToneChangeEvent = eventType('RTCDTMFToneChangeEvent', { tone: [idl.string, ''] });
const RTCErrorEvent = eventType('RTCErrorEvent', { error: [of('RTCError'), required] }, true);
const MediaStreamTrackEvent = eventType('MediaStreamTrackEvent', { track: [of('MediaStreamTrack'), required] }, true);

const readErrorInit = idl.dictionary({
  errorDetail: [idl.oneOf('data-channel-failure', 'dtls-failure', 'fingerprint-failure', 'sctp-failure', 'sdp-syntax-error', 'hardware-encoder-not-available',
    'hardware-encoder-error'), required],
  sdpLineNumber: [idl.integer(32, true), null], sctpCauseCode: [idl.integer(32, true), null], receivedAlert: [idl.unsignedLong, null], sentAlert: [idl.unsignedLong, null],
});

class RTCError extends DOMException {
  #init;

  constructor(init, message = '') {
    if (arguments.length === 0) {
      throw new TypeError('an argument is missing');
    }
    super(message, 'OperationError');
    this.#init = readErrorInit(init);
  }

  get errorDetail() { return this.#init.errorDetail; }
  get sdpLineNumber() { return this.#init.sdpLineNumber; }
  get sctpCauseCode() { return this.#init.sctpCauseCode; }
  get receivedAlert() { return this.#init.receivedAlert; }
  get sentAlert() { return this.#init.sentAlert; }
}
idl.expose(RTCError);

// Of the library's struct, where -1 stands for a member that is left out.
function errorOf(pointer) {
  const info = read('rtc_error_info', pointer);
  const known = value => (value < 0 ? undefined : value);
  return new RTCError({
    errorDetail: crtc.rtc_error_detail_name(info.detail), sdpLineNumber: known(info.sdp_line_number), sctpCauseCode: known(info.sctp_cause_code),
    receivedAlert: known(info.received_alert), sentAlert: known(info.sent_alert),
  }, info.message);
}

module.exports = { errorOf, RTCPeerConnectionIceEvent, RTCPeerConnectionIceErrorEvent, RTCDataChannelEvent, RTCTrackEvent, RTCDTMFToneChangeEvent, RTCErrorEvent, MediaStreamTrackEvent, RTCError };
