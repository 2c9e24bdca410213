// SPDX-License-Identifier: MIT
// What pages of the call program say and do when something is wrong: a name that is taken, a channel in which all are busy, no camera, a relay that is dead, a server that
// vanishes and comes back, a connection to it that goes silent, pages that are loaded again or crash.
// Usage: page_to_page_troubles.js CALL_BINARY [BROWSER [FOLDER_FOR_SCREENSHOTS]]
'use strict';
const assert = require('node:assert/strict');
const net = require('node:net');
const path = require('node:path');
const { installed, startBrowser } = require('./browsers');
const { CallProgram } = require('./call_program');
const { chat, inCall, isReady, openPage, press, say, shows, textOf } = require('./page_to_page_helpers');
const { until } = require('./wait');

const ALONE = ['--signaling-only', '--port', '0'];
const DEAD_RELAY = ['--relay', '--turn', 'turn:127.0.0.1:3999', '--username', 'u', '--credential', 'c'];

async function callOfTwo(browser, url) {
  const a = await openPage(browser, url, 'a');
  const b = await openPage(browser, url, 'b');
  await a.evaluate(press, 'call');
  await shows(a, 'status', /^Waiting for somebody to join/);
  await b.evaluate(press, 'call');
  await inCall([a, b]);
  await shows(a, 'status', /^In a call with b$/);
  return [a, b];
}

async function leave(...pages) {
  for (const page of pages) {
    await page.open('about:blank');
  }
}

async function nameIsTaken({ browser, url, picture }) {
  const a = await openPage(browser, url, 'a');
  await a.evaluate(press, 'call');
  await shows(a, 'status', /^Waiting/);
  const twin = await openPage(browser, url, 'a');
  await twin.evaluate(press, 'call');
  await shows(twin, 'status', /You could not join: somebody called “a” is in this channel already/);
  await picture(twin, 'taken');
  // The next answer of the server, were there one, comes before this one.
  await twin.evaluate(() => {
    document.getElementById('user').value = 'b';
    document.getElementById('call').click();
  });
  await inCall([a, twin]);
  const long = await openPage(browser, url, encodeURIComponent('길'.repeat(22)));
  await long.evaluate(press, 'call');
  await shows(long, 'status', /The name is too long: 64 bytes/);
  await leave(a, twin, long);
}

async function allAreBusy({ browser, url, picture }) {
  const [a, b] = await callOfTwo(browser, url);
  const c = await openPage(browser, url, 'c');
  await c.evaluate(press, 'call');
  await shows(c, 'status', /a can not take the call: in a call already. b can not take the call: in a call already. Waiting/);
  await picture(c, 'busy');
  await chat(a, b, 'undisturbed');
  await a.evaluate(press, 'hang-up');
  await shows(b, 'status', /^In a call with c$/);
  await inCall([b, c]);
  await chat(b, c, 'free');
  await leave(a, b, c);
}

async function noCamera({ browser, url, picture }) {
  const a = await openPage(browser, url, 'a');
  await a.evaluate(() => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async wish => {
      if (wish.video) {
        throw new DOMException('', 'NotFoundError');
      }
      return real(wish);
    };
  });
  await a.evaluate(press, 'call');
  await shows(a, 'notices', /^No camera: none was found. The other side sees no picture of you.$/);
  const b = await openPage(browser, url, 'b');
  await b.evaluate(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException('', 'NotAllowedError');
    };
  });
  await b.evaluate(press, 'call');
  await shows(b, 'notices', /^No camera: the browser does not allow it.* No microphone: the browser does not allow it to this page. The other side does not hear you.$/);
  await shows(a, 'status', /^In a call with b$/);
  await chat(a, b, 'words alone');
  await picture(b, 'no-camera');
  await leave(a, b);
}

async function deadRelay({ browser, binary, picture }) {
  const program = new CallProgram(binary, ['--port', '0', ...DEAD_RELAY]);
  const a = await openPage(browser, await program.url(), 'a', 'call');
  await a.evaluate(press, 'call');
  await shows(a, 'notices', /TURN server.* native says: .*(relay|TURN)/, 40);
  await picture(a, 'dead-relay');
  await program.says(/a: no connection yet: /);
  await a.evaluate(press, 'hang-up');
  await shows(a, 'notices', /^$/);
  await program.says(/a left\n(.*\n)*waiting in channel call/);
  await leave(a);
  assert.equal(await program.stop(), 0, program.output);
}

async function badSettings({ browser, kind, binary }) {
  const program = new CallProgram(binary, ['--port', '0', '--turn', 'turn:127.0.0.1:9', '--username', 'u', '--credential', 'c']); // a port that Firefox takes no server on
  const a = await openPage(browser, await program.url(), 'a', 'call');
  await a.evaluate(press, 'call');
  await shows(a, 'status', kind === 'firefox' ? /^The call could not be made: .*blocked.*Waiting/ : /^In a call with native$/);
  await leave(a);
  assert.equal(await program.stop(), 0, program.output);
}

