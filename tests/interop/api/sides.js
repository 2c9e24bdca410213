// SPDX-License-Identifier: MIT
// The two sides of a call from a scenario's point of view: functions are run in either of them, and what they signal is carried to the other.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const vm = require('node:vm');
const { pause } = require('../wait');

const SIDE = fs.readFileSync(path.join(__dirname, 'side.js'), 'utf8');
const PAGE = [path.join(__dirname, '..', 'page_media.js'), path.join(__dirname, 'page_tracks.js'), path.join(__dirname, 'side.js')].map(file => fs.readFileSync(file, 'utf8'));

class OurSide {
  name = 'libcrtc';

  constructor(options) {
    require('../../wpt/connection'); // RTCPeerConnection and all the rest become global
    const { OurTracks } = require('./our_tracks');
    if (!globalThis.Side) {
      vm.runInThisContext(SIDE, { filename: 'side.js' });
    }
    this.side = new Side({ media: new OurTracks(), emit: line => this.onLine(structuredClone(line)), ...options });
  }

  // What fn(side, ...args) gives.
  async run(fn, ...args) {
    return fn(this.side, ...args);
  }

  async close() {
    this.side.pc.getSenders().forEach(({ track }) => track?.stop());
    this.side.pc.close();
  }
}

// An empty page on a local address: cameras are for secure contexts only.
async function serveEmptyPage() {
  const server = http.createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>interop</title><link rel="icon" href="data:,"><body></body>');
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${server.address().port}/`;
}

class PageSide {
  static async open(browser, options) {
    const side = new PageSide();
    side.name = browser.kind;
    side.page = await browser.newPage();
    await side.page.open(await serveEmptyPage());
    for (const text of PAGE) {
      await side.page.evaluate(`() => { ${text} }`);
    }
    await side.page.evaluate(given => {
      globalThis.lines = [];
      globalThis.side = new Side({ media: new PageTracks(), emit: line => lines.push(JSON.parse(JSON.stringify(line))), ...given });
    }, options);
    side.pumping = side.pump();
    return side;
  }

  // Fetches what the page signals.
  async pump() {
    while (!this.closed) {
      const lines = await this.page.evaluate(() => globalThis.lines.splice(0)).catch(() => []);
      lines.forEach(line => this.onLine(line));
      await pause(20);
    }
  }

  async run(fn, ...args) {
    return this.page.evaluate(`(...args) => (${fn})(side, ...args)`, ...args);
  }

  async close() {
    this.closed = true;
    await this.pumping;
    await this.page.evaluate(() => side.pc.close());
    await this.page.close();
  }
}

// What `from` signals reaches `to`, in order; while `from.held` is a list it waits there.
function carry(from, to) {
  from.onLine = line => {
    if (from.held) {
      from.held.push(line);
    } else {
      to.run((side, told) => { side.take(told); }, line).catch(() => {});
    }
  };
}

function release(side) {
  const lines = side.held;
  side.held = null;
  lines.forEach(side.onLine);
}

// Both, `weBegin`: ours is the first of them. The first is the one that a scenario has act.
async function openSides(browser, weBegin, { configuration = {}, theirConfiguration = configuration, politeFirst = false } = {}) {
  const given = ours => ({ configuration: ours ? configuration : theirConfiguration, polite: (ours === weBegin) === politeFirst });
  const ours = new OurSide(given(true));
  ours.onLine = () => {};
  const theirs = await PageSide.open(browser, given(false));
  carry(ours, theirs);
  carry(theirs, ours);
  return weBegin ? [ours, theirs] : [theirs, ours];
}

module.exports = { openSides, release };
