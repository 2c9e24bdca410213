// SPDX-License-Identifier: MIT
// A call between two peer programs, at a and b of a NAT network: a offers.
'use strict';
const { becomes, near, rgb } = require('../interop/checks');
const { OurPeer, link } = require('../interop/peers');
const { until } = require('../interop/wait');
const { pathOf, settledPaths } = require('./nat_path');
const { CREDENTIAL, USERNAME } = require('./turn_server');

const MESSAGES = 20;
// The picture's clock is where its colour is taken.
const COLOUR_TOLERANCE = 60;
const LOOKS = { a: { colour: [208, 48, 48], tone: 500 }, b: { colour: [32, 96, 192], tone: 800 } };

const hex = colour => colour.map(value => value.toString(16).padStart(2, '0')).join('');

// What an application would give a peer for its way through this network.
function serverArguments(turn) {
  return [...turn.stunUrls().flatMap(url => ['--stun', url]), ...turn.turnUrls().flatMap(url => ['--turn', url]), '--username', USERNAME, '--credential', CREDENTIAL, '--authorities',
    turn.certificate];
}

class NatCall {
  static start(network, binary, { media = false, servers = serverArguments(network.turn), more = { a: [], b: [] } } = {}) {
    const call = new NatCall();
    for (const [side, role] of Object.entries({ a: ['--offer', '--data', 'chat'], b: ['--answer', '--echo'] })) {
      const look = media ? ['--audio', '--video', '--colour', hex(LOOKS[side].colour), '--tone', String(LOOKS[side].tone)] : [];
      const [command, ...rest] = [...network.within(side), binary, ...role, ...look, ...servers, ...more[side]];
      call[side] = new OurPeer(command, rest);
      call[side].name = side;
    }
    link(call.a, call.b);
    return call;
  }

  peers() {
    return [this.a, this.b];
  }

  // Gives the milliseconds until both were connected.
  async connected(seconds = 20) {
    const events = await Promise.all(this.peers().map(peer => peer.event('connectionState', 'connected', seconds)));
    return Math.max(...events.map(({ ms }) => ms));
  }

  // Messages go to b and come back.
  async messagesCross() {
    await this.a.line('an open channel', ({ event, state }) => event === 'channel' && state === 'open');
    const before = this.a.lines.filter(({ event }) => event === 'message').length;
    for (let i = 0; i < MESSAGES; i++) {
      await this.a.write({ type: 'send', text: `message ${i}` });
    }
    await until('the messages to come back', () => this.a.lines.filter(({ event }) => event === 'message').length >= before + MESSAGES);
  }

  // Each sees the other's colour and hears the other's tone.
  async mediaCross(seconds = 20) {
    await Promise.all([[this.a, LOOKS.b], [this.b, LOOKS.a]].map(([peer, look]) => becomes(`the other's picture and tone at ${peer.name}`, async () => {
      const { video, audio } = await peer.stats();
      return { video, audio };
    }, ({ video, audio }) => video.framesDecoded > 15 && near(rgb(video.leftYuv), look.colour, COLOUR_TOLERANCE) && near(rgb(video.rightYuv), look.colour, COLOUR_TOLERANCE) &&
      Math.abs(audio.toneHz - look.tone) < 15, seconds)));
  }

  // a offers anew with new credentials of ICE.
  async restart() {
    await this.a.write({ type: 'restart' });
  }

  // The path at either side, once it is the same and passes the check, which throws what it misses: a relayed path is not settled on at once, and until then each side may send
  // by its own.
  paths(check = () => {}, seconds = 5) {
    return settledPaths(async () => {
      const [a, b] = await Promise.all(this.peers().map(async peer => pathOf((await peer.stats()).selectedPair)));
      return { a, b };
    }, check, seconds);
  }

  // What both had to say, for when something went wrong.
  tell() {
    for (const peer of this.peers()) {
      const told = peer.lines.filter(({ event }) => event && event !== 'message').map(line => JSON.stringify(line));
      const candidates = peer.lines.filter(({ candidate }) => candidate).map(({ candidate }) => candidate);
      console.log(`--- ${peer.name}\n${candidates.join('\n')}\n${told.join('\n')}\n${peer.stderr}`);
    }
  }

  // Ends both. Throws when one did not end well.
  async stop() {
    const codes = await Promise.all(this.peers().map(peer => peer.close()));
    for (const peer of this.peers()) {
      if (peer.status !== 0 || peer.summary?.errors !== 0) {
        throw new Error(`${peer.name} ended with ${codes}: ${peer.summary?.firstError} ${peer.stderr}`);
      }
    }
  }
}

module.exports = { NatCall, serverArguments };