async function serverVanishes({ browser, binary, picture }) {
  let program = new CallProgram(binary, ALONE);
  const url = await program.url();
  const again = async () => {
    program = new CallProgram(binary, ['--signaling-only', '--port', new URL(url).port]);
    await program.url();
  };
  const [a, b] = await callOfTwo(browser, url);
  await program.stop();
  await shows(a, 'notices', /the call goes on without it/);
  await shows(b, 'notices', /the call goes on without it/);
  await shows(a, 'status', /^In a call with b$/);
  await picture(a, 'server-gone');
  await chat(a, b, 'without a server');
  await again();
  await shows(a, 'notices', /^$/);
  await shows(b, 'notices', /^$/);
  await chat(a, b, 'with another server');
  await until('both back in the channel', async () => {
    const c = await openPage(browser, url, 'c');
    await c.evaluate(press, 'call');
    await shows(c, 'status', /Waiting/);
    const both = (await c.evaluate(textOf, 'status')).match(/can not take/g)?.length === 2;
    await leave(c);
    return both;
  });
  await program.stop();
  await shows(a, 'notices', /the call goes on without it/);
  await b.evaluate(press, 'hang-up');
  await shows(a, 'status', /The server is not reachable|b has left/, 30);
  await again();
  await shows(a, 'status', /b has left. Waiting for somebody to join/, 30);
  await until('the page', () => b.evaluate(isReady));
  await b.evaluate(press, 'call');
  await inCall([a, b]);
  await leave(a, b);
  await program.stop();
}

// Between pages and server: can fall silent, as a network does that goes away.
class Wire {
  static async open(port) {
    const wire = Object.assign(new Wire(), { pairs: [] });
    wire.server = net.createServer(page => {
      const server = net.connect(port, '127.0.0.1');
      const end = () => [page, server].forEach(socket => socket.destroy());
      [page, server].forEach(socket => socket.on('error', end).on('close', end));
      page.pipe(server);
      server.pipe(page);
      wire.pairs.push([page, server]);
    });
    await new Promise(resolve => wire.server.listen(0, '127.0.0.1', resolve));
    wire.url = `http://127.0.0.1:${wire.server.address().port}/`;
    return wire;
  }

  silence() {
    this.silent = this.pairs.splice(0);
    this.silent.forEach(([page, server]) => [page, server].forEach(socket => socket.unpipe()));
    this.silent.forEach(([page, server]) => [page, server].forEach(socket => socket.removeAllListeners('close').on('data', () => {})));
  }

  // What the operating system does to a page's connections when its network changes.
  breakSilent() {
    this.silent.forEach(([page]) => page.destroy());
  }
}

async function wireFallsSilent({ browser, url }) {
  const wire = await Wire.open(new URL(url).port);
  const [a, b] = await callOfTwo(browser, wire.url.replace(/$/, ''));
  wire.silence();
  wire.breakSilent(); // the server does not know: the names are taken until it asks in vain
  await shows(a, 'status', /^In a call with b$/);
  await until('both back in the channel', async () => {
    const c = await openPage(browser, url, 'c');
    await c.evaluate(press, 'call');
    await shows(c, 'status', /can not take|Waiting|In a call|not join|Calling/);
    await until('an end of the ringing', async () => !/Calling/.test(await c.evaluate(textOf, 'status')), 30).catch(() => {});
    const both = (await c.evaluate(textOf, 'status')).match(/can not take/g)?.length === 2;
    await leave(c);
    return both;
  }, 90);
  await chat(a, b, 'as if nothing had been');
  await a.evaluate(press, 'hang-up');
  await shows(b, 'status', /^a has left/);
  await leave(a, b);
  wire.server.close();
}

async function loadedAgainAndCrashed({ kind, binary }) {
  const program = new CallProgram(binary, ['--port', '0']);
  const url = await program.url();
  const browser = await startBrowser(kind);
  const a = await openPage(browser, url, 'a', 'call');
  await a.evaluate(press, 'call');
  await inCall([a]);
  await a.open(`${url}?channel=call&user=a`);
  await program.says(/a left\nwaiting in channel call/);
  await until('the page', () => a.evaluate(isReady));
  await a.evaluate(press, 'call');
  await inCall([a]);
  await a.evaluate(say, '\u001b[31mred\u0007');
  await program.says(/a says: .*red/);
  assert.doesNotMatch(program.output, /[\u0007\u001b]/);
  await a.evaluate(press, 'hang-up');
  await program.says(/(a left\nwaiting in channel call[^]*){2}/);
  await a.evaluate(press, 'call');
  await inCall([a]);
  const twin = await openPage(browser, url, 'b', 'call'); // the native side takes several calls
  await twin.evaluate(press, 'call');
  await inCall([a, twin]);
  await browser.close(); // as a crash
  await program.says(/(a|b) left\n(.*\n)*(a|b) left\nwaiting in channel call/, 60);
  assert.equal(await program.stop(), 0, program.output);
}

async function run(binary, kind, folder, wanted) {
  const program = new CallProgram(binary, ALONE);
  const browser = await startBrowser(kind);
  const picture = async (page, name) => folder && page.screenshot(path.join(folder, `${name}.png`));
  try {
    for (const test of [nameIsTaken, allAreBusy, noCamera, deadRelay, badSettings, serverVanishes, wireFallsSilent, loadedAgainAndCrashed]) {
      if (!wanted || wanted === test.name) {
        const begin = Date.now();
        await test({ browser, kind, binary, url: await program.url(), picture });
        console.log(`${kind} ${test.name}: passed (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
      }
    }
  } finally {
    await browser.close();
  }
  assert.equal(await program.stop(), 0, program.output);
}

async function main(binary, kind = 'chromium', folder = undefined, wanted = undefined) {
  if (!installed(kind)) {
    console.log(`${kind} is not installed`);
    return 77;
  }
  await run(binary, kind, folder, wanted);
  return 0;
}

main(...process.argv.slice(2)).then(code => process.exit(code), error => {
  console.error(error);
  process.exit(1);
});
