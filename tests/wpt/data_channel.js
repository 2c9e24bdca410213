// SPDX-License-Identifier: MIT
// RTCDataChannel (webrtc-pc 6.2) over rtc_data_channel.
'use strict';
const { Worker, MessageChannel, receiveMessageOnPort } = require('node:worker_threads');
const idl = require('./webidl');
const { crtc, make, withOut, bytes } = require('./library');
const { handles, check, need, known, objectOf, queueTask, touch, nameOf } = require('./session');
const events = require('./events');

const readInit = idl.dictionary({
  ordered: [idl.boolean, true], maxPacketLifeTime: idl.nullable(idl.enforceRange(0, 65535)), maxRetransmits: idl.nullable(idl.enforceRange(0, 65535)),
  protocol: [idl.usvString, ''], negotiated: [idl.boolean, false], id: idl.nullable(idl.enforceRange(0, 65535)),
  priority: [idl.oneOf('very-low', 'low', 'medium', 'high'), 'low'],
});
const PRIORITIES = { 'very-low': 128, low: 256, medium: 512, high: 1024 };

function counted(call, handle) {
  const [text, length] = withOut(slot => call(handle, slot), 'size_t');
  return text ? bytes(text, length).toString() : '';
}

// A blob's bytes can be read later only, and its message has its place now: they are read on a thread for which this one waits.
let reader = null;
function blobBytes(blob) {
  if (!reader) {
    const { port1, port2 } = new MessageChannel();
    const done = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(`const { done, port } = require('node:worker_threads').workerData;
      port.on('message', async blob => { port.postMessage(new Uint8Array(await blob.arrayBuffer())); Atomics.store(done, 0, 1); Atomics.notify(done, 0); });`,
    { eval: true, workerData: { done, port: port2 }, transferList: [port2] });
    worker.unref();
    reader = { port: port1, done };
  }
  Atomics.store(reader.done, 0, 0);
  reader.port.postMessage(blob);
  Atomics.wait(reader.done, 0, 0);
  return receiveMessageOnPort(reader.port).message;
}

const STATES = ['connecting', 'open', 'closing', 'closed'];

class RTCDataChannel extends EventTarget {
  #binaryType = 'arraybuffer';
  _told = null; // the state that the page was told of

  get label() { return counted(crtc.rtc_data_channel_label, handles.get(this)); }
  get protocol() { return counted(crtc.rtc_data_channel_protocol, handles.get(this)); }
  get ordered() { return crtc.rtc_data_channel_ordered(handles.get(this)); }
  get negotiated() { return crtc.rtc_data_channel_negotiated(handles.get(this)); }
  get maxPacketLifeTime() { return absent(crtc.rtc_data_channel_max_packet_life_time_ms(handles.get(this))); }
  get maxRetransmits() { return absent(crtc.rtc_data_channel_max_retransmits(handles.get(this))); }
  get id() { return absent(crtc.rtc_data_channel_id(handles.get(this))); }
  get priority() {
    const value = need('rtc_data_channel_priority')(handles.get(this));
    return Object.keys(PRIORITIES).find(name => value <= PRIORITIES[name]) ?? 'high';
  }
  get readyState() {
    const now = nameOf('RTC_DATA_CHANNEL_', crtc.rtc_data_channel_ready_state(handles.get(this)));
    if (this._connection?.signalingState === 'closed') {
      return now; // at once, and without an event
    }
    this._told ??= now;
    return this._told;
  }
  get bufferedAmount() { return Number(crtc.rtc_data_channel_buffered_amount(handles.get(this))); }
  get bufferedAmountLowThreshold() { return Number(crtc.rtc_data_channel_buffered_amount_low_threshold(handles.get(this))); }
  set bufferedAmountLowThreshold(value) { crtc.rtc_data_channel_set_buffered_amount_low_threshold(handles.get(this), idl.unsignedLong(value)); }
  get binaryType() { return this.#binaryType; }
  set binaryType(value) {
    if (['blob', 'arraybuffer'].includes(`${value}`)) {
      this.#binaryType = `${value}`;
    }
  }

  send(data) {
    if (arguments.length === 0) {
      throw new TypeError('an argument is missing');
    }
    const binary = data instanceof Blob ? blobBytes(data) : raw(data);
    if (binary) {
      check(crtc.rtc_data_channel_send(handles.get(this), binary.length ? binary : Buffer.alloc(1), binary.length));
    } else {
      const text = Buffer.from(idl.usvString(data));
      check(crtc.rtc_data_channel_send_text(handles.get(this), Buffer.concat([text, Buffer.alloc(1)]), text.length));
    }
  }

  close() {
    crtc.rtc_data_channel_close(handles.get(this));
    this.#reach('closing');
    touch();
  }

  // False when it is in this state, or beyond it.
  #reach(state) {
    const later = STATES.indexOf(state) > STATES.indexOf(this.readyState);
    this._told = later ? state : this._told;
    return later;
  }

