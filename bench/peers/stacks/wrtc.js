// SPDX-License-Identifier: MIT
// One end of a connection with libwebrtc (@roamhq/wrtc), as endpoint.js wants it.
'use strict';
const { RTCPeerConnection } = require('@roamhq/wrtc');

class End {
  constructor(signal, events) {
    this.events = events;
    this.signal = signal;
    this.connection = new RTCPeerConnection();
    this.connection.onicecandidate = ({ candidate }) => {
      if (candidate) signal({ candidate: candidate.candidate, mid: candidate.sdpMid });
    };
    this.connection.ondatachannel = ({ channel }) => this.adopt(channel);
    this.early = []; // candidates that came before the description
  }

  adopt(channel) {
    this.channel = channel;
    channel.binaryType = 'arraybuffer';
    channel.onopen = () => this.events.open?.();
    channel.onmessage = ({ data }) => this.events.message?.(data);
  }

  async describe() {
    const { connection } = this;
    await connection.setLocalDescription(connection.remoteDescription ? await connection.createAnswer() : await connection.createOffer());
    const { sdp, type } = connection.localDescription;
    this.signal({ sdp, type });
  }

  call() {
    this.adopt(this.connection.createDataChannel('bench'));
    this.describe();
  }

  async take({ sdp, type, candidate, mid }) {
    if (sdp) {
      await this.connection.setRemoteDescription({ sdp, type });
      this.early.forEach((c) => this.connection.addIceCandidate(c));
      this.early = null;
      if (type === 'offer') await this.describe();
    } else if (this.early) {
      this.early.push({ candidate, sdpMid: mid });
    } else {
      this.connection.addIceCandidate({ candidate, sdpMid: mid });
    }
  }

  send(message) {
    this.channel.send(message);
    this.watch();
  }

  // The binding has no bufferedamountlow event: look every millisecond while something is buffered.
  watch() {
    if (this.timer || !this.low) return;
    this.timer = setInterval(() => {
      if (this.channel.bufferedAmount > this.low) return;
      clearInterval(this.timer);
      this.timer = null;
      this.events.low?.();
    }, 1);
  }

  bufferedAmount() {
    return this.channel.bufferedAmount;
  }

  setLow(bytes) {
    this.low = bytes;
  }

  close() {
    this.events = {};
    clearInterval(this.timer);
    this.connection.close();
  }
}

module.exports = { End, shutdown: () => {} };
