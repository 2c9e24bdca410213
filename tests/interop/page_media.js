// SPDX-License-Identifier: MIT
// Tracks in a browser's page, for StandardPeer: the fake camera and microphone out, pixels and tone of what comes in.
globalThis.PageMedia = class {
  constructor() {
    this.video = null;
    this.audioTrack = null;
    this.tone = { toneHz: 0, level: 0 };
  }

  async track(kind) {
    // A pure tone is noise to the browser's voice processing.
    const wish = kind === 'video' ? { video: { width: 640, height: 480 } } : { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } };
    const stream = await navigator.mediaDevices.getUserMedia(wish);
    if (kind === 'video') {
      this.local = this.show(stream.getTracks()[0], 0);
    }
    return { track: stream.getTracks()[0], stream };
  }

  show(track, volume) {
    const element = document.createElement('video');
    Object.assign(element, { autoplay: true, playsInline: true, volume, srcObject: new MediaStream([track]) });
    document.body.append(element);
    element.play().catch(() => {});
    return element;
  }

  watch(track) {
    if (track.kind === 'video') {
      this.video = this.show(track, 0);
      this.countFrames(this.video);
    } else {
      this.audioElement = this.show(track, 1);
      this.listen(new MediaStream([track]));
    }
  }

  countFrames(element) {
    let frames = 0;
    const count = () => {
      element.frames = ++frames;
      element.requestVideoFrameCallback(count);
    };
    element.frames = 0;
    element.requestVideoFrameCallback(count);
  }

  // Measures again and again; where an AudioContext does not run (no sound device) by recording, and decoding without playing.
  async listen(stream) {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 16384;
    context.createMediaStreamSource(stream).connect(analyser);
    for (;;) {
      await new Promise(resolve => setTimeout(resolve, 300));
      if (context.state === 'running') {
        const samples = new Float32Array(analyser.fftSize);
        analyser.getFloatTimeDomainData(samples);
        this.tone = this.measure(samples, context.sampleRate);
      } else {
        this.tone = await this.record(stream).catch(error => ({ toneHz: 0, level: 0, error: String(error) }));
      }
    }
  }

  async record(stream) {
    const recorder = new MediaRecorder(stream);
    const pieces = [];
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    const stopped = new Promise(resolve => { recorder.onstop = resolve; });
    recorder.start();
    await new Promise(resolve => setTimeout(resolve, 1500));
    recorder.stop();
    await stopped;
    const audio = await new OfflineAudioContext(1, 48000, 48000).decodeAudioData(await new Blob(pieces).arrayBuffer());
    return this.measure(audio.getChannelData(0).subarray(audio.length / 2), audio.sampleRate);
  }

  // Frequency from the upward zero crossings.
  measure(samples, rate) {
    let first = -1;
    let last = -1;
    let crossings = 0;
    let energy = 0;
    for (let i = 1; i < samples.length; i++) {
      energy += samples[i] ** 2;
      if (samples[i - 1] < 0 && samples[i] >= 0) {
        last = i - samples[i] / (samples[i] - samples[i - 1]);
        first = first < 0 ? last : first;
        crossings++;
      }
    }
    const level = Math.sqrt(energy / samples.length);
    return { toneHz: crossings > 1 && level > 0.01 ? (crossings - 1) * rate / (last - first) : 0, level };
  }

  pixels(element) {
    const canvas = document.createElement('canvas');
    canvas.width = 100;
    canvas.height = 100;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(element, 0, 0, 100, 100);
    return context.getImageData(0, 0, 100, 100).data;
  }

  // The mean colour of a part around x %, at three quarters of the height: below our test picture's counter and clock.
  colour(pixels, x) {
    const sum = [0, 0, 0];
    for (let dy = -5; dy < 5; dy++) {
      for (let dx = -5; dx < 5; dx++) {
        for (let c = 0; c < 3; c++) {
          sum[c] += pixels[((75 + dy) * 100 + x + dx) * 4 + c] / 100;
        }
      }
    }
    return sum.map(Math.round);
  }

  async stats() {
    const result = { video: { framesDecoded: 0 }, audio: this.tone, sent: {} };
    if (this.video?.videoWidth > 2) {
      const pixels = this.pixels(this.video);
      const checksum = pixels.reduce((sum, value, i) => (sum + value * (i % 9973)) % 1000000007, 0);
      result.video = { framesDecoded: this.video.frames, width: this.video.videoWidth, height: this.video.videoHeight, checksum,
        left: this.colour(pixels, 15), centre: this.colour(pixels, 50), right: this.colour(pixels, 85), seconds: this.video.currentTime };
    }
    if (this.local?.videoWidth > 2) {
      const pixels = this.pixels(this.local);
      result.sent = { left: this.colour(pixels, 15), right: this.colour(pixels, 85) };
    }
    return result;
  }
};
