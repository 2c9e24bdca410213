// SPDX-License-Identifier: MIT
// libwebrtc (npm: @roamhq/wrtc) as the other peer.
'use strict';
const wrtc = require('@roamhq/wrtc');
const { LEFT, RIGHT, MICROPHONE_HZ } = require('../fake_devices');
const { emit, options, readLines } = require('./lines');
require('../standard_peer');

const { RTCVideoSource, RTCVideoSink, RTCAudioSource, RTCAudioSink, rgbaToI420 } = wrtc.nonstandard;
const WIDTH = 640;
const HEIGHT = 480;

function twoColours() {
  const rgba = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    rgba.set([...(i % WIDTH < WIDTH / 2 ? LEFT : RIGHT), 255], i * 4);
  }
  const frame = { width: WIDTH, height: HEIGHT, data: new Uint8ClampedArray(WIDTH * HEIGHT * 1.5) };
  rgbaToI420({ width: WIDTH, height: HEIGHT, data: rgba }, frame);
  return frame;
}

class NodeMedia {
  constructor() {
    this.video = { framesDecoded: 0 };
    this.samples = [];
    this.rate = 48000;
  }

  async track(kind) {
    const track = kind === 'video' ? this.camera() : this.microphone();
    return { track, stream: new wrtc.MediaStream([track]) };
  }

  camera() {
    const source = new RTCVideoSource();
    const frame = twoColours();
    setInterval(() => source.onFrame(frame), 33);
    return source.createTrack();
  }

  microphone() {
    const source = new RTCAudioSource();
    let at = 0;
    const begin = Date.now();
    setInterval(() => {
      for (; at < (Date.now() - begin) * 48; at += 480) {
        const samples = Int16Array.from({ length: 480 }, (_, i) => 10000 * Math.sin(2 * Math.PI * MICROPHONE_HZ * (at + i) / 48000));
        source.onData({ samples, sampleRate: 48000, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 });
      }
    }, 10);
    return source.createTrack();
  }

  watch(track) {
    if (track.kind === 'video') {
      this.videoSink = new RTCVideoSink(track);
      this.videoSink.onframe = ({ frame }) => this.takePicture(frame);
    } else {
      this.audioSink = new RTCAudioSink(track);
      this.audioSink.ondata = data => this.takeSound(data);
    }
  }

  takePicture({ width, height, data }) {
    const colour = x => {
      const px = Math.floor(width * x / 100);
      const py = Math.floor(height * 3 / 4); // below our test picture's counter and clock
      const chroma = Math.floor(py / 2) * Math.ceil(width / 2) + Math.floor(px / 2);
      const plane = Math.ceil(width / 2) * Math.ceil(height / 2);
      const [y, u, v] = [data[py * width + px], data[width * height + chroma], data[width * height + plane + chroma]];
      return [1.164 * (y - 16) + 1.596 * (v - 128), 1.164 * (y - 16) - 0.392 * (u - 128) - 0.813 * (v - 128), 1.164 * (y - 16) + 2.017 * (u - 128)];
    };
    let checksum = 0;
    for (let i = 0; i < width * height; i += 37) {
      checksum = (checksum * 31 + data[i]) % 1000000007;
    }
    this.video = { framesDecoded: this.video.framesDecoded + 1, width, height, checksum, left: colour(15), centre: colour(50), right: colour(85) };
  }

  takeSound({ samples, sampleRate, channelCount }) {
    this.rate = sampleRate;
    for (let i = 0; i < samples.length; i += channelCount) {
      this.samples.push(samples[i]);
    }
    this.samples = this.samples.slice(-this.rate);
  }

  async stats() {
    let first = -1;
    let last = -1;
    let crossings = 0;
    for (let i = 1; i < this.samples.length; i++) {
      if (this.samples[i - 1] < 0 && this.samples[i] >= 0) {
        last = i;
        first = first < 0 ? i : first;
        crossings++;
      }
    }
    return { video: this.video, audio: { toneHz: crossings > 1 ? (crossings - 1) * this.rate / (last - first) : 0 } };
  }
}

const peer = new StandardPeer({ RTCPeerConnection: wrtc.RTCPeerConnection, options: { ...options, noEnd: true }, media: new NodeMedia(), emit });
readLines(line => peer.take(line));
peer.begin();
