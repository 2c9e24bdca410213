// SPDX-License-Identifier: MIT
// A call between Chromium in namespace a and the peer program in namespace b. Descriptions and candidates go over the test's own pipes.
'use strict';
const { startBrowser } = require('../interop/browsers');
const { ProcessPeer, link } = require('../interop/peers');
const { LabPage } = require('./lab_page');

const states = peer => peer.lines.filter(({ event }) => event === 'connectionState').map(({ value }) => value);

class Call {
  // The page offers.
  static async start(network, binary, { media = false, data = undefined, flags = [] } = {}) {
    const call = new Call();
    call.network = network;
    call.browser = await startBrowser('chromium', { within: network.within('a'), flags });
    try {
      const [command, ...rest] = [...network.within('b'), binary, '--answer', ...media ? ['--audio', '--video'] : [], ...data ? ['--echo'] : []];
      call.ours = new ProcessPeer('libcrtc', command, rest);
      call.page = await LabPage.open(call.browser, { role: 'offer', audio: media, video: media, data }, 'LabMedia');
      link(call.page, call.ours);
      await call.page.begin();
    } catch (error) {
      await call.stop();
      throw error;
    }
    return call;
  }

  async connected() {
    await this.page.event('connectionState', 'connected');
    await this.ours.event('connectionState', 'connected');
  }

  // What connection states there were, at both ends.
  states() {
    return { page: states(this.page), ours: states(this.ours) };
  }

  // What both ends have counted by now, and what the link has.
  async snapshot() {
    const [page, ours, counts] = await Promise.all([this.page.stats(), this.ours.stats(), this.network.counts()]);
    const { sent, received, pair } = page;
    const outbound = ours.statistics.find(({ type, kind }) => type === 'outbound-rtp' && kind === 'video') ?? {};
    return {
      ms: ours.ms,
      toUs: {
        sent: sent.video?.framesSent ?? 0,
        decoded: ours.video.framesDecoded,
        bytes: sent.video?.bytesSent ?? 0,
        audioSeconds: ours.audio.seconds,
        toneHz: ours.audio.toneHz,
        nacks: sent.video?.nackCount,
        pictureLosses: sent.video?.pliCount,
        longestGapMs: ours.video.longestGapMs,
      },
      toPage: {
        sent: outbound.framesSent ?? 0,
        decoded: received.video?.framesDecoded ?? 0,
        bytes: outbound.bytesSent ?? 0,
        audioSeconds: received.audio?.totalSamplesDuration ?? 0,
        concealedShare: (received.audio?.concealedSamples ?? 0) / (received.audio?.totalSamplesReceived || 1),
        nacks: received.video?.nackCount,
        pictureLosses: received.video?.pliCount,
        freezes: received.video?.freezeCount,
      },
      roundTripMs: 1000 * (pair.currentRoundTripTime ?? 0),
      availableKbps: (pair.availableOutgoingBitrate ?? 0) / 1000,
      ab: counts.ab,
      ba: counts.ba,
    };
  }

  // What both ends have received of parity, and lost.
  async parity() {
    const [page, ours] = await Promise.all([this.page.stats(), this.ours.stats()]);
    const inbound = ours.statistics.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video') ?? {};
    const of = video => ({ received: video?.fecPacketsReceived ?? 0, bytes: video?.fecBytesReceived ?? 0, discarded: video?.fecPacketsDiscarded ?? 0, ssrc: video?.fecSsrc,
      lost: video?.packetsLost ?? 0, nacks: video?.nackCount ?? 0, freezes: video?.freezeCount ?? 0, decoded: video?.framesDecoded ?? 0 });
    return { toUs: of(inbound), toPage: of(page.received.video) };
  }

  // Ends both and gives our summary.
  async stop() {
    await this.page?.close().catch(() => {});
    await this.ours?.close();
    await this.browser.close();
    return this.ours?.lines.find(({ type }) => type === 'summary');
  }
}

module.exports = { Call };
