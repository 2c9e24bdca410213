// SPDX-License-Identifier: MIT
// Capabilities, codec preferences and parameters of senders and receivers (webrtc-pc 5.2, 5.3): dictionaries into the library's structs and back.
'use strict';
const idl = require('./webidl');
const { crtc, constants, make, array, read, readList, withOut } = require('./library');
const { handles, check, need, valueOf, nameOf } = require('./session');

const readCodec = idl.dictionary({ mimeType: [idl.string, idl.required], clockRate: [idl.unsignedLong, idl.required], channels: idl.unsignedShort, sdpFmtpLine: idl.string });
const readCodecParameters = value => ({ ...readCodec(value), ...idl.dictionary({ payloadType: [idl.integer(8), idl.required] })(value) });
const priority = idl.oneOf('very-low', 'low', 'medium', 'high');
const readEncoding = idl.dictionary({
  rid: idl.string, active: [idl.boolean, true], codec: readCodec, maxBitrate: idl.unsignedLong, maxFramerate: idl.double, scaleResolutionDownBy: idl.double,
  scaleResolutionDownTo: idl.dictionary({ maxWidth: [idl.unsignedLong, idl.required], maxHeight: [idl.unsignedLong, idl.required] }), adaptivePtime: [idl.boolean, false],
  priority: [priority, 'low'], networkPriority: [priority, 'low'], scalabilityMode: idl.string,
});
const readExtension = idl.dictionary({ uri: [idl.string, idl.required], id: [idl.unsignedShort, idl.required], encrypted: [idl.boolean, false] });
const readExtensionCapability = idl.dictionary({ uri: [idl.string, idl.required], direction: [idl.oneOf('sendrecv', 'sendonly', 'recvonly', 'inactive', 'stopped'), 'sendrecv'] });
const readParameters = idl.dictionary({
  transactionId: [idl.string, idl.required], encodings: [idl.sequence(readEncoding), idl.required], headerExtensions: [idl.sequence(readExtension), idl.required],
  rtcp: [idl.dictionary({ cname: idl.string, reducedSize: idl.boolean }), idl.required], codecs: [idl.sequence(readCodecParameters), idl.required],
  degradationPreference: idl.oneOf('balanced', 'maintain-framerate', 'maintain-resolution', 'maintain-framerate-and-resolution'),
});

const readOptions = idl.dictionary({ encodingOptions: [idl.sequence(idl.dictionary({ keyFrame: [idl.boolean, false] })), () => []] });

/* ---- Into structs. */

function codecStruct({ mimeType, clockRate, channels, sdpFmtpLine, payloadType }) {
  return make('rtc_rtp_codec', { mime_type: mimeType, clock_rate: clockRate, channels: channels ?? 0, sdp_fmtp_line: sdpFmtpLine ?? null, payload_type: payloadType ?? 0 });
}

function encodingStruct(encoding) {
  return make('rtc_rtp_encoding_parameters', {
    rid: encoding.rid ?? null, inactive: !encoding.active, has_max_bitrate: encoding.maxBitrate !== undefined, max_bitrate_bps: encoding.maxBitrate ?? 0,
    has_max_framerate: encoding.maxFramerate !== undefined, max_framerate: encoding.maxFramerate ?? 0,
    has_scale_resolution_down_by: encoding.scaleResolutionDownBy !== undefined, scale_resolution_down_by: encoding.scaleResolutionDownBy ?? 0,
    priority: valueOf('RTC_PRIORITY_', encoding.priority), network_priority: valueOf('RTC_PRIORITY_', encoding.networkPriority),
    codec: encoding.codec ? codecStruct(encoding.codec) : null, adaptive_ptime: encoding.adaptivePtime,
    has_scale_resolution_down_to: encoding.scaleResolutionDownTo !== undefined, scalability_mode: encoding.scalabilityMode ?? null,
    scale_resolution_down_to_max_width: encoding.scaleResolutionDownTo?.maxWidth ?? 0, scale_resolution_down_to_max_height: encoding.scaleResolutionDownTo?.maxHeight ?? 0,
  });
}

function extensionStruct({ uri, id, encrypted }) {
  return make('rtc_rtp_header_extension', { uri, id, encrypted });
}

function encodingsOf(encodings) {
  return { send_encodings: array('void *', encodings.map(encodingStruct)), send_encoding_count: encodings.length };
}

function parametersStruct(given) {
  return make('rtc_rtp_parameters', {
    transaction_id: given.transactionId, encodings: array('void *', given.encodings.map(encodingStruct)), encoding_count: given.encodings.length,
    header_extensions: array('void *', given.headerExtensions.map(extensionStruct)), header_extension_count: given.headerExtensions.length,
    rtcp_cname: given.rtcp.cname ?? null, rtcp_reduced_size: given.rtcp.reducedSize ?? false,
    codecs: array('void *', given.codecs.map(codecStruct)), codec_count: given.codecs.length,
    has_degradation_preference: given.degradationPreference !== undefined,
    degradation_preference: given.degradationPreference ? valueOf('RTC_DEGRADATION_', given.degradationPreference) : 0,
  });
}

/* ---- Out of structs. Members that are not there are left out. */

function present(members) {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null));
}

function structsOf(name, pointer, count) {
  return readList('void *', pointer, count).map(each => read(name, each));
}

