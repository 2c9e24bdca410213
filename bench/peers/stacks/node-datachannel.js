// SPDX-License-Identifier: MIT
// One end of a connection with libdatachannel (node-datachannel), as endpoint.js wants it.
'use strict';
const { default: library, ...named } = require('node-datachannel');
const datachannel = library ?? named;

class End {
  // signal(message) carries messages to the other end's take(); events: open(), message(text | Buffer), low()
  constructor(signal, events) {
    this.events = events;
    this.connection = new datachannel.PeerConnection('bench', { iceServers: [] });
    this.connection.onLocalDescription((sdp, type) => signal({ sdp, type }));
    this.connection.onLocalCandidate((candidate, mid) => signal({ candidate, mid }));
    this.connection.onDataChannel((channel) => this.adopt(channel));
    this.early = []; // candidates that came before the description
  }

  adopt(channel) {
    this.channel = channel;
    channel.onOpen(() => this.events.open?.());
    channel.onMessage((message) => this.events.message?.(message));
    channel.onBufferedAmountLow(() => this.events.low?.());
    if (channel.isOpen()) this.events.open?.();
  }

  call() {
    this.adopt(this.connection.createDataChannel('bench'));
  }

  take({ sdp, type, candidate, mid }) {
    if (sdp) {
      this.connection.setRemoteDescription(sdp, type);
      this.early?.forEach((c) => this.connection.addRemoteCandidate(c.candidate, c.mid));
      this.early = null;
    } else if (this.early) {
      this.early.push({ candidate, mid });
    } else {
      this.connection.addRemoteCandidate(candidate, mid);
    }
  }

  send(message) {
    if (typeof message === 'string') this.channel.sendMessage(message);
    else this.channel.sendMessageBinary(message);
  }

  bufferedAmount() {
    return this.channel.bufferedAmount();
  }

  setLow(bytes) {
    this.channel.setBufferedAmountLowThreshold(bytes);
  }

  close() {
    this.events = {};
    this.channel?.close();
    this.connection.close();
  }
}

module.exports = { End, shutdown: () => datachannel.cleanup() };
