// SPDX-License-Identifier: MIT
// The room of examples/sfu.c with Chromium: one page sends three layers, another is shown them, without anything being decoded in between. Its picture is looked at, and becomes
// another size when another layer is chosen. Usage: sfu_room.js SFU_BINARY [PICTURE.png]; ends with 77 when Chromium is not installed.
'use strict';
const assert = require('node:assert');
const { installed, startBrowser } = require('./browsers');
const { CallProgram } = require('./call_program');
const { until } = require('./wait');

const [, , binary, picture] = process.argv;

// What the first video of the page shows: its size, how many pictures came, and two colours: of the bar that moves, and of what it moves on.
function look() {
  const video = document.querySelector('#people video');
  if (video === null || video.videoWidth === 0) {
    return null;
  }
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const { data } = context.getImageData(0, Math.floor(video.videoHeight / 2), video.videoWidth, 1);
  let yellow = 0, blue = 0;
  for (let i = 0; i < data.length; i += 4) {
    yellow += data[i] > 190 && data[i + 1] > 150 && data[i + 2] < 100;
    blue += data[i] < 90 && data[i + 2] > 120;
  }
  return { width: video.videoWidth, frames: video.getVideoPlaybackQuality().totalVideoFrames, yellow: yellow / video.videoWidth, blue: blue / video.videoWidth };
}

async function received() {
  const report = await window.room.connection.getStats();
  const found = [...report.values()].filter(({ type }) => type === 'inbound-rtp');
  return Object.fromEntries(found.map(({ kind, packetsLost, framesDecoded, packetsReceived, freezeCount, totalSamplesReceived, concealedSamples, keyFramesDecoded }) =>
    [kind, { packetsLost, framesDecoded, packetsReceived, freezeCount, totalSamplesReceived, concealedSamples, keyFramesDecoded }]));
}

async function shows(page, width, seconds) {
  const seen = await until(`a picture ${width} wide`, async () => {
    const now = await page.evaluate(look);
    return now !== null && now.width === width && now;
  }, seconds);
  const later = await until('more pictures', async () => {
    const now = await page.evaluate(look);
    return now.frames > seen.frames + 20 && now;
  }, seconds);
  assert.strictEqual(later.width, width);
  assert.ok(later.yellow > 0.1 && later.yellow < 0.25 && later.blue > 0.6, `it shows another picture: ${JSON.stringify(later)}`);
  return later;
}

async function test(browser, url) {
  const sender = await browser.newPage(), viewer = await browser.newPage();
  await sender.open(`${url}?canvas`);
  await until('the sender to connect', () => sender.evaluate(() => window.room.connection.connectionState === 'connected'));
  await viewer.open(`${url}?listen`);
  await until('the viewer to connect', () => viewer.evaluate(() => window.room.connection.connectionState === 'connected'));
  await until('a layer', () => viewer.evaluate(() => Object.values(window.room.shown)[0]));
  for (const [rid, width] of [['q', 320], ['h', 640], ['q', 320]]) {
    await viewer.evaluate(chosen => window.room.choose(chosen), rid);
    console.log(rid, JSON.stringify(await shows(viewer, width, 40)));
    if (picture !== undefined && rid === 'h') {
      await viewer.screenshot(picture);
    }
  }
  const stats = await viewer.evaluate(received);
  console.log(JSON.stringify(stats));
  assert.ok(stats.video.keyFramesDecoded >= 3 && stats.video.packetsLost === 0);
  assert.ok(stats.audio.totalSamplesReceived - stats.audio.concealedSamples > 48000);
  await sender.close();
  await until('the viewer to be alone', () => viewer.evaluate(() => document.querySelectorAll('#people video').length === 0));
  assert.deepStrictEqual(await viewer.evaluate(() => window.room.log), []);
}

async function main() {
  if (!installed('chromium')) {
    process.exit(77);
  }
  const port = 20000 + process.pid % 10000;
  const program = new CallProgram(binary, [String(port)]);
  const browser = await startBrowser('chromium');
  try {
    await program.says(/open (\S+) in several browsers/);
    await test(browser, `http://localhost:${port}/`);
  } catch (error) {
    console.error(program.output);
    throw error;
  } finally {
    await browser.close();
    await program.stop();
  }
  console.log('PASS');
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
