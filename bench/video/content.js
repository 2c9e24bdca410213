// SPDX-License-Identifier: MIT
// What the ends of bench/link-video send: pictures that are hard to encode, as a YUV4MPEG2 file, and syllables, as a WAV file. The same in every run.
'use strict';
const fs = require('node:fs');

const PICTURES = 60; // after which it begins anew, without a cut
const FRAMES_PER_SECOND = 30;
const GRAIN = 8;

// Numbers from 0 to 2^32 - 1 (xorshift).
function randomNumbers(seed) {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

// Smooth hills of several sizes, which repeat at the right and lower edges.
function hills(width, height, random) {
  const plane = Buffer.alloc(width * height);
  const waves = Array.from({ length: 8 }, () => ({ x: 1 + random() % 12, y: 1 + random() % 8, phase: random() % 628 / 100, size: 6 + random() % 14 }));
  const tables = waves.map(({ x, y, phase, size }) => ({
    across: Float64Array.from({ length: width }, (_, i) => 2 * Math.PI * x * i / width + phase),
    down: Float64Array.from({ length: height }, (_, i) => 2 * Math.PI * y * i / height),
    size,
  }));
  for (let row = 0; row < height; row++) {
    for (let i = 0; i < width; i++) {
      let value = 110;
      for (const { across, down, size } of tables) {
        value += size * Math.sin(across[i] + down[row]);
      }
      plane[row * width + i] = Math.max(16, Math.min(235, value));
    }
  }
  return plane;
}

// `plane` moved to the left, what leaves there coming in at the right.
function moved(plane, width, by) {
  const out = Buffer.alloc(plane.length);
  for (let at = 0; at < plane.length; at += width) {
    plane.copy(out, at, at + by, at + width);
    plane.copy(out, at + width - by, at, at + by);
  }
  return out;
}

// A board of dark and light squares crosses the picture against the motion of what is behind it.
function drawBoard(plane, width, height, share) {
  const side = height >> 1;
  const left = Math.floor((1 - share) * (width - side));
  for (let row = height >> 2; row < (height >> 2) + side; row++) {
    for (let i = 0; i < side; i++) {
      plane[row * width + left + i] = (row >> 3 ^ i >> 3) & 1 ? 200 : 50;
    }
  }
}

function addGrain(plane, grain, random) {
  let from = random() % grain.length;
  for (let i = 0; i < plane.length; i++) {
    plane[i] += grain[from];
    from = from + 1 === grain.length ? 0 : from + 1;
  }
}

function writePictures(file, width, height) {
  const random = randomNumbers(1);
  const luma = hills(width, height, random);
  const chroma = [hills(width / 2, height / 2, random), hills(width / 2, height / 2, random)];
  const grain = Int8Array.from({ length: 999983 }, () => random() % (2 * GRAIN + 1) - GRAIN);
  const out = fs.openSync(file, 'w');
  fs.writeSync(out, `YUV4MPEG2 W${width} H${height} F${FRAMES_PER_SECOND}:1 Ip A1:1 C420jpeg\n`);
  for (let number = 0; number < PICTURES; number++) {
    const share = number / PICTURES;
    const picture = moved(luma, width, Math.floor(share * width));
    drawBoard(picture, width, height, Math.abs(2 * share - 1));
    addGrain(picture, grain, random);
    for (const part of ['FRAME\n', picture, ...chroma.map(plane => moved(plane, width / 2, Math.floor(share * width / 2)))]) {
      fs.writeSync(out, part);
    }
  }
  fs.closeSync(out);
}

// Four seconds of 48 kHz mono PCM: three syllables of different pitch a second, with pauses between them.
function writeVoice(file) {
  const rate = 48000;
  const seconds = 4;
  const bytes = Buffer.alloc(44 + rate * seconds * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8);
  for (const [at, value] of [[16, 16], [24, rate], [28, rate * 2], [40, rate * seconds * 2]]) {
    bytes.writeUInt32LE(value, at);
  }
  for (const [at, value] of [[20, 1], [22, 1], [32, 2], [34, 16]]) {
    bytes.writeUInt16LE(value, at);
  }
  bytes.write('data', 36);
  for (let i = 0; i < rate * seconds; i++) {
    const syllable = Math.floor(3 * i / rate);
    const envelope = Math.max(0, Math.sin(2 * Math.PI * (3 * i / rate % 1))); // half of the time nothing
    const pitch = 110 + 17 * (syllable % 5);
    let value = 0;
    for (let harmonic = 1; harmonic <= 12; harmonic++) {
      value += Math.sin(2 * Math.PI * pitch * harmonic * i / rate) / (1 + Math.abs(harmonic - 3 - syllable % 4));
    }
    bytes.writeInt16LE(Math.round(5000 * envelope * value), 44 + 2 * i);
  }
  fs.writeFileSync(file, bytes);
}

module.exports = { FRAMES_PER_SECOND, writePictures, writeVoice };
