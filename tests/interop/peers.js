// SPDX-License-Identifier: MIT
// The two kinds of peer of a call: a program that speaks lines of JSON (ours, and other stacks'), and a page in a browser. Both have write(line), `lines` (all that came),
// and `onLine`.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const readline = require('node:readline');
const { start } = require('./started');
const { pause, until } = require('./wait');

class Peer {
  constructor(name) {
    Object.assign(this, { name, lines: [], onLine: () => {}, taken: 0 });
  }

  received(line) {
    this.lines.push(line);
    this.onLine(line);
  }

  // The first line that passes the test, waited for.
  async line(what, test, seconds = 20) {
    return until(`${what} from ${this.name}`, () => {
      this.checkAlive();
      return this.lines.find(test);
    }, seconds);
  }

  async event(event, value, seconds) {
    return this.line(`${event} ${value}`, line => line.event === event && line.value === value, seconds);
  }

  // The next message event after those already taken.
  async nextMessage(seconds = 20) {
    const index = await until(`a message at ${this.name}`, () => {
      this.checkAlive();
      return this.lines.findIndex((line, i) => i >= this.taken && line.event === 'message') + 1;
    }, seconds);
    this.taken = index;
    return this.lines[index - 1];
  }

  async stats() {
    const before = this.lines.length;
    await this.write({ type: 'stats' });
    return until(`statistics of ${this.name}`, () => {
      this.checkAlive();
      return this.lines.slice(before).find(({ type }) => type === 'stats');
    }, 20);
  }

  sdp() {
    return this.lines.filter(({ sdp }) => sdp).map(({ type, sdp }) => `--- ${type} of ${this.name}\n${sdp}`).join('\n');
  }

  errors() {
    return this.lines.filter(({ event }) => event === 'error');
  }
}

class ProcessPeer extends Peer {
  constructor(name, command, args) {
    super(name);
    this.stderr = '';
    this.process = start(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const kill = () => this.process.kill('SIGKILL');
    process.on('exit', kill);
    this.process.stdin.on('error', () => {});
    this.process.stderr.on('data', data => { this.stderr += data; });
    readline.createInterface({ input: this.process.stdout }).on('line', text => this.takeText(text));
    this.ended = new Promise(resolve => this.process.on('close', (code, signal) => {
      process.off('exit', kill);
      this.status = code ?? signal;
      resolve(this.status);
    }));
  }

  takeText(text) {
    if (text.startsWith('{')) {
      this.received(JSON.parse(text));
    } else {
      this.stderr += `${text}\n`;
    }
  }

  checkAlive() {
    if (this.status !== undefined && this.status !== 0) {
      throw new Error(`${this.name} ended with ${this.status}: ${this.stderr}`);
    }
  }

  async write(line) {
    this.process.stdin.write(`${JSON.stringify(line)}\n`);
  }

  async close() {
    this.write({ type: 'bye' });
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 5000);
    await this.ended;
    clearTimeout(timer);
    return this.status;
  }
}

// Our own program.
class OurPeer extends ProcessPeer {
  constructor(binary, args) {
    super('libcrtc', binary, args);
  }

  get summary() {
    return this.lines.find(({ type }) => type === 'summary');
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

const PAGE_SCRIPTS = ['standard_peer.js', 'page_media.js'].map(file => fs.readFileSync(path.join(__dirname, file), 'utf8'));

class PagePeer extends Peer {
  static async open(browser, options) {
    const peer = new PagePeer(browser.kind);
    peer.page = await browser.newPage();
    await peer.page.open(await serveEmptyPage());
    for (const text of PAGE_SCRIPTS) {
      await peer.page.evaluate(`() => { ${text} }`);
    }
    await peer.page.evaluate(async given => {
      globalThis.lines = [];
      globalThis.peer = new StandardPeer({ RTCPeerConnection, options: given, media: new PageMedia(), emit: line => lines.push(line) });
    }, options);
    return peer;
  }

  async begin() {
    await this.page.evaluate(() => peer.begin());
    this.pumping = this.pump();
  }

  // Fetches what the page has to say.
  async pump() {
    while (!this.closed) {
      for (const line of await this.page.evaluate(() => lines.splice(0))) {
        this.received(line);
      }
      await pause(20);
    }
  }

  checkAlive() {}

  get stderr() {
    return this.page.log.join('\n');
  }

  async write(line) {
    await this.page.evaluate(given => { peer.take(given); }, line);
  }

  async close() {
    this.closed = true;
    await this.pumping?.catch(() => {});
    await this.page.evaluate(() => peer.connection.close());
  }
}

const isSignal = line => line.sdp !== undefined || line.candidate !== undefined;

const isUdpCandidate = text => /^(a=)?candidate:\S+ \d+ udp /i.test(text);

// A line of signalling without candidates for UDP; undefined when it was nothing else.
function withoutUdp(line) {
  if (line.candidate !== undefined) {
    return isUdpCandidate(line.candidate) ? undefined : line;
  }
  return { ...line, sdp: line.sdp.split('\r\n').filter(text => !isUdpCandidate(text)).join('\r\n') };
}

// Carries descriptions and candidates both ways, in order, as `pass` leaves them.
function link(a, b, pass = line => line) {
  for (const [from, to] of [[a, b], [b, a]]) {
    let last = Promise.resolve();
    const carry = line => {
      const passed = isSignal(line) ? pass(line) : undefined;
      if (passed !== undefined) {
        last = last.then(() => to.write(passed));
      }
    };
    from.lines.forEach(carry);
    from.onLine = carry;
  }
}

module.exports = { OurPeer, PagePeer, ProcessPeer, link, withoutUdp };
