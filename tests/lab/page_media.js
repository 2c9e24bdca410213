// SPDX-License-Identifier: MIT
// Tracks in Chromium's page, for StandardPeer. A canvas full of motion and detail stands in for a camera: frames of one packet each would hardly notice a bad link. Its
// statistics are the browser's own.
globalThis.LabMedia = class {
  constructor() {
    this.remote = new MediaStream();
    const element = document.createElement('video');
    Object.assign(element, { autoplay: true, muted: true, srcObject: this.remote });
    document.body.append(element);
  }

  async track(kind) {
    const stream = kind === 'video' ? this.busyPicture() : await navigator.mediaDevices.getUserMedia({ audio: true });
    return { track: stream.getTracks()[0], stream };
  }

  // 640x360 at 30 frames per second: a patch of noise moves over a changing colour.
  busyPicture() {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const context = canvas.getContext('2d');
    const noise = context.createImageData(640, 360);
    noise.data.forEach((_, i) => { noise.data[i] = i % 4 === 3 ? 255 : Math.random() * 256; });
    let time = 0;
    setInterval(() => {
      time += 1;
      context.fillStyle = `hsl(${time % 360} 60% 50%)`;
      context.fillRect(0, 0, 640, 360);
      context.putImageData(noise, 0, 0, time * 7 % 440, time * 3 % 160, 200, 200);
    }, 1000 / 30);
    return canvas.captureStream(30);
  }

  watch(track) {
    this.remote.addTrack(track);
  }

  // Both directions by kind of media, and the path.
  async stats() {
    const result = { sent: {}, received: {}, pair: {} };
    for (const entry of (await globalThis.peer.connection.getStats()).values()) {
      if (entry.type === 'outbound-rtp') {
        result.sent[entry.kind] = entry;
      } else if (entry.type === 'inbound-rtp') {
        result.received[entry.kind] = entry;
      } else if (entry.type === 'candidate-pair' && entry.nominated) {
        result.pair = entry;
      }
    }
    return result;
  }
};
