// SPDX-License-Identifier: MIT
// RTCSctpTransport, RTCDtlsTransport, RTCIceTransport (webrtc-pc 5.5, 5.6, 6.1).
'use strict';
const idl = require('./webidl');
const { crtc, make, read, readList, withOut, bytes } = require('./library');
const { handles, check, need, known, objectOf, queueTask, changeWhatFollows } = require('./session');
const events = require('./events');
const { candidateOf } = require('./description');

// A state is what the last event said; closed it is at once, and without an event.
class Transport extends EventTarget {
  _told = {};
  get _handle() { return handles.get(this); }
  _state(which, now) {
    this._told[which] ??= now;
    return now === 'closed' ? now : this._told[which];
  }
}

class RTCIceTransport extends Transport {
  get role() { return crtc.rtc_ice_role_name(crtc.rtc_ice_transport_role(this._handle)) || null; }
  get component() { return crtc.rtc_ice_component_name(crtc.rtc_ice_transport_component(this._handle)); }
  get state() { return this._state('state', crtc.rtc_ice_transport_state_name(crtc.rtc_ice_transport_get_state(this._handle))); }
  get gatheringState() { return this._state('gatheringState', crtc.rtc_ice_gathering_state_name(crtc.rtc_ice_transport_gathering_state(this._handle))); }
  getLocalCandidates() { return candidates(this._handle, 'local'); }
  getRemoteCandidates() { return candidates(this._handle, 'remote'); }
  getLocalParameters() { return parameters(crtc.rtc_ice_transport_local_parameters(this._handle)); }
  getRemoteParameters() { return parameters(crtc.rtc_ice_transport_remote_parameters(this._handle)); }
  getSelectedCandidatePair() {
    const [[there, local], remote] = withOut(second => withOut(first => crtc.rtc_ice_transport_selected_candidate_pair(this._handle, first, second)));
    return there ? { local: candidateOf(local), remote: candidateOf(remote) } : null;
  }
}

function candidates(handle, side) {
  const [list, count] = withOut(slot => crtc[`rtc_ice_transport_${side}_candidates`](handle, slot), 'size_t');
  return readList('void *', list, count).map(candidateOf);
}

function parameters(pointer) {
  const found = read('rtc_ice_parameters', pointer);
  return found && { usernameFragment: found.username_fragment, password: found.password };
}

class RTCDtlsTransport extends Transport {
  get iceTransport() { return iceOf(crtc.rtc_dtls_transport_ice_transport(this._handle)); }
  get state() { return this._state('state', crtc.rtc_dtls_transport_state_name(crtc.rtc_dtls_transport_get_state(this._handle))); }
  getRemoteCertificates() {
    const count = Number(crtc.rtc_dtls_transport_remote_certificate_count(this._handle));
    return Array.from({ length: count }, (_, i) => {
      const [data, length] = withOut(slot => crtc.rtc_dtls_transport_remote_certificate(this._handle, i, slot), 'size_t');
      return new Uint8Array(bytes(data, length)).buffer;
    });
  }
}

class RTCSctpTransport extends Transport {
  get transport() { return dtlsOf(crtc.rtc_sctp_transport_transport(this._handle)); }
  get state() { return this._state('state', crtc.rtc_sctp_transport_state_name(crtc.rtc_sctp_transport_get_state(this._handle))); }
  get maxMessageSize() { return unlimited(crtc.rtc_sctp_transport_max_message_size(this._handle)); }
  get maxChannels() { return crtc.rtc_sctp_transport_max_channels(this._handle) || null; }
}

function unlimited(size) {
  return BigInt(size) >= 2n ** 64n - 1n ? Infinity : Number(size);
}

idl.eventHandlers(RTCIceTransport, 'statechange', 'gatheringstatechange', 'selectedcandidatepairchange');
idl.eventHandlers(RTCDtlsTransport, 'statechange', 'error');
idl.eventHandlers(RTCSctpTransport, 'statechange');
idl.expose(RTCIceTransport, RTCDtlsTransport, RTCSctpTransport);

function changed(name, which, text) {
  return (handle, user, state) => {
    const transport = known(handle);
    queueTask(transport, () => {
      if (transport.state === 'closed' && transport._told.state !== 'closed' && (text && crtc[text](state)) !== 'closed') {
        return; // its connection was closed meanwhile
      }
      if (which) {
        transport._told[which] = crtc[text](state);
        changeWhatFollows();
      }
      transport.dispatchEvent(new Event(name));
    });
  };
}

function wrapped(type, name, table) {
  let callbacks = null;
  return handle => objectOf(handle, `rtc_${name}_ref`, () => {
    callbacks ??= make(`rtc_${name}_callbacks`, table);
    const transport = new type();
    handles.set(transport, handle);
    check(need(`rtc_${name}_set_callbacks`)(handle, callbacks, null));
    transport.state; // as it is now
    transport.gatheringState;
    transport.iceTransport;
    return transport;
  });
}

const iceOf = wrapped(RTCIceTransport, 'ice_transport', {
  on_state_change: changed('statechange', 'state', 'rtc_ice_transport_state_name'),
  on_gathering_state_change: changed('gatheringstatechange', 'gatheringState', 'rtc_ice_gathering_state_name'),
  on_selected_candidate_pair_change: changed('selectedcandidatepairchange'),
});
const dtlsOf = wrapped(RTCDtlsTransport, 'dtls_transport', {
  on_state_change: changed('statechange', 'state', 'rtc_dtls_transport_state_name'),
  on_error: (handle, user, info) => {
    const transport = known(handle);
    const error = events.errorOf(info);
    queueTask(transport, () => transport.dispatchEvent(new events.RTCErrorEvent('error', { error })));
  },
});
const makeSctp = wrapped(RTCSctpTransport, 'sctp_transport', { on_state_change: changed('statechange', 'state', 'rtc_sctp_transport_state_name') });

function sctpOf(connection) {
  return makeSctp(need('rtc_peer_connection_sctp')(connection));
}

module.exports = { sctpOf, dtlsOf };
