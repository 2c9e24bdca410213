// SPDX-License-Identifier: MIT
// One call: the peer connection with another member of the channel, from offer to hanging up. Who came new into the channel makes the offer, and later those that restart ICE.
export class Call extends EventTarget {
  // `configuration` is that of its RTCPeerConnection; `send(type, extra)` gives a message to the other member.
  constructor({ peer, configuration, stream, send }) {
    super();
    this.peer = peer;
    this.send = send;
    this.offers = false;
    this.serverErrors = new Map(); // by URL: why a STUN or TURN server is of no use
    this.candidates = 0;
    this.notice = ''; // what the other side says of a connection that does not come up
    this.relayOnly = configuration.iceTransportPolicy === 'relay';
    this.remoteStream = new MediaStream();
    this.connection = new RTCPeerConnection(configuration);
    this.connection.onicecandidate = ({ candidate }) => this.tellCandidate(candidate);
    this.connection.onicecandidateerror = error => this.noteError(error);
    this.connection.onconnectionstatechange = () => this.dispatchEvent(new Event('state'));
    this.connection.ondatachannel = ({ channel }) => this.useChannel(channel);
    this.connection.ontrack = ({ track }) => {
      this.remoteStream.addTrack(track);
      this.dispatchEvent(new Event('stream'));
    };
    this.addMedia(stream);
  }

  get state() {
    return this.connection.connectionState;
  }

  // True while it goes on without the server.
  get runs() {
    return this.state === 'connected' || this.state === 'disconnected';
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
    this.offers = true;
    this.addMissing();
    this.useChannel(this.connection.createDataChannel('chat'));
    await this.sendOffer();
  }

  async sendOffer() {
    await this.connection.setLocalDescription();
    this.send('send_offer', { sdp: this.connection.localDescription.sdp });
  }

  // Looks for another way after the connection failed.
  async restart() {
    if (this.connection.signalingState === 'stable') {
      this.connection.restartIce();
      await this.sendOffer();
    }
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

  // True when an offer goes on with this call: the session it names (RFC 8866 5.2) is the one of the description before.
  isSession(sdp) {
    const session = text => /^o=\S+ (\S+)/m.exec(text)?.[1];
    return this.connection.remoteDescription !== null && session(sdp) === session(this.connection.remoteDescription.sdp);
  }

  tellCandidate(candidate) {
    this.candidates += candidate !== null && candidate.candidate !== '';
    this.send('send_ice_candidate', { candidate: candidate ? candidate.toJSON() : { candidate: '', sdpMid: '0' } });
  }

  noteError({ url, errorCode, errorText }) {
    this.serverErrors.set(url, errorText ? `${errorText} (${errorCode})` : `error ${errorCode}`);
    this.dispatchEvent(new Event('trouble'));
  }

  takeNotice(text) {
    this.notice = text;
    this.dispatchEvent(new Event('trouble'));
  }

  // Why there is no connection, as far as it is known here and to the other side.
  explain() {
    const errors = [...this.serverErrors].map(([url, why]) => `${url}: ${why}.`);
    const here = this.connection.remoteDescription === null ? `${this.peer} does not answer.`
      : this.relayOnly && this.candidates === 0 ? 'No TURN server could be used, and nothing else may be.'
        : 'No way between the two was found yet: a firewall or NAT may be in between.';
    return [here, ...errors, ...this.notice ? [`${this.peer} says: ${this.notice}`] : []].join(' ');
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

  get hasEnded() {
    return this.channel?.readyState === 'closed';
  }

  say(text) {
    this.channel.send(text);
  }

  close() {
    this.connection.close();
  }
}