  _tell(makeEvent) {
    queueTask(this, () => this.dispatchEvent(makeEvent()));
  }

  // The state is what the page has been told; what it does in one task counts for the next.
  _change(name, state) {
    queueTask(this, () => {
      if (this.#reach(state) || (this.readyState === state && name !== 'closing')) {
        this.dispatchEvent(new Event(name));
      }
    });
  }

  // By the peer: it is open when the page is told of it, and says so with the next event.
  _announce(connection) {
    this._connection = connection;
    this._told = 'connecting';
    connection._tell(() => {
      this._told = 'open';
      return new events.RTCDataChannelEvent('datachannel', { channel: this });
    });
  }

  _fail(pointer) {
    const error = events.errorOf(pointer);
    queueTask(this, () => {
      if (error.errorDetail === 'sctp-failure') {
        this.#reach('closed');
      }
      this.dispatchEvent(new events.RTCErrorEvent('error', { error }));
    });
  }

  _message(text, data) {
    this._tell(() => new MessageEvent('message', { data: text ? data.toString() : this.#binaryType === 'blob' ? new Blob([data]) : arrayBuffer(data), origin: globalThis.location?.origin }));
  }
}

function absent(value) {
  return value < 0 ? null : value;
}

function arrayBuffer(buffer) {
  return buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.length);
}

function raw(data) {
  if (data instanceof ArrayBuffer) {
    return new Uint8Array(data);
  }
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : null;
}

const on = tell => (handle, user, ...values) => {
  const channel = known(handle);
  if (channel) {
    tell(channel, ...values);
  }
};

const change = (name, state) => on(channel => channel._change(name, state));
const callbacks = make('rtc_data_channel_callbacks', {
  on_open: change('open', 'open'),
  on_message: on((channel, text, data, length) => channel._message(text, bytes(data, length))),
  on_buffered_amount_low: on(channel => channel._tell(() => new Event('bufferedamountlow'))),
  on_closing: change('closing', 'closing'),
  on_close: change('close', 'closed'),
  on_error: on((channel, pointer) => channel._fail(pointer)),
});

function channelOf(handle) {
  return objectOf(handle, 'rtc_data_channel_ref', () => {
    const channel = make_();
    handles.set(channel, handle);
    return channel;
  });
}

// Pages can not make one.
let allowed = false;
function make_() {
  allowed = true;
  try {
    return new RTCDataChannel();
  } finally {
    allowed = false;
  }
}

function listen(channel) {
  check(crtc.rtc_data_channel_set_callbacks(handles.get(channel), callbacks, null));
}

function createDataChannel(connection, label, given) {
  const init = readInit(given);
  const text = Buffer.from(idl.usvString(label));
  const protocol = Buffer.from(init.protocol);
  const options = make('rtc_data_channel_init', {
    unordered: !init.ordered, has_max_retransmits: (init.maxRetransmits ?? null) !== null, max_retransmits: init.maxRetransmits ?? 0,
    has_max_packet_life_time: (init.maxPacketLifeTime ?? null) !== null, max_packet_life_time_ms: init.maxPacketLifeTime ?? 0,
    protocol: init.protocol, protocol_len: protocol.length, negotiated: init.negotiated, id: init.id ?? (init.negotiated ? 65535 : 0), priority: PRIORITIES[init.priority],
  });
  const [code, handle] = withOut(slot => crtc.rtc_peer_connection_create_data_channel(handles.get(connection), Buffer.concat([text, Buffer.alloc(1)]), text.length, options, slot));
  check(code);
  const channel = channelOf(handle);
  channel._connection = connection;
  listen(channel);
  return channel;
}

idl.eventHandlers(RTCDataChannel, 'open', 'bufferedamountlow', 'error', 'closing', 'close', 'message');
idl.expose(RTCDataChannel);

module.exports = { channelOf, createDataChannel, listen };
