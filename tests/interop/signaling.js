// SPDX-License-Identifier: MIT
// The signalling server of the call program, spoken to by hand: what it relays, announces, refuses and bounds.
// Usage: signaling.js CALL_BINARY
'use strict';
const assert = require('node:assert/strict');
const WebSocket = require('ws');
const { CallProgram } = require('./call_program');
const { until } = require('./wait');

class Member {
  static async connect(url, options) {
    const member = new Member();
    member.received = [];
    member.socket = new WebSocket(url.replace(/^http/, 'ws'), options);
    member.socket.on('message', data => member.received.push(JSON.parse(data)));
    member.socket.on('close', code => { member.closed = code; });
    await new Promise((resolve, reject) => member.socket.on('open', resolve).on('error', reject));
    return member;
  }

  send(type, body) {
    this.socket.send(JSON.stringify({ type, body }));
  }

  // The next message; everything must be taken in order.
  async next() {
    await until('a message', () => this.received.length > 0, 5);
    return this.received.shift();
  }

  async expect(type, body) {
    assert.deepEqual(await this.next(), { type, body });
  }

  async expectError(pattern, refused = undefined) {
    const { type, body } = await this.next();
    assert.equal(type, 'error');
    assert.match(body.message, pattern);
    assert.ok(refused === undefined || body.refused === refused, `${refused}, not ${body.refused}`);
  }
}

const at = (userId, extra) => ({ channelName: 'room', userId, ...extra });

async function relays(url) {
  const a = await Member.connect(url);
  const b = await Member.connect(url);
  a.send('join', at('a'));
  await a.expect('joined', at('a', { members: ['a'] }));
  b.send('join', at('b'));
  await b.expect('joined', at('b', { members: ['a', 'b'] }));
  await a.expect('joined', at('b', { members: ['a', 'b'] }));
  b.send('send_offer', at('a', { sdp: 'offer ü' }));
  await a.expect('offer_sdp_received', at('b', { sdp: 'offer ü' }));
  a.send('send_answer', at('a', { sdp: 'answer' })); // naming oneself in a channel of two
  await b.expect('answer_sdp_received', at('a', { sdp: 'answer' }));
  const candidate = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'x' };
  a.send('send_ice_candidate', at('b', { candidate }));
  await b.expect('ice_candidate_received', at('a', { candidate }));
  b.send('send_refusal', at('a', { reason: 'busy' }));
  await a.expect('refusal_received', at('b', { reason: 'busy' }));
  b.send('send_notice', at('a', { reason: 'no way: 길이 없다' }));
  await a.expect('notice_received', at('b', { reason: 'no way: 길이 없다' }));
  return { a, b };
}

async function announces(url, { a, b }) {
  b.send('quit', at('b'));
  await a.expect('quit', at('b'));
  b.send('send_offer', at('a', { sdp: 'x' }));
  await b.expectError(/join it first/);
  b.send('join', at('b'));
  await b.expect('joined', at('b', { members: ['a', 'b'] }));
  await a.expect('joined', at('b', { members: ['a', 'b'] }));
  b.socket.terminate();
  await a.expect('quit', at('b', { vanished: true }));
  a.socket.close();
}

async function keepsChannelsApart(url) {
  const members = await Promise.all(['one', 'one', 'two'].map(() => Member.connect(url)));
  const [a, b, other] = members;
  a.send('join', { channelName: 'one', userId: 'a' });
  await a.next();
  other.send('join', { channelName: 'two', userId: 'a' });
  await other.expect('joined', { channelName: 'two', userId: 'a', members: ['a'] });
  b.send('join', { channelName: 'one', userId: 'b' });
  await b.next();
  await a.next();
  b.send('send_offer', { channelName: 'two', userId: 'a', sdp: 'x' });
  await b.expectError(/join it first/);
  assert.equal(other.received.length, 0);
  members.forEach(member => member.socket.close());
}