function codecFrom(codec, withType) {
  return present({ mimeType: codec.mime_type, clockRate: codec.clock_rate, channels: codec.channels || undefined, sdpFmtpLine: codec.sdp_fmtp_line,
    payloadType: withType ? codec.payload_type : undefined });
}

function encodingFrom(encoding) {
  return present({
    rid: encoding.rid, active: !encoding.inactive, maxBitrate: encoding.has_max_bitrate || encoding.max_bitrate_bps ? encoding.max_bitrate_bps : undefined,
    maxFramerate: encoding.has_max_framerate || encoding.max_framerate ? encoding.max_framerate : undefined,
    scaleResolutionDownBy: encoding.has_scale_resolution_down_by || encoding.scale_resolution_down_by ? encoding.scale_resolution_down_by : undefined,
    priority: nameOf('RTC_PRIORITY_', encoding.priority), networkPriority: nameOf('RTC_PRIORITY_', encoding.network_priority),
    codec: encoding.codec ? codecFrom(read('rtc_rtp_codec', encoding.codec), false) : undefined, adaptivePtime: encoding.adaptive_ptime,
    scaleResolutionDownTo: encoding.has_scale_resolution_down_to
      ? { maxWidth: encoding.scale_resolution_down_to_max_width, maxHeight: encoding.scale_resolution_down_to_max_height } : undefined,
    scalabilityMode: encoding.scalability_mode,
  });
}

function extensionFrom({ uri, id, encrypted }) {
  return { uri, id, encrypted };
}

function capabilities(name, kind) {
  if (kind !== 'audio' && kind !== 'video') {
    return null;
  }
  const [code, pointer] = withOut(slot => need(name)(null, valueOf('RTC_MEDIA_', kind), slot));
  check(code);
  const found = read('rtc_rtp_capabilities', pointer);
  const result = {
    codecs: structsOf('rtc_rtp_codec', found.codecs, found.codec_count).map(codec => codecFrom(codec, false)),
    headerExtensions: structsOf('rtc_rtp_header_extension', found.header_extensions, found.header_extension_count).map(({ uri }) => ({ uri })),
  };
  crtc.rtc_rtp_capabilities_free(pointer);
  return result;
}

function setCodecPreferences(handle, codecs) {
  const list = idl.sequence(readCodec)(codecs).map(codecStruct);
  check(need('rtc_rtp_transceiver_set_codec_preferences')(handle, array('void *', list), list.length));
}

// webrtc-extensions, RTP header extension control. `which`: 'to_negotiate' or 'negotiated'.
function headerExtensions(handle, which) {
  const name = which === 'negotiated' ? 'rtc_rtp_transceiver_get_negotiated_header_extensions' : 'rtc_rtp_transceiver_get_header_extensions_to_negotiate';
  const [code, pointer] = withOut(slot => need(name)(handle, slot));
  check(code);
  const found = read('rtc_rtp_capabilities', pointer);
  const result = structsOf('rtc_rtp_header_extension', found.header_extensions, found.header_extension_count)
    .map(({ uri, direction }) => ({ uri, direction: nameOf('RTC_DIRECTION_', direction) }));
  crtc.rtc_rtp_capabilities_free(pointer);
  return result;
}

function setHeaderExtensions(handle, extensions) {
  const list = idl.sequence(readExtensionCapability)(extensions)
    .map(({ uri, direction }) => make('rtc_rtp_header_extension', { uri, direction: valueOf('RTC_DIRECTION_', direction) }));
  check(need('rtc_rtp_transceiver_set_header_extensions_to_negotiate')(handle, array('void *', list), list.length));
}

// Of a sender, with what only that has, or of a receiver.
function getParameters(object, name) {
  const [code, pointer] = withOut(slot => need(name)(handles.get(object), slot));
  check(code);
  const found = read('rtc_rtp_parameters', pointer);
  const sends = found.transaction_id !== null;
  const result = {
    ...(sends ? { transactionId: found.transaction_id, encodings: structsOf('rtc_rtp_encoding_parameters', found.encodings, found.encoding_count).map(encodingFrom) } : {}),
    headerExtensions: structsOf('rtc_rtp_header_extension', found.header_extensions, found.header_extension_count).map(extensionFrom),
    rtcp: present({ cname: sends ? found.rtcp_cname : undefined, reducedSize: found.rtcp_reduced_size }),
    codecs: structsOf('rtc_rtp_codec', found.codecs, found.codec_count).map(codec => codecFrom(codec, true)),
    ...present({ degradationPreference: found.has_degradation_preference || found.degradation_preference ? nameOf('RTC_DEGRADATION_', found.degradation_preference) : undefined }),
  };
  crtc.rtc_rtp_parameters_free(pointer);
  return result;
}

async function setParameters(sender, given, options) {
  const parameters = readParameters(given);
  const { encodingOptions } = readOptions(options);
  const each = encodingOptions.map(({ keyFrame }) => make('rtc_encoding_options', { key_frame: keyFrame }));
  const struct = make('rtc_set_parameter_options', { encoding_options: array('void *', each), encoding_option_count: each.length });
  check(need('rtc_rtp_sender_set_parameters_with')(handles.get(sender), parametersStruct(parameters), struct));
  await new Promise(resolve => setImmediate(resolve));
}

module.exports = { readEncoding, encodingsOf, capabilities, setCodecPreferences, getParameters, setParameters, headerExtensions, setHeaderExtensions };
