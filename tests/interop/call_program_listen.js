// SPDX-License-Identifier: MIT
// Where `call` listens, what it prints of it, and to whom it answers: foreign names in Host (DNS rebinding) and pages of other sites get neither the page nor the
// servers' credentials nor the signalling.
// Usage: call_program_listen.js CALL_BINARY
'use strict';
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const http = require('node:http');
const net = require('node:net');
const os = require('node:os');
const WebSocket = require('ws');
const { CallProgram } = require('./call_program');

const SECRET = 'a-credential-for-nobody-else';
const ALONE = ['--signaling-only', '--port', '0'];

// The local ends of listening TCP sockets with this port, as ss prints them.
function listening(port) {
  return execFileSync('ss', ['-ltnH'], { encoding: 'utf8' }).split('\n').map(line => line.trim().split(/\s+/)[3] ?? '').filter(local => local.endsWith(`:${port}`))
    .map(local => local.slice(0, -String(port).length - 1)).sort();
}

async function started(binary, args) {
  const program = new CallProgram(binary, [...ALONE, ...args]);
  program.address = new URL(await program.url());
  return program;
}

const others = family => Object.values(os.networkInterfaces()).flat()
  .filter(address => address.family === family && !address.internal && !address.address.startsWith('fe80')).map(({ address }) => address);
const hasIpv6 = () => Object.values(os.networkInterfaces()).flat().some(({ address }) => address === '::1');

async function bindsWhatItSays(binary) {
  const rows = [[[], '127.0.0.1', ['127.0.0.1']], [['--listen', '127.0.0.1'], '127.0.0.1', ['127.0.0.1']], [['--listen', '127.0.0.2'], '127.0.0.2', ['127.0.0.2']]];
  for (const address of others('IPv4')) {
    rows.push([['--listen', address], address, [address]], [['--listen', address, '--https'], address, [address]]);
  }
  rows.push([['--listen', '0.0.0.0'], others('IPv4')[0] ?? 'localhost', ['0.0.0.0']], [['--listen', '0'], others('IPv4')[0] ?? 'localhost', ['0.0.0.0']]);
  rows.push([['--listen', '127.1', '--https'], '127.0.0.1', ['127.0.0.1']]);
  if (hasIpv6()) {
    rows.push([['--listen', '::1'], '[::1]', ['[::1]']], [['--listen', '::'], others('IPv6').length ? `[${others('IPv6')[0]}]` : 'localhost', ['[::]']]);
    rows.push([['--https'], others('IPv4')[0] ?? 'localhost', ['*']], [['--listen', '*'], others('IPv4')[0] ?? 'localhost', ['*']]);
  }
  for (const [args, printed, sockets] of rows) {
    const program = await started(binary, args);
    assert.equal(program.address.hostname, printed, args.join(' '));
    assert.equal(program.address.protocol, args.includes('--https') ? 'https:' : 'http:');
    assert.deepEqual(listening(program.address.port), sockets, args.join(' '));
    assert.equal(await program.stop(), 0, program.output);
  }
  const named = await started(binary, ['--listen', 'localhost']);
  assert.equal(named.address.hostname, 'localhost');
  assert.ok(listening(named.address.port).every(local => ['127.0.0.1', '[::1]'].includes(local)), listening(named.address.port).join());
  await named.stop();
}

// By the URL that it prints, of either family.
async function canBeJoined(binary) {
  for (const listen of ['127.0.0.1', ...hasIpv6() ? ['::1'] : []]) {
    const server = await started(binary, ['--listen', listen]);
    const guest = new CallProgram(binary, ['--join', server.address.href]);
    await guest.says(/waiting in channel call/);
    assert.equal(await guest.stop(), 0, guest.output);
    assert.equal(await server.stop(), 0, server.output);
  }
}

async function orFails(binary) {
  const first = await started(binary, []);
  for (const [args, pattern] of [[['--listen', '203.0.113.1'], /203\.0\.113\.1, port 0: Cannot assign requested address/], [['--listen', '2001:db8::1'], /Cannot assign|not supported/],
    [['--listen', 'name.invalid'], /name\.invalid: /], [['--https', '--host', `${'x'.repeat(64)}.example`], /no certificate could be made: .*x{64}/], [['--port', first.address.port], new RegExp(`127.0.0.1, port ${first.address.port}: Address already in use`)]]) {
    const program = new CallProgram(binary, [...ALONE, ...args]);
    assert.equal(await program.ended, 1, args.join(' '));
    assert.match(program.output, pattern);
    assert.doesNotMatch(program.output, /Open /);
  }
  await first.stop();
}

function get(url, headers) {
  return new Promise((resolve, reject) => {
    http.get(url, { headers }, response => {
      let body = '';
      response.on('data', data => { body += data; }).on('end', () => resolve({ status: response.statusCode, body }));
    }).on('error', reject);
  });
}

// The status of an attempt to open a WebSocket: 101 when it is open.
function upgrade(url, headers) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(String(url).replace(/^http/, 'ws'), { headers });
    socket.on('open', () => {
      socket.close();
      resolve(101);
    });
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      resolve(response.statusCode);
    });
    socket.on('error', reject);
  });
}