async function refusesBadMessages(url) {
  const a = await Member.connect(url);
  const raw = [
    ['', /JSON/], ['nonsense', /JSON/], ['[]', /JSON/], ['{"type":"join"}', /body/], ['{"type":"dance","body":{}}', /type/], ['{"type":7,"body":{}}', /type/],
    ['{"type":"join","body":{"channelName":"room"}}', /userId/], ['{"type":"join","body":{"channelName":"","userId":"a"}}', /userId/],
    [JSON.stringify({ type: 'join', body: at('x'.repeat(65)) }), /64 bytes/], [JSON.stringify({ type: 'join', body: at('a\nb') }), /control/],
    [JSON.stringify({ type: 'joined', body: at('a') }), /join it first/], ['['.repeat(100000), /JSON/],
    [JSON.stringify({ type: 'join', body: at('\x9b31m') }), /control/], [JSON.stringify({ type: 'join', body: at('\x7f') }), /control/],
    ['{"type":"join","body":{"channelName":"room","userId":"a\\u0000b"}}', /UTF-8/], ['{"type":"join","body":{"channelName":"room","userId":"\\ud800"}}', /JSON/],
    ['{"type":"join","body":{"channelName":"room","userId":"a\u0001"}}', /UTF-8/],
  ];
  for (const [text, pattern] of raw) {
    a.socket.send(text);
    await a.expectError(pattern);
  }
  a.send('join', at('a'));
  await a.expect('joined', at('a', { members: ['a'] }));
  for (const [type, body, pattern] of [
    ['join', at('a'), /already/], ['send_offer', at('b', { sdp: 'x' }), /another member/], ['send_offer', at('a', { sdp: 'x' }), /another member/],
    ['send_offer', at('b'), /sdp/], ['send_offer', at('b', { sdp: {} }), /sdp/], ['send_notice', at('b'), /reason/], ['send_notice', at('b', { reason: 'x'.repeat(2001) }), /reason/], ['send_ice_candidate', at('b', { candidate: 'text' }), /candidate/],
    ['quit', at('b'), /your own/], ['offer_sdp_received', at('b', { sdp: 'x' }), /not for the server/], ['check_report', at('a'), /not for the server/],
  ]) {
    a.send(type, body);
    await a.expectError(pattern, type);
  }
  const twin = await Member.connect(url);
  twin.send('join', at('a'));
  await twin.expectError(/taken/, 'join');
  twin.socket.close();
  a.socket.close();
}

async function bounds(url) {
  const big = await Member.connect(url);
  big.send('join', at('a', { padding: 'x'.repeat(300 * 1024) }));
  await until('the end of a connection with too long a message', () => big.closed, 5);
  const members = await Promise.all(Array.from({ length: 9 }, () => Member.connect(url)));
  for (const [index, member] of members.entries()) {
    member.send('join', { channelName: 'full', userId: `m${index}` });
    const { type, body } = await member.next();
    assert.equal(type, index < 8 ? 'joined' : 'error', JSON.stringify(body));
  }
  members.forEach(member => member.socket.close());
}

// One member's bytes that are no UTF-8 end its own connection and reach nobody.
async function closesWhoSendsNoText(url) {
  const friend = await Member.connect(url);
  friend.send('join', at('friend'));
  await friend.next();
  const join = Buffer.from(JSON.stringify({ type: 'join', body: at('NAME') }));
  const place = join.indexOf('NAME');
  for (const bytes of [[0xff, 0xfe, 0x41, 0x41], [0xc0, 0xaf, 0x41, 0x41], [0xed, 0xa0, 0x80, 0x41], [0xf4, 0x90, 0x80, 0x80], [0x41, 0x41, 0x41, 0x80]]) {
    const culprit = await Member.connect(url);
    const text = Buffer.from(join);
    text.set(bytes, place);
    culprit.socket.send(text, { binary: false });
    await until('the end of a connection with a text that is none', () => culprit.closed, 5);
    assert.equal(culprit.closed, 1007);
  }
  const inTwo = await Member.connect(url);
  inTwo.socket.send(Buffer.concat([join.subarray(0, place), Buffer.from([0xe2, 0x82])]), { binary: false, fin: false });
  inTwo.socket.send(join.subarray(place + 4), { binary: false });
  await until('the end of a connection with a broken character', () => inTwo.closed, 5);
  assert.equal(inTwo.closed, 1007);
  const binary = await Member.connect(url);
  binary.socket.send(join);
  await until('the end of a connection with bytes', () => binary.closed, 5);
  assert.equal(binary.closed, 1003);
  const split = await Member.connect(url);
  const euro = Buffer.from(JSON.stringify({ type: 'join', body: at('€') }));
  const middle = euro.indexOf(Buffer.from('€')) + 1;
  split.socket.send(euro.subarray(0, middle), { binary: false, fin: false });
  split.socket.send(euro.subarray(middle), { binary: false });
  await split.expect('joined', at('€', { members: ['friend', '€'] }));
  await friend.expect('joined', at('€', { members: ['friend', '€'] }));
  assert.equal(friend.received.length, 0);
  split.socket.close();
  friend.socket.close();
}

