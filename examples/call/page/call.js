// SPDX-License-Identifier: MIT
// One call: the peer connection with another member of the channel, from offer to hanging up. Who came new into the channel makes the offer.
export class Call extends EventTarget {
  // `configuration` is that of its RTCPeerConnection; `send(type, extra)` gives a message to the other member.
  constructor({ peer, configuration, stream, send }) {
    super();
    this.peer = peer;
    this.send = send;
    this.remoteStream = new MediaStream();
    this.connection = new RTCPeerConnection(configuration);
    this.connection.onicecandidate = ({ candidate }) => send('send_ice_candidate', { candidate: candidate ? candidate.toJSON() : { candidate: '', sdpMid: '0' } });
    this.connection.onconnectionstatechange = () => this.dispatchEvent(new Event('state'));
    this.connection.ondatachannel = ({ channel }) => this.useChannel(channel);
    this.connection.ontrack = ({ track }) => {
      this.remoteStream.addTrack(track);
      this.dispatchEvent(new Event('stream'));
    };
    this.addMedia(stream);
  }

  addMedia(stream) {
    for (const track of stream?.getTracks() ?? []) {
      this.connection.addTrack(track, stream);
    }
  }

  // Media that this side can not send it still wants to receive.
  addMissing() {
    for (const kind of ['audio', 'video']) {
      if (!this.connection.getTransceivers().some(({ receiver }) => receiver.track.kind === kind)) {
        this.connection.addTransceiver(kind, { direction: 'recvonly' });
      }
    }
  }

  async offer() {
    this.addMissing();
    this.useChannel(this.connection.createDataChannel('chat'));
    await this.connection.setLocalDescription();
    this.send('send_offer', { sdp: this.connection.localDescription.sdp });
  }

  async takeOffer(sdp) {
    await this.connection.setRemoteDescription({ type: 'offer', sdp });
    await this.connection.setLocalDescription();
    this.send('send_answer', { sdp: this.connection.localDescription.sdp });
  }

  async takeAnswer(sdp) {
    await this.connection.setRemoteDescription({ type: 'answer', sdp });
  }

  async takeCandidate(candidate) {
    await this.connection.addIceCandidate(candidate);
  }

  useChannel(channel) {
    if (channel.label !== 'chat') {
      return;
    }
    this.channel = channel;
    channel.onopen = channel.onclose = () => this.dispatchEvent(new Event('chat'));
    channel.onmessage = ({ data }) => this.dispatchEvent(new MessageEvent('said', { data: String(data) }));
  }

  get canChat() {
    return this.channel?.readyState === 'open';
  }

  say(text) {
    this.channel.send(text);
  }

  close() {
    this.connection.close();
  }
}
