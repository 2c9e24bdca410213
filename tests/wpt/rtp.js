// SPDX-License-Identifier: MIT
// RTCRtpTransceiver, RTCRtpSender, RTCRtpReceiver (webrtc-pc 5).
'use strict';
const idl = require('./webidl');
const { crtc, make, array, hasMember, withOut } = require('./library');
const { handles, check, need, objectOf, valueOf, nameOf } = require('./session');
const { trackOf, MediaStreamTrack, MediaStream } = require('./media');
const { dtlsOf } = require('./transports');
const { reportOf } = require('./stats');
const parameters = require('./parameters');
const { dtmfOf } = require('./dtmf');
const { sourcesOf } = require('./sources');

const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive', 'stopped'];
const direction = idl.oneOf(...DIRECTIONS);
const readInit = idl.dictionary({
  direction: [direction, 'sendrecv'], streams: [idl.sequence(idl.instance(() => MediaStream)), () => []], sendEncodings: [idl.sequence(parameters.readEncoding), () => []],
});
const nullableTrack = idl.nullable(idl.instance(() => MediaStreamTrack));

class RTCRtpTransceiver {
  get mid() { return crtc.rtc_rtp_transceiver_mid(handles.get(this)); }
  get sender() { return senderOf(crtc.rtc_rtp_transceiver_sender(handles.get(this))); }
  get receiver() { return receiverOf(crtc.rtc_rtp_transceiver_receiver(handles.get(this))); }
  get direction() { return nameOf('RTC_DIRECTION_', crtc.rtc_rtp_transceiver_direction(handles.get(this))); }
  set direction(value) {
    if (DIRECTIONS.includes(`${value}`)) {
      check(crtc.rtc_rtp_transceiver_set_direction(handles.get(this), valueOf('RTC_DIRECTION_', `${value}`)));
    }
  }
  get currentDirection() {
    const [known, value] = withOut(slot => crtc.rtc_rtp_transceiver_current_direction(handles.get(this), slot), 'int');
    return known ? nameOf('RTC_DIRECTION_', value) : null;
  }
  get stopped() { return this.currentDirection === 'stopped'; }
  stop() { check(crtc.rtc_rtp_transceiver_stop(handles.get(this))); }
  getHeaderExtensionsToNegotiate() { return parameters.headerExtensions(handles.get(this), 'to_negotiate'); }
  setHeaderExtensionsToNegotiate(extensions) { parameters.setHeaderExtensions(handles.get(this), extensions); }
  getNegotiatedHeaderExtensions() { return parameters.headerExtensions(handles.get(this), 'negotiated'); }
  setCodecPreferences(codecs) { parameters.setCodecPreferences(handles.get(this), codecs); }
}

class RTCRtpSender {
  get track() { return trackOf(crtc.rtc_rtp_sender_track(handles.get(this))); }
  get transport() { return dtlsOf(need('rtc_rtp_sender_transport')(handles.get(this))); }
  get dtmf() { return dtmfOf(handles.get(this)); }
  static getCapabilities(kind) { return parameters.capabilities('rtc_rtp_sender_get_capabilities', `${kind}`); }
  getParameters() { return parameters.getParameters(this, 'rtc_rtp_sender_get_parameters'); }
  setParameters(given, options = undefined) { return parameters.setParameters(this, given, options); }
  // What no page can say: how long the pictures are to be held back, in milliseconds.
  set playoutDelay([least, most]) { check(need('rtc_rtp_sender_set_playout_delay')(handles.get(this), make('rtc_playout_delay', { min_ms: least, max_ms: most }))); }
  replaceTrack(track) {
    try {
      const handle = handles.get(nullableTrack(track)) ?? null;
      return connectionOf(this)._replaceTrack(this, () => check(crtc.rtc_rtp_sender_replace_track(handles.get(this), handle)));
    } catch (error) {
      return Promise.reject(error);
    }
  }
  setStreams(...streams) {
    const list = streams.map(idl.instance(() => MediaStream)).map(each => handles.get(each));
    check(need('rtc_rtp_sender_set_streams')(handles.get(this), array('void *', list), list.length));
  }
  getStats() { return reportOf(this, undefined, 'rtc_rtp_sender_get_stats'); }
}

