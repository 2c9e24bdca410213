// SPDX-License-Identifier: MIT
// Media elements (HTML 4.8.11) that play a MediaStream (mediacapture-streams 6) into the void: of a video element the last picture is kept, so that it can be looked at.
'use strict';
const idl = require('./webidl');
const { crtc, make, withOut } = require('./library');
const { handles, queueTask } = require('./session');
const { Picture } = require('./canvas');

const STATES = { HAVE_NOTHING: 0, HAVE_METADATA: 1, HAVE_CURRENT_DATA: 2, HAVE_FUTURE_DATA: 3, HAVE_ENOUGH_DATA: 4, NETWORK_EMPTY: 0, NETWORK_IDLE: 1, NETWORK_LOADING: 2, NETWORK_NO_SOURCE: 3 };
const UPDATE_MS = 100;

function mediaElements(HTMLElement) {
  class HTMLMediaElement extends HTMLElement {
    #stream = null;
    #sink = null;
    #track = null;
    #began = null;  // when the clock was set going; null: it stands
    #passed = 0;    // seconds, up to there
    #timer = null;
    #playing = [];  // whom play() promised
    #generation = 0;
    paused = true;
    readyState = 0;
    networkState = 0;
    duration = NaN;
    seeking = false;
    seekable = { length: 0 };
    buffered = { length: 0 };
    autoplay = false;
    muted = false;
    error = null;

    get srcObject() { return this.#stream; }
    set srcObject(stream) {
      this.#leave();
      this.#stream = stream;
      if (stream) {
        this.networkState = STATES.NETWORK_NO_SOURCE;
        queueTask(this, () => {
          this.networkState = STATES.NETWORK_LOADING;
        });
        this.#fire('loadstart');
        this.#watch();
        stream.addEventListener('addtrack', () => stream === this.#stream && this.#watch());
      }
    }

    get currentTime() { return this.#passed + (this.#began === null ? 0 : (performance.now() - this.#began) / 1000); }
    set currentTime(value) {}

    play() {
      this.paused = false;
      if (this.readyState === STATES.HAVE_ENOUGH_DATA) {
        this.#go();
        return Promise.resolve();
      }
      return new Promise(resolve => this.#playing.push(resolve));
    }

    pause() {
      this.paused = true;
      this.#stand();
    }

    load() {}

    #fire(name, before = () => {}) {
      const generation = this.#generation;
      queueTask(this, () => {
        if (generation === this.#generation) {
          before();
          this.dispatchEvent(new Event(name));
        }
      });
    }

    // The first picture of the first video track is waited for; of a stream without one, any sound.
    #watch() {
      const tracks = this.#stream.getTracks();
      const track = (this.localName === 'video' && tracks.find(each => each.kind === 'video')) || tracks[0];
      if (!track || this.#track === track) {
        return;
      }
      this.#unwatch();
      this.#track = track;
      const generation = this.#generation;
      const frame = call => (user, given) => generation === this.#generation && call(given);
      const ops = track.kind === 'video' ? { on_video: frame(given => this.#picture(given)) } : { on_audio: frame(() => this.#loaded()) };
      [, this.#sink] = withOut(slot => crtc.rtc_media_stream_track_add_sink(handles.get(track), make('rtc_media_sink_ops', ops), null, slot));
    }

    // On another thread, since it waits for a callback that waits for this one.
    #unwatch() {
      if (this.#sink) {
        crtc.rtc_media_stream_track_remove_sink.async(handles.get(this.#track), this.#sink, () => {});
      }
      this.#sink = null;
      this.#track = null;
    }

    #leave() {
      this.#generation++;
      this.#unwatch();
      this.#stand();
      this._forget?.();
      Object.assign(this, { readyState: 0, networkState: 0, duration: NaN });
      this.#passed = 0;
    }

    #picture(frame) {
      this._show?.(frame);
      this.#loaded();
    }

    #loaded() {
      if (this.networkState !== STATES.NETWORK_LOADING || this.readyState !== STATES.HAVE_NOTHING) {
        return;
      }
      this.readyState = STATES.HAVE_ENOUGH_DATA;
      this.#fire('durationchange', () => { this.duration = Infinity; });
      if (this.videoWidth) {
        this.#fire('resize');
      }
      ['loadedmetadata', 'loadeddata', 'canplay', 'canplaythrough'].forEach(name => this.#fire(name));
      if (this.autoplay || !this.paused) {
        this.paused = false;
        this.#go();
      }
    }

    #go() {
      if (this.#began !== null) {
        return;
      }
      this.#began = performance.now();
      this.#fire('playing');
      this.#playing.splice(0).forEach(resolve => resolve());
      this.#timer = setInterval(() => this.#fire('timeupdate'), UPDATE_MS).unref();
    }

    #stand() {
      this.#passed = this.currentTime;
      this.#began = null;
      clearInterval(this.#timer);
    }
  }

  class HTMLVideoElement extends HTMLMediaElement {
    videoWidth = 0;
    videoHeight = 0;
    #callbacks = [];
    #frame = null;

    requestVideoFrameCallback(call) { return this.#callbacks.push(call); }

    // What it shows; null: nothing.
    _picture() { return this.#frame && Picture.ofFrame(this.#frame); }

    _show(frame) {
      crtc.rtc_video_frame_unref(this.#frame);
      this.#frame = crtc.rtc_video_frame_ref(frame);
      const [width, height] = [crtc.rtc_video_frame_width(frame), crtc.rtc_video_frame_height(frame)];
      const resized = this.readyState > 0 && (this.videoWidth !== width || this.videoHeight !== height);
      Object.assign(this, { videoWidth: width, videoHeight: height });
      if (resized) {
        queueTask(this, () => this.dispatchEvent(new Event('resize')));
      }
      this.#callbacks.splice(0).forEach(call => call(performance.now(), { width, height }));
    }

    _forget() {
      crtc.rtc_video_frame_unref(this.#frame);
      this.#frame = null;
      Object.assign(this, { videoWidth: 0, videoHeight: 0 });
    }
  }

  class HTMLAudioElement extends HTMLMediaElement {}

  for (const [name, value] of Object.entries(STATES)) {
    Object.defineProperty(HTMLMediaElement.prototype, name, { value });
    Object.defineProperty(HTMLMediaElement, name, { value });
  }
  idl.eventHandlers(HTMLMediaElement, 'loadstart', 'suspend', 'durationchange', 'loadedmetadata', 'loadeddata', 'canplay', 'canplaythrough', 'playing', 'pause', 'timeupdate', 'resize', 'ended',
    'ratechange');
  return { HTMLMediaElement, HTMLVideoElement, HTMLAudioElement };
}

module.exports = { mediaElements };