// Who does not read keeps its place; who floods it is told, and is not taken down with it.
async function boundsWhatWaits(url) {
  const sleeper = await Member.connect(url);
  const busy = await Member.connect(url);
  sleeper.send('join', at('sleeper'));
  await sleeper.next();
  busy.send('join', at('busy'));
  await busy.next();
  sleeper.socket._socket.pause();
  const sdp = 'x'.repeat(200000);
  let refused;
  for (let i = 0; i < 200 && !refused; i++) {
    busy.send('send_offer', at('sleeper', { sdp }));
    busy.send('quit', at('nobody')); // its refusal says that the offer was dealt with
    await until('an answer', () => busy.received.some(({ body }) => body.refused === 'quit'), 5);
    refused = busy.received.splice(0).find(({ body }) => body.refused === 'send_offer');
  }
  assert.match(refused.body.message, /does not take its messages/);
  sleeper.socket._socket.resume();
  const texts = await until('what waited', () => sleeper.received.length > 3 && sleeper.received, 10);
  assert.ok(texts.every(({ type, body }) => type === 'joined' || body.sdp === sdp));
  assert.equal(sleeper.closed, undefined);
  sleeper.socket.close();
  await busy.expect('quit', at('sleeper', { vanished: true }));
  busy.socket.close();
}

// Who has no room for the news of its channel can not stay, though it says that it lives.
async function removesWhoMissesNews(url) {
  const sleeper = await Member.connect(url);
  const [busy, fickle] = [await Member.connect(url), await Member.connect(url)];
  sleeper.send('join', at('sleeper'));
  await sleeper.next();
  busy.send('join', at('busy'));
  await busy.next();
  sleeper.socket._socket.pause();
  const isGone = () => busy.received.find(({ type, body }) => type === 'quit' && body.userId === 'sleeper');
  const sdp = 'x'.repeat(100000);
  const isFull = () => busy.received.some(({ body }) => body.refused === 'send_offer');
  await until('the end of the one that does not read', async () => {
    sleeper.socket.pong();
    for (let i = 0; i < 50; i++) {
      if (!isFull()) {
        busy.send('send_offer', at('sleeper', { sdp })); // what may be refused fills the half of the room
      }
      fickle.send('join', at('fickle'));
      fickle.send('quit', at('fickle'));
    }
    const before = fickle.received.length;
    await until('the fickle one', () => fickle.received.length > before, 10);
    return isGone();
  }, 60);
  assert.deepEqual(isGone().body, at('sleeper', { vanished: true }));
  [sleeper, busy, fickle].forEach(({ socket }) => socket.terminate());
}

async function refusesOtherSites(url) {
  await assert.rejects(Member.connect(url, { origin: 'http://elsewhere.example' }));
  const own = await Member.connect(url, { origin: url.replace(/\/$/, '') });
  own.socket.close();
}

async function main(binary) {
  const program = new CallProgram(binary, ['--signaling-only', '--port', '0']);
  const url = await program.url();
  for (const test of [async () => announces(url, await relays(url)), keepsChannelsApart, refusesBadMessages, bounds, closesWhoSendsNoText, boundsWhatWaits, removesWhoMissesNews, refusesOtherSites]) {
    await test(url);
  }
  assert.equal(await program.stop(), 0, program.output);
  console.log('signalling: all passed');
}

main(process.argv[2]).then(() => process.exit(0), error => {
  console.error(error);
  process.exit(1);
});
