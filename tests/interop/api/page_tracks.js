// SPDX-License-Identifier: MIT
// Tracks in a browser's page, for Side: canvases of one colour and the microphone out; pixels and tone of what comes in. Stands on PageMedia of ../page_media.js.
globalThis.PageTracks = class {
  constructor() {
    this.watched = new Map();
    this.tools = new PageMedia();
  }

  picture(colour, width = 320, height = 240) {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const pen = canvas.getContext('2d');
    let turn = 0;
    const paint = () => {
      pen.fillStyle = `rgb(${colour})`;
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.fillStyle = turn++ % 2 ? 'white' : 'black'; // so that no two pictures are the same
      pen.fillRect(0, 0, 8, 8);
    };
    paint();
    setInterval(paint, 50);
    return canvas.captureStream(20).getVideoTracks()[0];
  }

  async sound() {
    return (await this.tools.track('audio')).track;
  }

  watch(track) {
    if (!this.watched.has(track)) {
      const element = this.tools.show(track, track.kind === 'audio' ? 1 : 0);
      this.watched.set(track, element);
      if (track.kind === 'video') {
        this.tools.countFrames(element);
      } else {
        element.tools = new PageMedia();
        element.tools.listen(new MediaStream([track]));
      }
    }
  }

  seen(track) {
    const element = this.watched.get(track);
    return element?.videoWidth > 2 ? { frames: element.frames, width: element.videoWidth, colour: this.tools.colour(this.tools.pixels(element), 50) } : { frames: 0 };
  }

  heard(track) {
    return this.watched.get(track)?.tools.tone.toneHz ?? 0;
  }
};
