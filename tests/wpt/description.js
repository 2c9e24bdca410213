// SPDX-License-Identifier: MIT
// RTCSessionDescription, RTCIceCandidate, RTCCertificate and RTCConfiguration: what is given to a connection and read from it.
'use strict';
const idl = require('./webidl');
const { crtc, constants, make, array, hasMember, withOut, read, readList } = require('./library');
const { handles, check, valueOf, nameOf, objectOf } = require('./session');

/* ---- Descriptions (webrtc-pc 4.6). */

const sdpType = idl.oneOf('offer', 'pranswer', 'answer', 'rollback');
const readDescription = idl.dictionary({ type: [sdpType, idl.required], sdp: [idl.string, ''] });
const readLocalDescription = idl.dictionary({ type: sdpType, sdp: [idl.string, ''] });

class RTCSessionDescription {
  #init;

  constructor(init) {
    if (arguments.length === 0) {
      throw new TypeError('an argument is missing');
    }
    this.#init = readDescription(init);
  }

  get type() { return this.#init.type; }
  get sdp() { return this.#init.sdp; }
  toJSON() { return { type: this.type, sdp: this.sdp }; }
}

/* ---- Candidates (webrtc-pc 4.8). */

const nullableString = idl.nullable(idl.string);
const readCandidate = idl.dictionary({
  candidate: [idl.string, ''], sdpMid: [nullableString, null], sdpMLineIndex: [idl.nullable(idl.unsignedShort), null], usernameFragment: [nullableString, null],
});
const readLocalCandidate = value => ({ ...readCandidate(value), ...idl.dictionary({
  relayProtocol: [idl.nullable(idl.oneOf('udp', 'tcp', 'tls')), null], url: [idl.nullable(idl.usvString), null],
})(value) });

class RTCIceCandidate {
  #of;

  constructor(init = {}) {
    const [code, handle] = withOut(slot => crtc.rtc_ice_candidate_new(null, candidateInit(readLocalCandidate(init)), slot));
    check(code);
    this.#of = read('rtc_ice_candidate', handle);
  }

  get candidate() { return this.#of.candidate; }
  get sdpMid() { return this.#of.sdp_mid; }
  get sdpMLineIndex() { return this.#of.sdp_m_line_index < 0 ? null : this.#of.sdp_m_line_index; }
  get foundation() { return this.#of.foundation; }
  get component() { return this.#of.component; }
  get priority() { return this.#ofText(this.#of.priority); }
  get address() { return this.#of.address; }
  get protocol() { return this.#of.protocol; }
  get port() { return this.#ofText(this.#of.port); }
  get type() { return this.#of.type; }
  get tcpType() { return this.#of.tcp_type; }
  get relatedAddress() { return this.#of.related_address; }
  get relatedPort() { return this.#of.related_port < 0 ? null : this.#of.related_port; }
  get usernameFragment() { return this.#of.username_fragment; }
  get relayProtocol() { return this.#of.relay_protocol; }
  get url() { return this.#of.url; }
  toJSON() { return { candidate: this.candidate, sdpMid: this.sdpMid, sdpMLineIndex: this.sdpMLineIndex, usernameFragment: this.usernameFragment }; }

  // Numbers have no absent value: nothing could be read where there is no foundation.
  #ofText(value) { return this.#of.foundation === null ? null : value; }

  static _of(values) {
    const candidate = new RTCIceCandidate({ sdpMid: '' });
    candidate.#of = values;
    return candidate;
  }
}

// Of what the library gives: an event, a list.
function candidateOf(pointer) {
  return pointer ? RTCIceCandidate._of(read('rtc_ice_candidate', pointer)) : null;
}

function candidateInit(init) {
  return make('rtc_ice_candidate_init', {
    candidate: init.candidate, sdp_mid: init.sdpMid, has_sdp_m_line_index: init.sdpMLineIndex !== null, sdp_m_line_index: init.sdpMLineIndex ?? 0,
    username_fragment: init.usernameFragment, relay_protocol: init.relayProtocol ?? null, url: init.url ?? null,
  });
}

/* ---- Certificates (webrtc-pc 4.9). */

class RTCCertificate {
  get expires() { return crtc.rtc_certificate_expires_ms(handles.get(this)); }
  getFingerprints() {
    const [list, count] = withOut(slot => crtc.rtc_certificate_get_fingerprints(handles.get(this), slot), 'size_t');
    return readList('void *', list, count).map(each => read('rtc_dtls_fingerprint', each)).map(({ algorithm, value }) => ({ algorithm, value }));
  }
}

function certificateOf(handle) {
  return objectOf(handle, 'rtc_certificate_ref', () => {
    const certificate = Object.create(RTCCertificate.prototype);
    handles.set(certificate, handle);
    return certificate;
  });
}

// The algorithms that webrtc-pc 4.9 asks for, as the Web Cryptography API normalizes their names.
function keyAlgorithm(value) {
  const algorithm = typeof value === 'object' && value !== null ? value : { name: value };
  const name = idl.string(algorithm.name).toUpperCase();
  if (name === 'ECDSA' && algorithm.namedCurve === 'P-256') {
    return { algorithm: valueOf('RTC_KEY_', 'ECDSA_P256') };
  }
  if (name === 'RSASSA-PKCS1-V1_5') {
    const hash = typeof algorithm.hash === 'object' ? algorithm.hash?.name : algorithm.hash;
    if (idl.string(hash).toUpperCase() === 'SHA-256') {
      const exponent = Number(`0x${Buffer.from(algorithm.publicExponent).toString('hex')}`);
      return { algorithm: valueOf('RTC_KEY_', 'RSA_2048'), modulus_bits: idl.unsignedLong(algorithm.modulusLength), public_exponent: idl.unsignedLong(exponent) };
    }
  }
  throw new DOMException('no such kind of key', 'NotSupportedError');
}

async function generateCertificate(value) {
  const algorithm = keyAlgorithm(value);
  const expires = idl.dictionary({ expires: idl.enforceRange(0, Number.MAX_SAFE_INTEGER) })(typeof value === 'object' ? value : undefined).expires;
  const options = make('rtc_certificate_options', { ...algorithm, has_lifetime: expires !== undefined, lifetime_ms: Math.min(expires ?? 0, 31536000000) });
  const [code, handle] = withOut(slot => crtc.rtc_certificate_new(null, options, slot));
  check(code);
  return certificateOf(handle);
}

/* ---- RTCConfiguration (webrtc-pc 4.2). */

const readServer = idl.dictionary({
  urls: [value => (typeof value === 'object' && value?.[Symbol.iterator] ? idl.sequence(idl.usvString)(value) : [idl.usvString(value)]), idl.required],
  username: idl.string, credential: idl.string,
});
const readConfiguration = idl.dictionary({
  iceServers: [idl.sequence(readServer), () => []], iceTransportPolicy: [idl.oneOf('relay', 'all'), 'all'], bundlePolicy: [idl.oneOf('balanced', 'max-compat', 'max-bundle'), 'balanced'],
  rtcpMuxPolicy: [idl.oneOf('require', 'negotiate'), 'require'] /* as browsers had it */, certificates: [idl.sequence(idl.instance(() => RTCCertificate)), () => []],
  iceCandidatePoolSize: [idl.enforceRange(0, 255), 0],
});

function server({ urls, username, credential }) {
  return make('rtc_ice_server', { urls: array('const char *', urls), url_count: urls.length, username: username ?? null, credential: credential ?? null });
}

// The dictionary of the library's struct.
function configurationFrom(pointer) {
  const of = read('rtc_configuration', pointer);
  const servers = readList('void *', of.ice_servers, of.ice_server_count).map(each => read('rtc_ice_server', each));
  return {
    iceServers: servers.map(each => ({ urls: readList('const char *', each.urls, each.url_count), ...(each.username === null ? {} : { username: each.username }),
      ...(each.credential === null ? {} : { credential: each.credential }) })),
    iceTransportPolicy: of.ice_transport_policy === constants.RTC_ICE_TRANSPORT_RELAY ? 'relay' : 'all', bundlePolicy: nameOf('RTC_BUNDLE_', of.bundle_policy),
    rtcpMuxPolicy: nameOf('RTC_RTCP_MUX_', of.rtcp_mux_policy), iceCandidatePoolSize: of.ice_candidate_pool_size,
    certificates: readList('void *', of.certificates, of.certificate_count).map(certificateOf),
  };
}

// The library's struct of a dictionary; `more`: members beyond it.
function configurationOf(dictionary, more) {
  return make('rtc_configuration', {
    ice_servers: array('void *', dictionary.iceServers.map(server)), ice_server_count: dictionary.iceServers.length,
    certificates: array('void *', dictionary.certificates.map(each => handles.get(each))), certificate_count: dictionary.certificates.length,
    bundle_policy: valueOf('RTC_BUNDLE_', dictionary.bundlePolicy), ice_transport_policy: valueOf('RTC_ICE_TRANSPORT_', dictionary.iceTransportPolicy),
    ice_candidate_pool_size: dictionary.iceCandidatePoolSize, ...rtcpMux(dictionary.rtcpMuxPolicy), ...more,
  });
}

// Of a library that has the policy.
function rtcpMux(policy) {
  return hasMember('rtc_configuration', 'rtcp_mux_policy') ? { rtcp_mux_policy: valueOf('RTC_RTCP_MUX_', policy) } : {};
}

idl.expose(RTCSessionDescription, RTCIceCandidate, RTCCertificate);

module.exports = { RTCSessionDescription, RTCIceCandidate, RTCCertificate, readDescription, readLocalDescription, readCandidate, candidateInit, candidateOf, generateCertificate, certificateOf,
  readConfiguration, configurationOf, configurationFrom };
