// SPDX-License-Identifier: MIT
// RTCPeerConnection (webrtc-pc 4.4) over rtc_peer_connection: calls become promises in the order of the operations chain, callbacks become events.
'use strict';
const idl = require('./webidl');
const { crtc, make, read, readList, withOut } = require('./library');
const session = require('./session');
const { handles, check, need, known, objectOf, queueTask, queueAfterDescription, waiting, iterate, touch, valueOf, nameOf } = session;
const events = require('./events');
const descriptions = require('./description');
const { transceiverOf, addTransceiver, addTrack } = require('./rtp');
const { channelOf, createDataChannel, listen } = require('./data_channel');
const { streamOf, MediaStreamTrack } = require('./media');
const { sctpOf } = require('./transports');
const { reportOf } = require('./stats');

const OFFER = idl.dictionary({ iceRestart: [idl.boolean, false], offerToReceiveAudio: idl.boolean, offerToReceiveVideo: idl.boolean });

class RTCPeerConnection extends EventTarget {
  #closed = false;
  #chain = [];
  #needed = false;
  #descriptions = {};
  #untold = new Set();
  // What the last event said.
  #signalingState = 'stable';
  #iceGatheringState = 'new';
  #iceConnectionState = 'new';
  #connectionState = 'new';

  constructor(configuration = undefined) {
    super();
    const settings = descriptions.configurationOf(descriptions.readConfiguration(configuration), { loop: session.loop });
    const [code, handle] = withOut(slot => crtc.rtc_peer_connection_new(null, settings, callbacks, null, slot));
    check(code);
    handles.set(this, handle);
    session.objects.set(handle, this);
  }

