// SPDX-License-Identifier: MIT
// Pictures of a page: what is painted on a canvas, kept as the planes of a frame (I420, BT.601 in studio range); tracks of a canvas, which give what it shows; frames that are
// looked at.
'use strict';
const { crtc, constants, koffi, make, withOut } = require('./library');
const { check } = require('./session');

const NAMED = { black: '#000000', white: '#ffffff', red: '#ff0000', green: '#008000', lime: '#00ff00', blue: '#0000ff', yellow: '#ffff00', gray: '#808080' };

// [red, green, blue] of a CSS colour.
function rgbOf(text) {
  const colour = NAMED[text] ?? text;
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(colour.length === 4 ? colour.replace(/[0-9a-f]/gi, '$&$&') : colour);
  return hex ? hex.slice(1, 4).map(each => parseInt(each, 16)) : (colour.match(/[\d.]+/g) ?? [0, 0, 0]).slice(0, 3).map(Number);
}

function yuvOf([red, green, blue]) {
  return [16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255, 128 + (-37.797 * red - 74.203 * green + 112 * blue) / 255, 128 + (112 * red - 93.786 * green - 18.214 * blue) / 255]
    .map(Math.round);
}

// Planes with their strides, of memory of their own or of a frame's.
class Picture {
  constructor(width, height, planes) {
    Object.assign(this, { width, height });
    const half = (width + 1) >> 1;
    const rows = (height + 1) >> 1;
    this.planes = planes ?? [[new Uint8Array(width * height).fill(16), width], [new Uint8Array(half * rows).fill(128), half], [new Uint8Array(half * rows).fill(128), half]];
  }

  static ofFrame(frame) {
    const [width, height] = [crtc.rtc_video_frame_width(frame), crtc.rtc_video_frame_height(frame)];
    return new Picture(width, height, [0, 1, 2].map(i => {
      const stride = Number(crtc.rtc_video_frame_stride(frame, i));
      return [new Uint8Array(koffi.view(crtc.rtc_video_frame_plane(frame, i), stride * (i ? (height + 1) >> 1 : height))), stride];
    }));
  }

  fill(x, y, width, height, rgb) {
    const [left, top, right, bottom] = [Math.max(0, x), Math.max(0, y), Math.min(this.width, x + width), Math.min(this.height, y + height)].map(Math.floor);
    yuvOf(rgb).forEach((value, i) => {
      const shift = i ? 1 : 0;
      const [plane, stride] = this.planes[i];
      for (let row = top >> shift; row < (bottom + shift) >> shift && left < right; row++) {
        plane.fill(value, row * stride + (left >> shift), row * stride + ((right + shift) >> shift));
      }
    });
  }

  // Another picture at (x, y), in that size.
  draw(other, x, y, width, height) {
    this.planes.forEach(([plane, stride], i) => {
      const shift = i ? 1 : 0;
      const [from, fromStride] = other.planes[i];
      for (let row = Math.max(0, y) >> shift; row < (Math.min(this.height, y + height) + shift) >> shift; row++) {
        const at = Math.min(Math.floor((row - (y >> shift)) * other.height / height), ((other.height + shift) >> shift) - 1) * fromStride;
        for (let column = Math.max(0, x) >> shift; column < (Math.min(this.width, x + width) + shift) >> shift; column++) {
          plane[row * stride + column] = from[at + Math.min(Math.floor((column - (x >> shift)) * other.width / width), ((other.width + shift) >> shift) - 1)];
        }
      }
    });
  }

  // Red, green, blue and what nobody looks at of each pixel, in rows of `width`.
  put({ width, height, data }, x, y) {
    for (let row = Math.max(0, -y); row < Math.min(height, this.height - y); row++) {
      for (let column = Math.max(0, -x); column < Math.min(width, this.width - x); column++) {
        const at = (row * width + column) * 4;
        const [red, green, blue] = [data[at], data[at + 1], data[at + 2]];
        this.planes[0][0][(y + row) * this.planes[0][1] + x + column] = 16.5 + 0.25679 * red + 0.50413 * green + 0.09791 * blue;
        if (((x + column) | (y + row)) % 2 === 0) {
          const half = ((y + row) >> 1) * this.planes[1][1] + ((x + column) >> 1);
          this.planes[1][0][half] = 128.5 - 0.14822 * red - 0.29099 * green + 0.43922 * blue;
          this.planes[2][0][half] = 128.5 + 0.43922 * red - 0.36779 * green - 0.07143 * blue;
        }
      }
    }
  }