async function asks(address, headers, welcome) {
  const what = JSON.stringify(headers);
  for (const path of ['', 'index.html', 'page.js', 'configuration.json']) {
    const { status, body } = await get(new URL(path, address), headers);
    assert.equal(status, welcome ? 200 : 403, `${path} ${what}`);
    assert.equal(body.includes(SECRET), welcome && path === 'configuration.json', `${path} ${what}`);
  }
  assert.equal(await upgrade(address, headers), welcome ? 101 : 403, what);
}

// A request written by hand; what comes back until the end.
function raw(address, text) {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = net.connect(address.port, address.hostname, () => socket.end(text));
    socket.on('data', data => { answer += data; }).on('close', () => resolve(answer)).on('error', reject);
  });
}

async function answersToItsNames(binary) {
  const program = await started(binary, ['--turn', 'turn:192.0.2.1', '--username', 'u', '--credential', SECRET, '--host', 'call.example', '--host', '198.51.100.7']);
  const { address } = program;
  const { port } = address;
  for (const host of [address.host, `localhost:${port}`, `LOCALHOST:${port}`, `localhost.:${port}`, 'localhost', 'localhost:9', `${os.hostname()}:${port}`, `${os.hostname()}.local`, 'call.example', 'Call.Example:1',
    '198.51.100.7']) {
    await asks(address, { host }, true);
    await asks(address, { host, origin: `http://${host}` }, true);
    await asks(address, { host, origin: 'http://elsewhere.example' }, false);
  }
  for (const host of ['elsewhere.example', `elsewhere.example:${port}`, `127.0.0.1.elsewhere.example:${port}`, `localhost.elsewhere.example:${port}`, 'xlocalhost', 'call.example.org', '127.0.0.2', '192.0.2.1',
    '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', 'localhost:0', 'localhost:x', 'user@localhost', 'a b', ':80', '.', `${'x'.repeat(290)}`]) {
    await asks(address, { host }, false);
    await asks(address, { host, origin: `http://${host}` }, false);
  }
  for (const origin of ['null', 'http://', `ftp://${address.host}`, address.host, `http://${address.host}.elsewhere.example`, `http://${address.host}@elsewhere.example`]) {
    await asks(address, { host: address.host, origin }, false);
  }
  for (const head of ['', 'Host:\r\n', `Host: localhost\r\nHost: elsewhere.example\r\n`, `Host: elsewhere.example\r\nHost: localhost\r\n`]) {
    const answer = await raw(address, `GET /configuration.json HTTP/1.1\r\n${head}Connection: close\r\n\r\n`);
    assert.doesNotMatch(answer, new RegExp(SECRET), head);
    assert.doesNotMatch(answer, / 200 /, head);
  }
  assert.equal(await program.stop(), 0, program.output);
}

// Nothing follows the head that a HEAD request asks for: it would be read as the next answer.
async function answersWithHeads(binary) {
  const program = await started(binary, []);
  const ask = (method, path, more = '') => `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
  const answer = await raw(program.address, ask('HEAD', '/style.css') + ask('HEAD', '/') + ask('GET', '/configuration.json', 'Connection: close\r\n'));
  const heads = answer.split('\r\n\r\n');
  assert.match(heads[0], /^HTTP\/1\.1 200 [^]*content-length: [1-9]/);
  assert.match(heads[1], /^HTTP\/1\.1 200 [^]*text\/html/);
  assert.match(heads[2], /^HTTP\/1\.1 200 [^]*application\/json/);
  assert.deepEqual(JSON.parse(heads[3]).iceServers, []);
  assert.equal(await program.stop(), 0, program.output);
}

async function survivesManyConnections(binary) {
  const program = await started(binary, []);
  const sockets = Array.from({ length: 700 }, () => net.connect(program.address.port, '127.0.0.1').on('error', () => {}));
  await Promise.all(sockets.map(socket => new Promise(resolve => socket.on('connect', resolve).on('close', resolve))));
  const late = await get(program.address, {}).catch(({ code }) => ({ status: code }));
  assert.ok(['ECONNRESET', 'EPIPE'].includes(late.status), String(late.status));
  await Promise.all(sockets.map(socket => new Promise(resolve => {
    socket.on('close', resolve);
    socket.destroyed ? resolve() : socket.destroy();
  })));
  let again = {};
  for (let tries = 0; tries < 100 && again.status !== 200; tries++) {
    again = await get(program.address, {}).catch(() => ({})); // it learns of their end one by one
  }
  assert.equal(again.status, 200);
  assert.equal(await program.stop(), 0, program.output);
}

async function main(binary) {
  for (const test of [bindsWhatItSays, canBeJoined, orFails, answersToItsNames, answersWithHeads, survivesManyConnections]) {
    await test(binary);
  }
  console.log('listening: all passed');
}

main(process.argv[2]).then(() => process.exit(0), error => {
  console.error(error);
  process.exit(1);
});