  get #handle() {
    return handles.get(this);
  }

  /* The operations chain (webrtc-pc 4.4.1.2). The library does an operation at once; here each is a task of its own. */

  #enqueue(operation) {
    if (this.#closed) {
      return Promise.reject(new DOMException('the connection is closed', 'InvalidStateError'));
    }
    return new Promise((resolve, reject) => {
      this.#chain.push(() => operation().then(value => this.#settle(resolve, value), error => this.#settle(reject, error)));
      if (this.#chain.length === 1) {
        this.#chain[0]();
      }
    });
  }

  #settle(settle, value) {
    if (this.#closed) {
      return;
    }
    settle(value);
    this.#chain.shift();
    if (this.#chain.length > 0) {
      this.#chain[0]();
    } else if (this.#needed) {
      this.#tellNeeded();
    }
  }

  // Calls the library in a task; resolves when the events of that very call, of the kind that a description causes, have been told. Closed meanwhile: never.
  #inParallel(call) {
    return new Promise((resolve, reject) => setImmediate(() => {
      if (this.#closed) {
        return;
      }
      iterate();
      const before = waiting();
      let result;
      try {
        result = call();
      } catch (error) {
        queueTask(this, () => this.#closed || reject(error));
        return;
      }
      this.#adoptTransports();
      iterate();
      queueAfterDescription(this, before, () => this.#closed || resolve(result));
    }));
  }

  // What webrtc-pc has an operation refuse when it begins, before anything is done in parallel.
  #in(states) {
    if (!states.includes(this.signalingState)) {
      throw new DOMException(`not in the state ${this.signalingState}`, 'InvalidStateError');
    }
  }

  // Transports are objects from the start, so that their states are those that events have told, however late a page asks.
  #adoptTransports() {
    if (crtc.rtc_rtp_sender_transport) {
      this.#transceivers().forEach(each => each.sender.transport ?? each.receiver.transport);
      this.sctp?.transport;
    }
  }

  #create(type, options) {
    const states = type === 'offer' ? ['stable', 'have-local-offer'] : ['have-remote-offer', 'have-local-pranswer'];
    return this.#enqueue(async () => this.#in(states) ?? this.#inParallel(() => {
      const [code, sdp] = withOut(slot => (options ? need('rtc_peer_connection_create_offer_with')(this.#handle, options, slot)
        : crtc[`rtc_peer_connection_create_${type}`](this.#handle, slot)), 'const char *');
      check(code);
      return { type, sdp };
    }));
  }

  createOffer(...args) {
    const legacy = typeof args[0] === 'function';
    return legacyOf(() => {
      const options = OFFER(legacy ? args[2] : args[0]);
      return this.#create('offer', offerOptions(options));
    }, legacy && args);
  }

  createAnswer(...args) {
    return legacyOf(() => this.#create('answer'), typeof args[0] === 'function' && args);
  }

  #rollsBack(type) {
    if (type === 'rollback') {
      this.#in(['have-local-offer', 'have-remote-offer']);
    }
  }

  setLocalDescription(description = undefined, ...callbacksGiven) {
    return legacyOf(() => {
      const { type, sdp } = descriptions.readLocalDescription(description);
      return this.#enqueue(async () => this.#rollsBack(type) ?? this.#inParallel(() => {
        check(crtc.rtc_peer_connection_set_local_description(this.#handle, type ? valueOf('RTC_SDP_', type) : 0, type ? sdp : null));
      }));
    }, callbacksGiven.length > 0 && callbacksGiven);
  }

  setRemoteDescription(description, ...callbacksGiven) {
    return legacyOf(() => {
      const { type, sdp } = descriptions.readDescription(description);
      return this.#enqueue(async () => this.#rollsBack(type) ?? this.#inParallel(() => {
        check(crtc.rtc_peer_connection_set_remote_description(this.#handle, valueOf('RTC_SDP_', type), sdp));
      }));
    }, callbacksGiven.length > 0 && callbacksGiven);
  }

  #hasRemote() {
    if (!crtc.rtc_peer_connection_remote_description(this.#handle, null)) {
      throw new DOMException('there is no remote description', 'InvalidStateError');
    }
  }

  addIceCandidate(candidate = undefined, ...callbacksGiven) {
    return legacyOf(() => {
      const init = descriptions.readCandidate(candidate);
      if (init.candidate !== '' && init.sdpMid === null && init.sdpMLineIndex === null) {
        throw new TypeError('neither sdpMid nor sdpMLineIndex');
      }
      return this.#enqueue(async () => this.#hasRemote() ?? this.#inParallel(() => {
        check(crtc.rtc_peer_connection_add_ice_candidate(this.#handle, descriptions.candidateInit(init)));
      }));
    }, callbacksGiven.length > 0 && callbacksGiven);
  }

  // A candidate stands there from the task on that tells of it (webrtc-pc 4.8.1.1).
  #withoutUntold(sdp) {
    return this.#untold.size === 0 ? sdp : sdp?.split('\r\n').filter(line => line === '' || !this.#untold.has(line === 'a=end-of-candidates' ? '' : line.slice(2))).join('\r\n');
  }

  // The same object while the description is the same (webrtc-pc 4.4.1).
  #description(name) {
    const side = name.replace(/.*_/, '');
    const [whole, type] = withOut(slot => need(`rtc_peer_connection_${name}_description`)(this.#handle, slot), 'int').map((value, i) => (i === 0 ? value : nameOf('RTC_SDP_', value)));
    return this.#descriptionOf(name, side === 'local' ? this.#withoutUntold(whole) : whole, type);
  }

  #descriptionOf(name, sdp, type) {
    const key = `${type} ${sdp}`;
    for (const other of Object.values(this.#descriptions)) {
      if (sdp && other.key === key && other.side === name.replace(/.*_/, '')) {
        return other.object;
      }
    }
    const object = sdp ? new descriptions.RTCSessionDescription({ type, sdp }) : null;
    this.#descriptions[name] = { key, object, side: name.replace(/.*_/, '') };
    return object;
  }

  get localDescription() { return this.#description('local'); }
  get currentLocalDescription() { return this.#description('current_local'); }
  get pendingLocalDescription() { return this.#description('pending_local'); }
  get remoteDescription() { return this.#description('remote'); }
  get currentRemoteDescription() { return this.#description('current_remote'); }
  get pendingRemoteDescription() { return this.#description('pending_remote'); }

  get signalingState() { return this.#closed ? 'closed' : this.#signalingState; }
  get iceGatheringState() { return this.#iceGatheringState; }
  get iceConnectionState() { return this.#closed ? 'closed' : this.#iceConnectionState; }
  get connectionState() { return this.#closed ? 'closed' : this.#connectionState; }
  get canTrickleIceCandidates() {
    const trickles = nameOf('RTC_TRICKLE_', need('rtc_peer_connection_can_trickle_ice_candidates')(this.#handle));
    return trickles === 'unknown' ? null : trickles === 'supported';
  }
  get sctp() { return sctpOf(this.#handle); }

  restartIce() { check(crtc.rtc_peer_connection_restart_ice(this.#handle)); }
  getConfiguration() { return descriptions.configurationFrom(need('rtc_peer_connection_get_configuration')(this.#handle)); }

  setConfiguration(configuration = undefined) {
    check(crtc.rtc_peer_connection_set_configuration(this.#handle, descriptions.configurationOf(descriptions.readConfiguration(configuration))));
  }

  close() {
    if (!this.#closed) {
      this.#closed = true;
      crtc.rtc_peer_connection_close(this.#handle);
      touch();
    }
  }

  #transceivers() {
    const count = Number(crtc.rtc_peer_connection_transceiver_count(this.#handle));
    return Array.from({ length: count }, (_, i) => transceiverOf(crtc.rtc_peer_connection_transceiver(this.#handle, i), this));
  }

  getTransceivers() { return this.#transceivers(); }
  getSenders() { return this.#transceivers().filter(each => !each.stopped).map(each => each.sender); }
  getReceivers() { return this.#transceivers().filter(each => !each.stopped).map(each => each.receiver); }

  addTrack(track, ...streams) { return addTrack(this, track, streams); }

  removeTrack(sender) {
    check(crtc.rtc_peer_connection_remove_track(this.#handle, handles.get(idl.instance(() => globalThis.RTCRtpSender)(sender))));
  }

  addTransceiver(trackOrKind, init = undefined) { return addTransceiver(this, trackOrKind, init); }

  createDataChannel(label, init = undefined) {
    if (arguments.length === 0) {
      throw new TypeError('an argument is missing');
    }
    return createDataChannel(this, label, init);
  }

  getStats(selector = null) {
    return reportOf(this, selector === null || selector === undefined ? null : idl.instance(() => MediaStreamTrack)(selector));
  }

  // replaceTrack of a sender is one of the chain's operations, too.
  _replaceTrack(sender, call) { return this.#enqueue(async () => this.#isNotStopped(sender) ?? this.#inParallel(call)); }

  #isNotStopped(sender) {
    if (this.#transceivers().find(each => each.sender === sender)?.direction === 'stopped') {
      throw new DOMException('the transceiver is stopped', 'InvalidStateError');
    }
  }

  static generateCertificate(algorithm) { return descriptions.generateCertificate(algorithm); }

  /* Events: what they say is read within the callback, and told in a task. */

  _state(which, state, atOnce = false) {
    queueTask(this, () => {
      if (!this.#closed) {
        this[which](state);
      }
    }, atOnce);
  }

  _signaling(state) {
    this.#signalingState = state;
    this.dispatchEvent(new Event('signalingstatechange'));
  }

  // States that follow from those of transports change in the task of these (webrtc-pc 5.6.2), before anything is fired.
  _follows(slot, state) {
    if (!this.#closed) {
      this[slot](state);
    }
  }

  _setGathering(state) { this.#iceGatheringState = state; }
  _setIce(state) { this.#iceConnectionState = state; }
  _setConnection(state) { this.#connectionState = state; }

  _derived(slot, state, name) {
    queueTask(this, () => {
      if (!this.#closed) {
        this[slot](state);
        this.dispatchEvent(new Event(name));
      }
    }, state === 'new' /* a description gave up what there was */, () => this._follows(slot, state));
  }

  _candidate(makeEvent, text) {
    this.#untold.add(text);
    queueTask(this, () => {
      this.#untold.delete(text);
      if (!this.#closed) {
        this.dispatchEvent(makeEvent());
      }
    });
  }

  _tell(makeEvent, atOnce) {
    queueTask(this, () => this.#closed || this.dispatchEvent(makeEvent()), atOnce);
  }

  // Not while operations wait (webrtc-pc 4.7.3).
  _negotiationNeeded() {
    queueTask(this, () => {
      this.#needed = true;
      if (this.#chain.length === 0) {
        this.#tellNeeded();
      }
    });
  }

  #tellNeeded() {
    queueTask(this, () => {
      if (this.#needed && !this.#closed && this.#chain.length === 0 && this.signalingState === 'stable') {
        this.#needed = false;
        if (crtc.rtc_peer_connection_negotiation_needed(this.#handle)) {
          this.dispatchEvent(new Event('negotiationneeded'));
        }
      }
    });
  }
}

// The library's struct of RTCOfferOptions; null when there is nothing in it.
function offerOptions({ iceRestart, offerToReceiveAudio, offerToReceiveVideo }) {
  if (!iceRestart && offerToReceiveAudio === undefined && offerToReceiveVideo === undefined) {
    return null;
  }
  need('rtc_peer_connection_create_offer_with');
  return make('rtc_offer_options', {
    ice_restart: iceRestart, has_offer_to_receive_audio: offerToReceiveAudio !== undefined, offer_to_receive_audio: offerToReceiveAudio ?? false,
    has_offer_to_receive_video: offerToReceiveVideo !== undefined, offer_to_receive_video: offerToReceiveVideo ?? false,
  });
}

// Errors of the conversion reject; callbacks of the old form are called in place of the promise.
function legacyOf(start, given) {
  let promise;
  try {
    if (given && !given.slice(0, 2).every(each => typeof each === 'function')) {
      throw new TypeError('a function is expected');
    }
    promise = start();
  } catch (error) {
    return Promise.reject(error);
  }
  if (!given) {
    return promise;
  }
  promise.then(given[0], given[1]);
  return Promise.resolve();
}

const on = (tell) => (handle, user, ...values) => {
  const connection = known(handle);
  if (connection) {
    tell(connection, ...values);
  }
};

function tellCandidate(connection, candidate) {
  const object = descriptions.candidateOf(candidate);
  connection._candidate(() => new events.RTCPeerConnectionIceEvent('icecandidate', { candidate: object, url: object?.url }), object?.candidate);
}

function candidateErrorEvent(pointer) {
  const error = read('rtc_ice_candidate_error', pointer);
  return () => new events.RTCPeerConnectionIceErrorEvent('icecandidateerror', { address: error.address || null, port: error.port || null, url: error.url, errorCode: error.error_code,
    errorText: error.error_text });
}

function trackEvent(connection, pointer) {
  const event = read('rtc_track_event', pointer);
  const transceiver = transceiverOf(event.transceiver, connection);
  const streams = readList('void *', event.streams, event.stream_count).map(streamOf);
  return () => new events.RTCTrackEvent('track', { receiver: transceiver.receiver, track: transceiver.receiver.track, streams, transceiver });
}

const callbacks = make('rtc_peer_connection_callbacks', {
  on_negotiation_needed: on(connection => connection._negotiationNeeded()),
  on_ice_candidate: on(tellCandidate),
  on_ice_candidate_error: on((connection, error) => connection._tell(candidateErrorEvent(error))),
  on_signaling_state_change: on((connection, state) => connection._state('_signaling', nameOf('RTC_SIGNALING_', state), true)),
  on_ice_gathering_state_change: on((connection, state) => connection._derived('_setGathering', nameOf('RTC_ICE_GATHERING_', state), 'icegatheringstatechange')),
  on_ice_connection_state_change: on((connection, state) => connection._derived('_setIce', nameOf('RTC_ICE_CONNECTION_', state), 'iceconnectionstatechange')),
  on_connection_state_change: on((connection, state) => connection._derived('_setConnection', nameOf('RTC_PEER_CONNECTION_', state), 'connectionstatechange')),
  on_data_channel: on((connection, handle) => {
    const channel = channelOf(handle);
    channel._announce(connection);
    listen(channel);
  }),
  on_track: on((connection, event) => connection._tell(trackEvent(connection, event), true)),
});

idl.eventHandlers(RTCPeerConnection, 'negotiationneeded', 'icecandidate', 'icecandidateerror', 'signalingstatechange', 'iceconnectionstatechange', 'icegatheringstatechange',
  'connectionstatechange', 'track', 'datachannel');
idl.expose(RTCPeerConnection);

module.exports = { RTCPeerConnection };