  pixel(x, y) {
    const at = (i, shift) => this.planes[i][0][(y >> shift) * this.planes[i][1] + (x >> shift)];
    const [luma, u, v] = [1.164383 * (at(0, 0) - 16), at(1, 1) - 128, at(2, 1) - 128];
    return [luma + 1.596027 * v, luma - 0.391762 * u - 0.812968 * v, luma + 2.017232 * u];
  }

  // A frame of the library's, a reference of the caller's.
  frame() {
    const [code, frame] = withOut(slot => crtc.rtc_video_frame_new(null, frameOptions(this.width, this.height), slot));
    check(code);
    this.planes.forEach(([plane, stride], i) => {
      const rows = i ? (this.height + 1) >> 1 : this.height;
      const width = Number(crtc.rtc_video_frame_stride(frame, i));
      const room = new Uint8Array(koffi.view(crtc.rtc_video_frame_writable_plane(frame, i), width * rows));
      for (let row = 0; row < rows; row++) {
        room.set(plane.subarray(row * stride, (row + 1) * stride), row * width);
      }
    });
    return frame;
  }
}

const made = new Map();
function frameOptions(width, height) {
  const key = `${width}x${height}`;
  if (!made.has(key)) {
    made.set(key, make('rtc_video_frame_options', { format: constants.RTC_VIDEO_I420, width, height }));
  }
  return made.get(key);
}

// What is painted on; `changed` is called after each stroke.
class CanvasRenderingContext2D {
  fillStyle = '#000000';
  #canvas;
  constructor(canvas) { this.#canvas = canvas; }
  get canvas() { return this.#canvas; }
  fillRect(x, y, width, height) { this.#canvas._paint(picture => picture.fill(x, y, width, height, rgbOf(this.fillStyle))); }
  clearRect(x, y, width, height) { this.#canvas._paint(picture => picture.fill(x, y, width, height, [0, 0, 0])); }
  drawImage(element, x = 0, y = 0, width = undefined, height = undefined) {
    const shown = element._picture();
    if (shown) {
      this.#canvas._paint(picture => picture.draw(shown, x, y, width ?? shown.width, height ?? shown.height));
    }
  }
  putImageData(image, x, y) { this.#canvas._paint(picture => picture.put(image, x, y)); }
  getImageData(x, y, width, height) {
    const data = new Uint8ClampedArray(width * height * 4);
    const picture = this.#canvas._picture();
    for (let i = 0; i < width * height; i++) {
      data.set([...picture.pixel(x + i % width, y + Math.floor(i / width)), 255], i * 4);
    }
    return { width, height, data };
  }
}

class WebGLRenderingContext {
  COLOR_BUFFER_BIT = 0x4000;
  #canvas;
  #colour = [0, 0, 0];
  constructor(canvas) { this.#canvas = canvas; }
  get canvas() { return this.#canvas; }
  clearColor(...colour) { this.#colour = colour.slice(0, 3).map(each => each * 255); }
  clear() { this.#canvas._paint(picture => picture.fill(0, 0, picture.width, picture.height, this.#colour)); }
}

const REPEAT_MS = 100; // what is still is given again, for who comes later

// A source of what `shown` gives: { source, changed }.
function pictureSource(shown) {
  const [code, source] = withOut(slot => crtc.rtc_media_source_new(null, constants.RTC_MEDIA_VIDEO, 'canvas', null, null, slot));
  check(code);
  let due = false;
  let last = 0;
  const push = () => {
    due = false;
    if (crtc.rtc_media_source_room(source) === 0) {
      return;
    }
    last = performance.now();
    const frame = shown().frame();
    crtc.rtc_media_source_push_video(source, frame);
    crtc.rtc_video_frame_unref(frame);
  };
  setInterval(() => performance.now() - last >= REPEAT_MS && push(), REPEAT_MS).unref();
  const changed = () => {
    if (!due) {
      due = true;
      setImmediate(push);
    }
  };
  return { source, changed };
}

module.exports = { Picture, CanvasRenderingContext2D, WebGLRenderingContext, pictureSource };