class RTCRtpReceiver {
  get track() { return trackOf(crtc.rtc_rtp_receiver_track(handles.get(this))); }
  get transport() { return dtlsOf(need('rtc_rtp_receiver_transport')(handles.get(this))); }
  static getCapabilities(kind) { return parameters.capabilities('rtc_rtp_receiver_get_capabilities', `${kind}`); }
  getParameters() { return parameters.getParameters(this, 'rtc_rtp_receiver_get_parameters'); }
  getContributingSources() { return sourcesOf(handles.get(this), 'contributing'); }
  getSynchronizationSources() { return sourcesOf(handles.get(this), 'synchronization'); }
  getStats() { return reportOf(this, undefined, 'rtc_rtp_receiver_get_stats'); }
  get jitterBufferTarget() {
    const [known, value] = withOut(slot => need('rtc_rtp_receiver_jitter_buffer_target_ms')(handles.get(this), slot), 'double');
    return known ? value : null;
  }
  set jitterBufferTarget(value) {
    const target = idl.nullable(idl.double)(value);
    check(need('rtc_rtp_receiver_set_jitter_buffer_target_ms')(handles.get(this), target === null ? null : array('double', [target])));
  }
}

// The connection of an object is kept beside it: the library's handles do not tell it.
const connections = new WeakMap();
let current = null;

function connectionOf(object) {
  return connections.get(object);
}

function wrapped(type, reference) {
  return handle => objectOf(handle, reference, () => {
    const object = Object.create(type.prototype);
    handles.set(object, handle);
    connections.set(object, current);
    return object;
  });
}

const senderOf = wrapped(RTCRtpSender, 'rtc_rtp_sender_ref');
const receiverOf = wrapped(RTCRtpReceiver, 'rtc_rtp_receiver_ref');
const makeTransceiver = wrapped(RTCRtpTransceiver, 'rtc_rtp_transceiver_ref');

function transceiverOf(handle, connection) {
  current = connection;
  const transceiver = makeTransceiver(handle);
  senderOf(crtc.rtc_rtp_transceiver_sender(handle));
  receiverOf(crtc.rtc_rtp_transceiver_receiver(handle));
  return transceiver;
}

function streamHandles(streams) {
  const list = streams.map(idl.instance(() => MediaStream)).map(each => handles.get(each));
  return [array('void *', list), list.length];
}

function addTrack(connection, track, streams) {
  const given = handles.get(idl.instance(() => MediaStreamTrack)(track));
  const [code, sender] = withOut(slot => crtc.rtc_peer_connection_add_track(handles.get(connection), given, ...streamHandles(streams), slot));
  check(code);
  connection.getTransceivers();
  return senderOf(sender);
}

function addTransceiver(connection, trackOrKind, given) {
  const track = trackOrKind instanceof MediaStreamTrack ? trackOrKind : null;
  const kind = track ? track.kind : `${trackOrKind}`;
  const init = readInit(given);
  if (kind !== 'audio' && kind !== 'video') {
    throw new TypeError(`"${kind}" is no kind`);
  }
  const [streams, count] = streamHandles(init.streams);
  const options = make('rtc_rtp_transceiver_init', {
    has_direction: true, direction: valueOf('RTC_DIRECTION_', init.direction), streams, stream_count: count, ...(hasMember('rtc_rtp_transceiver_init', 'send_encodings') ? parameters.encodingsOf(init.sendEncodings) : {}),
  });
  const [code, handle] = withOut(slot => crtc.rtc_peer_connection_add_transceiver(handles.get(connection), valueOf('RTC_MEDIA_', kind), handles.get(track) ?? null, options, slot));
  check(code);
  return transceiverOf(handle, connection);
}

idl.expose(RTCRtpTransceiver, RTCRtpSender, RTCRtpReceiver);

module.exports = { transceiverOf, addTrack, addTransceiver };
