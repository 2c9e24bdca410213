// SPDX-License-Identifier: MIT
// Tracks in Chromium's page, for StandardPeer: what its fake devices give, as it is; what comes is shown small, for pictures have to be shown to be counted.
globalThis.BenchMedia = class {
  async track(kind) {
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const stream = await navigator.mediaDevices.getUserMedia(kind === 'video' ? { video: globalThis.benchSize } : { audio: plain });
    return { track: stream.getTracks()[0], stream };
  }

  watch(track) {
    const element = document.createElement('video');
    Object.assign(element, { autoplay: true, srcObject: new MediaStream([track]), width: 160, muted: track.kind === 'video' });
    document.body.append(element);
    element.play().catch(() => {});
  }

  stats() {
    return {};
  }
};
