// SPDX-License-Identifier: MIT
// Two of our `peer` programs in a call: recordings that a player can read, a file sent, messages echoed, and the ways to end.
// Usage: peer_to_peer.js PEER_BINARY
'use strict';
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const checks = require('./checks');
const { OurPeer, link, withoutUdp } = require('./peers');
const { until } = require('./wait');

const FILE_BYTES = 5000000;

async function start(binary, offerArguments, answerArguments, pass) {
  const caller = new OurPeer(binary, ['--offer', '--seconds', '60', ...offerArguments]);
  const callee = new OurPeer(binary, ['--answer', '--seconds', '60', ...answerArguments]);
  callee.name = 'the answering side';
  link(caller, callee, pass);
  await checks.connected(caller, callee);
  return { caller, callee };
}

async function end(...peers) {
  for (const peer of peers) {
    assert.equal(await peer.close(), 0, peer.stderr);
    checks.summaryIsSound(peer, { media: false });
    assert.equal(peer.lines.at(-1).type, 'summary');
  }
}

// Frames that a player finds in a file; the player must not complain.
function framesIn(file) {
  const { stdout, stderr, status } = spawnSync('ffprobe', ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,nb_read_frames', '-of', 'csv=p=0', file],
    { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  const [codec, frames] = stdout.trim().split(',');
  return { codec, frames: Number(frames) };
}

const inboundVideo = ({ statistics }) => statistics.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');

// All that came is shown, and nothing broke the picture off: that would take another keyframe. Counted in frames, for how long each of them stands depends on the machine.
async function showsAllThatCame(callee) {
  const { framesReceived } = inboundVideo(await callee.stats());
  const { framesDropped, keyFramesDecoded } = inboundVideo(await checks.becomes('what came', () => callee.stats(), stats => inboundVideo(stats).framesDecoded >= framesReceived));
  assert.deepEqual({ framesDropped, keyFramesDecoded }, { framesDropped: 0, keyFramesDecoded: 1 });
  return framesReceived;
}

async function records(binary, folder) {
  const [video, audio, picture] = ['video.ivf', 'audio.ogg', 'picture.ppm'].map(name => path.join(folder, name));
  const { caller, callee } = await start(binary, ['--audio', '--video', '--size', '320x240', '--colour', '209040', '--tone', '800'],
    ['--record-video', video, '--record-audio', audio, '--save-frame', picture]);
  await checks.becomes('three seconds of media', () => callee.stats(), ({ video: { framesDecoded }, audio: { seconds } }) => framesDecoded > 90 && seconds > 3);
  await checks.becomes('the tone', async () => (await callee.stats()).audio.toneHz, hz => Math.abs(hz - 800) < 8);
  const shown = await showsAllThatCame(callee);
  await end(callee, caller);
  const { frames, codec } = framesIn(video);
  assert.ok(codec === 'vp8' && shown > 90 && frames >= shown, `${frames} frames of ${codec}, ${shown} shown`);
  const sound = framesIn(audio);
  assert.ok(sound.codec === 'opus' && sound.frames >= 140, `${sound.frames} frames of ${sound.codec}`);
  assert.match(fs.readFileSync(picture).subarray(0, 11).toString(), /^P6\n320 240\n/);
}

async function sendsAFile(binary, folder) {
  const file = path.join(folder, 'file');
  fs.writeFileSync(file, Buffer.alloc(FILE_BYTES, 'not all the same, '));
  const { caller, callee } = await start(binary, ['--data', 'file', '--send', file], []);
  await callee.line('the end of the file', ({ text }) => text === 'end of file');
  await end(caller, callee);
  assert.equal(callee.summary.data.bytesReceived, FILE_BYTES + 'end of file'.length);
  assert.equal(callee.summary.data.messagesReceived, Math.ceil(FILE_BYTES / 16384) + 1);
}

async function echoes(binary) {
  const { caller, callee } = await start(binary, ['--data', 'echo', '--messages', '200', '--no-trickle'], ['--echo', '--no-trickle']);
  await until('200 echoes', () => caller.lines.filter(({ event }) => event === 'message').length === 200);
  assert.deepEqual(caller.lines.filter(({ event }) => event === 'message').map(({ text }) => text), Array.from({ length: 200 }, (_, i) => `message ${i}`));
  assert.ok(![...caller.lines, ...callee.lines].some(({ candidate }) => candidate !== undefined), 'candidates although --no-trickle');
  await end(caller, callee);
}

// Where UDP is not signalled: both connect to each other over TCP.
async function overTcp(binary, folder) {
  const file = path.join(folder, 'file');
  fs.writeFileSync(file, Buffer.alloc(FILE_BYTES, 'not all the same, '));
  const { caller, callee } = await start(binary, ['--audio', '--video', '--data', 'file', '--send', file], [], withoutUdp);
  await callee.line('the end of the file', ({ text }) => text === 'end of file', 60);
  await checks.becomes('three seconds of media', () => callee.stats(), ({ video: { framesDecoded }, audio: { seconds } }) => framesDecoded > 60 && seconds > 3);
  for (const peer of [caller, callee]) {
    assert.match((await peer.stats()).selectedPair.local, / tcp$/);
  }
  assert.equal(await caller.close(), 0, caller.stderr);
  assert.equal(await callee.close(), 0, callee.stderr); // its connection was gone before
  assert.equal(callee.summary.data.bytesReceived, FILE_BYTES + 'end of file'.length);
}

async function ends(binary) {
  const bySignal = new OurPeer(binary, ['--offer', '--data', 'x']);
  await bySignal.line('an offer', ({ type }) => type === 'offer');
  bySignal.process.kill('SIGTERM');
  const byInput = new OurPeer(binary, ['--answer']);
  byInput.process.stdin.end();
  const byTime = new OurPeer(binary, ['--answer', '--seconds', '1']);
  for (const peer of [bySignal, byInput, byTime]) {
    assert.equal(await peer.ended, 0, peer.stderr);
    assert.equal(peer.lines.at(-1).type, 'summary');
  }
}

// Each line that asks for nothing there is gets an error that says why, and changes nothing.
async function complains(binary) {
  const lines = [
    ['nonsense', /no JSON object/], ['[]', /no JSON object/], ['{"type":"dance"}', /none of offer, answer/], ['{"type":7}', /neither a type nor a candidate/], ['{"type":"offer"}', /without sdp/],
    ['{"type":"offr","sdp":"v=0"}', /the type is offer, answer/], ['{"type":"offer","sdp":"nonsense"}', /line 1, 'nonsense'/], ['{"candidate":"nonsense"}', /sdp_mid/], ['{"candidate":7}', /neither/],
    ['{"candidate":"x","sdpMid":7,"sdpMLineIndex":0}', /sdpMid or usernameFragment is no text/], ['{"type":"add","what":"channel","label":7}', /the label is no text/],
    ['{"candidate":"x","sdpMLineIndex":-1}', /sdpMLineIndex is no number/], ['{"candidate":"x","sdpMLineIndex":"0"}', /sdpMLineIndex is no number/], ['{"type":"add","what":"smell"}', /audio, video or channel/],
    ['{"type":"send","text":"x"}', /there is no channel/], ['x'.repeat(1500000), /longer than 1 MiB/],
  ];
  const bad = new OurPeer(binary, ['--answer']);
  bad.process.stdin.write(lines.map(([text]) => `${text}\n`).join(''));
  await until('all complaints', () => bad.errors().length === lines.length, 10);
  bad.errors().forEach(({ detail }, index) => assert.match(detail, lines[index][1], lines[index][0].slice(0, 80)));
  bad.process.stdin.end('{"type":"dance"}'); // a last line without its end
  assert.equal(await bad.ended, 0);
  assert.equal(bad.errors().length, lines.length + 1);
  const channel = new OurPeer(binary, ['--offer', '--data', 'x']);
  await channel.line('an offer', ({ type }) => type === 'offer');
  channel.process.stdin.write(['{"type":"send","text":"early"}', '{"type":"send","label":"y","text":"z"}', '{"type":"send"}', '{"type":"send","size":-1}', '{"type":"send","label":7,"size":1}'].map(text => `${text}\n`).join(''));
  await until('five complaints', () => channel.errors().length === 5, 10);
  const details = channel.errors().map(({ detail }) => detail);
  [/open|connecting/, /no channel with this label/, /a text, or a size/, /a text, or a size/, /label is no text/].forEach((pattern, index) => assert.match(details[index], pattern));
  assert.equal(await channel.close(), 0);
  for (const [args, pattern] of [[['--external', 'garbage'], /external_addresses: 'garbage'/], [['--allow', '10.0.0.0/99'], /ice_allow: '10\.0\.0\.0\/99'/]]) {
    const refused = new OurPeer(binary, ['--answer', ...args]);
    assert.equal(await refused.ended, 1);
    assert.match(refused.stderr, pattern);
  }
}

async function main(binary) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'interop-peer-'));
  try {
    await records(binary, folder);
    await sendsAFile(binary, folder);
    await echoes(binary);
    await overTcp(binary, folder);
    await ends(binary);
    await complains(binary);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
  console.log('peer to peer: passed');
}

main(process.argv[2]).then(() => process.exit(0), error => {
  console.error(error);
  process.exit(1);
});
