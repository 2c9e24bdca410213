// SPDX-License-Identifier: MIT
// One side of a call over the W3C interface. The same text runs in a browser's page and, over the binding of tests/wpt, on libcrtc: what a scenario asks of one it can ask of the
// other, so that each scenario is played in both roles. `media` makes tracks of a colour or a tone and looks at those that come:
//   picture(rgb) -> track, sound() -> track, watch(track), seen(track) -> { frames, width, colour }, heard(track) -> Hz.
// Negotiation is by hand, or of itself as in the example of perfect negotiation (webrtc-pc 10.7) once `automatic` is set.
globalThis.Side = class {
  constructor({ media, emit, configuration, polite }) {
    Object.assign(this, { media, emit, polite, automatic: false, log: [], errors: [], early: [], tones: [], channels: [], tracks: 0 });
    this.pc = new RTCPeerConnection(configuration);
    this.last = Promise.resolve();
    this.listen();
  }

  listen() {
    const { pc, log } = this;
    pc.onicecandidate = ({ candidate }) => candidate && this.emit({ candidate: candidate.toJSON() });
    pc.onsignalingstatechange = () => log.push(pc.signalingState);
    pc.onconnectionstatechange = () => log.push(pc.connectionState);
    pc.onnegotiationneeded = () => {
      log.push('negotiationneeded');
      if (this.automatic) {
        this.offerAlone();
      }
    };
    pc.ontrack = ({ track, streams, transceiver }) => {
      log.push(`track ${track.kind} ${transceiver.mid}`);
      track.onmute = () => log.push(`mute ${track.kind}`);
      track.onunmute = () => log.push(`unmute ${track.kind}`);
      track.onended = () => log.push(`ended ${track.kind}`);
      streams.forEach(stream => { stream.onremovetrack = () => log.push(`removetrack ${track.kind}`); });
      this.media.watch(track);
    };
    pc.ondatachannel = ({ channel }) => this.useChannel(channel);
  }

  useChannel(channel) {
    this.channels.push(channel);
    channel.onmessage = ({ data }) => this.log.push(`message ${data}`);
  }

  /* ---- By hand. */

  async describe(options) {
    const { pc } = this;
    const create = ['have-remote-offer', 'have-local-pranswer'].includes(pc.signalingState) ? pc.createAnswer() : pc.createOffer(options);
    await pc.setLocalDescription(await create);
    return { type: pc.localDescription.type, sdp: pc.localDescription.sdp };
  }

  async accept(description) {
    await this.pc.setRemoteDescription(description);
    for (const candidate of this.early.splice(0)) {
      await this.candidate(candidate);
    }
  }

  // Those of a generation whose description has not come yet wait for it.
  async candidate(candidate) {
    const { pc } = this;
    const known = pc.remoteDescription?.sdp.includes(`a=ice-ufrag:${candidate.usernameFragment}\r\n`);
    if (!known) {
      this.early.push(candidate);
    } else {
      await pc.addIceCandidate(candidate).catch(error => {
        if (!this.ignores) { // of an offer that was ignored nothing need fit
          throw error;
        }
      });
    }
  }

  /* ---- Of itself. */

  // One thing after another, as what the other side says comes in order.
  take({ candidate, description }) {
    this.last = this.last.then(() => (description ? this.described(description) : this.candidate(candidate))).catch(error => this.errors.push(String(error)));
  }

  async offerAlone() {
    this.offering = true;
    try {
      await this.pc.setLocalDescription();
      this.tell();
    } catch (error) {
      this.errors.push(String(error));
    }
    this.offering = false;
  }

  tell() {
    const { type, sdp } = this.pc.localDescription;
    this.emit({ description: { type, sdp } });
  }

  async described(description) {
    const { pc } = this;
    const collides = description.type === 'offer' && (this.offering || pc.signalingState !== 'stable');
    this.log.push(...(collides ? ['glare'] : []));
    this.ignores = collides && !this.polite;
    if (this.ignores) {
      return;
    }
    await this.accept(description);
    if (description.type === 'offer') {
      await pc.setLocalDescription();
      this.tell();
    }
  }

  /* ---- What is sent and what is seen. */

  addPicture(colour) {
    const track = this.media.picture(colour);
    this.stream ??= new MediaStream();
    return this.pc.addTrack(track, this.stream);
  }

  async addSound() {
    this.stream ??= new MediaStream();
    this.pc.addTrack(await this.media.sound(), this.stream);
  }

  at(mid) {
    return this.pc.getTransceivers().find(each => each.mid === mid);
  }

  seen(mid) {
    return this.media.seen(this.at(mid)?.receiver.track);
  }

  heard(mid) {
    return this.media.heard(this.at(mid)?.receiver.track);
  }

  // What can be compared with the other side's.
  state() {
    const { pc } = this;
    const transports = new Set(pc.getTransceivers().map(({ sender }) => sender.transport).concat(pc.sctp?.transport).filter(Boolean));
    return {
      signaling: pc.signalingState, connection: pc.connectionState, transports: transports.size, errors: this.errors, log: this.log,
      local: pc.localDescription?.sdp ?? '', remote: pc.remoteDescription?.sdp ?? '', pendingLocal: pc.pendingLocalDescription?.type, pendingRemote: pc.pendingRemoteDescription?.type,
      transceivers: pc.getTransceivers().map(({ mid, receiver, direction, currentDirection }) => ({ mid, kind: receiver.track.kind, direction, currentDirection })),
    };
  }

  async statistics() {
    return [...(await this.pc.getStats()).values()];
  }
};
