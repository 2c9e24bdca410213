// SPDX-License-Identifier: MIT
// What must hold between two sides: the same sections on both, directions that mirror each other, the right pixels and the right tone.
'use strict';
const assert = require('node:assert/strict');
const { becomes, near } = require('../checks');
const { pause } = require('../wait');
const { MICROPHONE_HZ } = require('../fake_devices');
const { OUR_TONE_HZ } = require('./our_tracks');

const MIRROR = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive', stopped: 'stopped' };

const ANY_MATRIX = 45; // browsers make pictures of canvases by ITU-R BT.709, and we read them by BT.601

const stateOf = side => side.run(each => each.state());

// One negotiation by hand, from `a`; the answer travels so long.
async function negotiate(a, b, options, answerTakesMs = 0) {
  const offer = await a.run((side, given) => side.describe(given), options);
  await b.run((side, description) => side.accept(description), offer);
  const answer = await b.run(side => side.describe());
  await pause(answerTakesMs);
  await a.run((side, description) => side.accept(description), answer);
  return [offer.sdp, answer.sdp];
}

async function connected(...sides) {
  await Promise.all(sides.map(side => becomes(`a connection of ${side.name}`, () => stateOf(side), ({ connection }) => connection === 'connected')));
}

// Both are stable with the same mids and kinds, and what one sends the other receives. Gives the states.
async function agree(a, b) {
  const both = await Promise.all([a, b].map(stateOf));
  const sections = ({ transceivers }) => transceivers.filter(({ mid }) => mid !== null).sort((x, y) => (x.mid < y.mid ? -1 : 1));
  const [mine, theirs] = both.map(sections);
  assert.deepEqual(mine.map(({ mid, kind }) => `${mid} ${kind}`), theirs.map(({ mid, kind }) => `${mid} ${kind}`));
  assert.deepEqual(mine.map(({ currentDirection }) => currentDirection), theirs.map(({ currentDirection }) => MIRROR[currentDirection]));
  for (const { signaling, errors, pendingLocal, pendingRemote } of both) {
    assert.deepEqual({ signaling, errors, pendingLocal, pendingRemote }, { signaling: 'stable', errors: [], pendingLocal: undefined, pendingRemote: undefined });
  }
  return both;
}

const midsOf = (sdp, kind) => [...sdp.matchAll(new RegExp(`^m=${kind} [^]*?^a=mid:(\\S+)`, 'gm'))].map(([, mid]) => mid);
const portsOf = sdp => [...sdp.matchAll(/^m=\w+ (\d+) /gm)].map(([, port]) => Number(port));

const lookAt = (side, mid) => side.run((each, given) => each.seen(given), mid);

// `side` sees a moving picture of this colour in the section.
async function sees(side, mid, colour) {
  const first = await lookAt(side, mid);
  return becomes(`[${colour}] in section ${mid} of ${side.name}`, () => lookAt(side, mid), ({ frames, colour: got }) => frames > first.frames + 5 && near(got, colour, ANY_MATRIX));
}

// Pictures of the section are decoded, whether they are shown or not.
async function decodes(side, mid) {
  const count = () => side.run(async (each, given) => (await each.statistics()).find(one => one.type === 'inbound-rtp' && one.mid === given)?.framesDecoded ?? 0, mid);
  const first = await count();
  await becomes(`pictures in section ${mid} of ${side.name}`, count, frames => frames > first + 5);
}

// No more pictures come.
async function seesNothing(side, mid) {
  await becomes(`no more pictures in section ${mid} of ${side.name}`, async () => {
    const before = await lookAt(side, mid);
    await pause(300);
    return (await lookAt(side, mid)).frames - before.frames;
  }, frames => frames === 0);
}

// `side` hears what the other one's microphone says.
async function hears(side, mid) {
  const hz = side.name === 'libcrtc' ? MICROPHONE_HZ : OUR_TONE_HZ;
  await becomes(`${hz} Hz in section ${mid} of ${side.name}`, () => side.run((each, given) => each.heard(given), mid), got => Math.abs(got - hz) < 15, 30);
}

// This line comes in the log of a side; `after`: not counting those that were there before.
async function logs(side, line, after = 0) {
  await becomes(`"${line}" of ${side.name}`, async () => (await stateOf(side)).log.slice(after), log => log.includes(line));
}

async function logLength(side) {
  return (await stateOf(side)).log.length;
}

module.exports = { agree, connected, decodes, hears, logLength, logs, lookAt, midsOf, negotiate, portsOf, sees, seesNothing, stateOf };
