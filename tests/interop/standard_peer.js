// SPDX-License-Identifier: MIT
// A peer over the W3C interface that speaks the same lines as our `peer` program: descriptions, candidates and commands in; descriptions, candidates and events out.
// The same text runs in a browser's page and in Node.js on another implementation of that interface. `media` opens and watches tracks in either world:
//   track(kind) -> { track, stream }, watch(track), stats() -> { video, audio }.
globalThis.StandardPeer = class {
  constructor({ RTCPeerConnection, options, media, emit }) {
    Object.assign(this, { options, media, emit, channels: [], described: false });
    this.connection = new RTCPeerConnection({ bundlePolicy: options.bundlePolicy ?? 'balanced', iceServers: options.iceServers ?? [] });
    this.last = Promise.resolve();
    this.listen();
  }

  listen() {
    const pc = this.connection;
    pc.onicecandidate = ({ candidate }) => {
      if (candidate) {
        const { candidate: text, sdpMid, sdpMLineIndex, usernameFragment } = candidate;
        this.emit({ candidate: text, sdpMid, sdpMLineIndex, usernameFragment });
      }
    };
    pc.onconnectionstatechange = () => {
      this.emit({ event: 'connectionState', value: pc.connectionState });
      this.watchTransport();
    };
    pc.oniceconnectionstatechange = () => this.emit({ event: 'iceConnectionState', value: pc.iceConnectionState });
    pc.ondatachannel = ({ channel }) => this.useChannel(channel);
    pc.ontrack = ({ track }) => {
      this.emit({ event: 'track', value: track.kind });
      this.media.watch(track);
    };
    pc.onnegotiationneeded = () => {
      if (this.described) {
        this.enqueue(() => this.describe('offer'));
      }
    };
  }

  // Its states, where the implementation shows them.
  watchTransport() {
    const transport = this.connection.sctp?.transport ?? this.connection.getSenders?.().find(({ transport: one }) => one)?.transport;
    if (transport && transport !== this.transport) {
      this.transport = transport;
      transport.onstatechange = () => this.emit({ event: 'dtlsState', value: transport.state });
    }
  }

  // One thing after another, as lines come in order.
  enqueue(step) {
    this.last = this.last.then(step).catch(error => this.emit({ event: 'error', message: String(error) }));
    return this.last;
  }

  begin() {
    return this.enqueue(async () => {
      const { role, audio, video, layers, data } = this.options;
      if (layers) {
        this.connection.addTransceiver(this.painted(), { direction: 'sendonly', sendEncodings: layers });
      }
      for (const kind of [audio && 'audio', video && 'video'].filter(Boolean)) {
        await this.addTrack(kind);
      }
      if (data) {
        this.addChannel(data);
      }
      if (role === 'offer') {
        await this.describe('offer');
      }
    });
  }

  async addTrack(kind) {
    const { track, stream } = await this.media.track(kind);
    this.connection.addTrack(track, stream);
  }

  // A moving picture that is large enough for a browser to make three layers of it.
  painted() {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
    const pen = canvas.getContext('2d');
    let turn = 0;
    setInterval(() => {
      pen.fillStyle = `hsl(${turn++ % 360} 60% 50%)`;
      pen.fillRect(0, 0, canvas.width, canvas.height);
    }, 33);
    return canvas.captureStream(30).getVideoTracks()[0];
  }

  addChannel(label) {
    this.useChannel(this.connection.createDataChannel(label));
  }

  async describe(type) {
    const pc = this.connection;
    const description = type === 'answer' ? await pc.createAnswer() : await pc.createOffer();
    await pc.setLocalDescription(description);
    this.described = true;
    this.emit({ type: pc.localDescription.type, sdp: pc.localDescription.sdp });
  }

  useChannel(channel) {
    channel.binaryType = 'arraybuffer';
    this.channels.push(channel);
    const tell = () => this.emit({ event: 'channel', label: channel.label, id: channel.id, protocol: channel.protocol, ordered: channel.ordered, state: channel.readyState });
    channel.onopen = tell;
    channel.onclose = tell;
    channel.onmessage = ({ data }) => this.tellMessage(channel, data);
    if (channel.readyState === 'open') {
      tell();
    }
  }

  tellMessage(channel, data) {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data);
    const event = { event: 'message', label: channel.label, kind: typeof data === 'string' ? 'text' : 'binary', size: bytes.length, sum: this.sum(bytes) };
    this.emit(typeof data === 'string' && bytes.length <= 4096 ? { ...event, text: data } : event);
  }

  // FNV-1a, 32 bits.
  sum(bytes) {
    let sum = 2166136261;
    for (const byte of bytes) {
      sum = Math.imul(sum ^ byte, 16777619) >>> 0;
    }
    return sum;
  }

  send({ label, text, size }) {
    const channel = this.channels.find(one => label === undefined || one.label === label);
    channel.send(text ?? Uint8Array.from({ length: size }, (_, i) => i % 251));
  }

  take(line) {
    return this.enqueue(async () => {
      if (line.candidate !== undefined) {
        // An empty text says that there are no more; not every implementation takes that.
        return line.candidate === '' && this.options.noEnd ? undefined : this.connection.addIceCandidate(line);
      }
      switch (line.type) {
        case 'offer':
          await this.connection.setRemoteDescription(line);
          return this.describe('answer');
        case 'answer': return this.connection.setRemoteDescription(line);
        case 'send': return this.send(line);
        case 'add': return line.what === 'channel' ? this.addChannel(line.label) : this.addTrack(line.what);
        case 'close-channel': return this.channels.find(({ label }) => label === line.label).close();
        case 'tones': return this.connection.getSenders().find(({ dtmf }) => dtmf).dtmf.insertDTMF(line.tones, line.duration);
        case 'stop': return this.connection.getTransceivers()[line.index].stop();
        case 'restart': return this.connection.restartIce();
        case 'stats': return this.emit({ type: 'stats', ...await this.media.stats(), statistics: [...(await this.connection.getStats?.() ?? new Map()).values()] });
        case 'bye': return this.connection.close();
      }
      throw new Error(`unknown line ${JSON.stringify(line)}`);
    });
  }
};
