// SPDX-License-Identifier: MIT
// The files behind Chromium's fake camera and microphone.
'use strict';
const fs = require('node:fs');

const LEFT = [224, 32, 32];
const RIGHT = [32, 32, 224];
const MICROPHONE_HZ = 1000;

// ITU-R BT.601, studio swing.
function yuv([r, g, b]) {
  return [16 + 0.257 * r + 0.504 * g + 0.098 * b, 128 - 0.148 * r - 0.291 * g + 0.439 * b, 128 + 0.439 * r - 0.368 * g - 0.071 * b].map(Math.round);
}

// One picture, its left and right halves in two colours; it is shown again and again.
function writeCamera(file, width = 640, height = 480) {
  const left = yuv(LEFT);
  const right = yuv(RIGHT);
  const planes = [0, 1, 2].map(plane => {
    const scale = plane === 0 ? 1 : 2;
    const row = Buffer.alloc(width / scale, right[plane]).fill(left[plane], 0, width / scale / 2);
    return Buffer.concat(Array(height / scale).fill(row));
  });
  fs.writeFileSync(file, Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F30:1 Ip A1:1 C420jpeg\nFRAME\n`), ...planes]));
}

// One second of a tone that repeats without a click, 48 kHz mono PCM.
function writeMicrophone(file) {
  const rate = 48000;
  const bytes = Buffer.alloc(44 + rate * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + rate * 2, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(rate * 2, 40);
  for (let i = 0; i < rate; i++) {
    bytes.writeInt16LE(Math.round(12000 * Math.sin(2 * Math.PI * MICROPHONE_HZ * i / rate)), 44 + 2 * i);
  }
  fs.writeFileSync(file, bytes);
}

module.exports = { writeCamera, writeMicrophone, LEFT, RIGHT, MICROPHONE_HZ };
