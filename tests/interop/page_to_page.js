// SPDX-License-Identifier: MIT
// Two pages of the call program call each other through its server: pictures, chat, mute, hang up and call again; a vanished page is announced.
// Usage: page_to_page.js CALL_BINARY [BROWSER [SCREENSHOT]]
'use strict';
const assert = require('node:assert/strict');
const { installed, startBrowser } = require('./browsers');
const { CallProgram } = require('./call_program');
const { chat, inCall, openPage, press, textOf } = require('./page_to_page_helpers');
const { until } = require('./wait');

// Runs in the page.
const pixel = (id, x) => {
  const canvas = new OffscreenCanvas(100, 100);
  const context = canvas.getContext('2d');
  context.drawImage(document.getElementById(id), 0, 0, 100, 100);
  return [...context.getImageData(x, 50, 1, 1).data].slice(0, 3);
};

async function colours(page, kind) {
  if (kind !== 'chromium') {
    return;
  }
  const [left, right] = [await page.evaluate(pixel, 'remote', 15), await page.evaluate(pixel, 'remote', 85)];
  assert.ok(left[0] > 150 && left[2] < 100 && right[2] > 150 && right[0] < 100, `left ${left}, right ${right}`);
}

async function mutes(a, b) {
  await a.evaluate(press, 'video');
  assert.equal(await a.evaluate(textOf, 'video'), 'Start camera');
  await until('black in place of the picture', async () => Math.max(...await b.evaluate(pixel, 'remote', 15)) < 60);
  await a.evaluate(press, 'video');
  await until('the picture again', async () => Math.max(...await b.evaluate(pixel, 'remote', 15)) > 100);
  await a.evaluate(press, 'audio');
  assert.equal(await a.evaluate(textOf, 'audio'), 'Unmute microphone');
}

async function run(browser, url, screenshot) {
  const a = await openPage(browser, url, 'a');
  const b = await openPage(browser, url, 'b');
  await a.evaluate(press, 'call');
  await until('waiting', async () => (await a.evaluate(textOf, 'status')).startsWith('Waiting'));
  await b.evaluate(press, 'call');
  await inCall([a, b]);
  await colours(a, browser.kind);
  await chat(a, b, '안녕');
  await until('live numbers', async () => /bit\/s/.test(await a.evaluate(textOf, 'n-received')) && !/^0 /.test(await a.evaluate(textOf, 'n-received')));
  if (screenshot) {
    await a.screenshot(screenshot);
    if (a.resize) {
      await a.resize(390, 844);
      await a.screenshot(screenshot.replace('.png', '-narrow.png'));
      await a.resize(1280, 800);
    }
  }
  await mutes(a, b);
  await b.evaluate(press, 'hang-up');
  await until('the news of hanging up', async () => /b has left/.test(await a.evaluate(textOf, 'status')));
  await b.evaluate(press, 'call');
  await inCall([a, b]);
  await b.open('about:blank');
  await until('the news of vanishing', async () => /b has left/.test(await a.evaluate(textOf, 'status')));
  assert.deepEqual(a.log, []);
}

async function main(binary, kind = 'chromium', screenshot = undefined) {
  if (!installed(kind)) {
    console.log(`${kind} is not installed`);
    return 77;
  }
  const program = new CallProgram(binary, ['--signaling-only', '--port', '0']);
  const browser = await startBrowser(kind);
  try {
    await run(browser, await program.url(), screenshot);
  } finally {
    await browser.close();
  }
  await program.stop();
  console.log(`page to page, ${kind}: passed`);
  return 0;
}

main(...process.argv.slice(2)).then(code => process.exit(code), error => {
  console.error(error);
  process.exit(1);
});
