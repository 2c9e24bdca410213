// SPDX-License-Identifier: MIT
// What tests do with pages of the call program.
'use strict';
const { until } = require('./wait');

// These run in the page.
const press = id => document.getElementById(id).click();
const textOf = id => document.getElementById(id).textContent;
const isPlaying = id => {
  const video = document.getElementById(id);
  return video.videoWidth > 2 && video.currentTime > 0 && !video.paused;
};
const say = text => {
  document.getElementById('text').value = text;
  document.getElementById('say').requestSubmit();
};
const chatLines = () => [...document.querySelectorAll('#chat li')].map(line => line.textContent);
const canChat = () => !document.getElementById('text').disabled;
const isReady = () => !document.getElementById('call').disabled;

async function openPage(browser, url, user, channel = 'two') {
  const page = await browser.newPage();
  await page.open(`${url}?channel=${channel}&user=${user}`);
  await until('the page', () => page.evaluate(isReady));
  return page;
}

// Waits until what the page shows in `id` matches.
async function shows(page, id, pattern, seconds) {
  let text;
  try {
    return await until(`${pattern}`, async () => pattern.exec(text = await page.evaluate(textOf, id)), seconds);
  } catch (error) {
    throw new Error(`${error.message}: #${id} says "${text}"`);
  }
}

async function inCall(pages) {
  for (const page of pages) {
    await until('a remote picture', () => page.evaluate(isPlaying, 'remote'));
    await until('the chat', () => page.evaluate(canChat));
  }
}

// A call may be connected some time before its chat is open: until then the page takes no words.
async function chat(a, b, words) {
  for (const [name, from, to] of [['a', a, b], ['b', b, a]]) {
    await until('the chat', () => from.evaluate(canChat));
    await from.evaluate(say, `from ${name}: ${words}`);
    await until('a chat message', async () => (await to.evaluate(chatLines)).includes(`from ${name}: ${words}`));
  }
}

module.exports = { chat, chatLines, inCall, isReady, openPage, press, say, shows, textOf };
