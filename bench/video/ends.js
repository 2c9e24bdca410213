// SPDX-License-Identifier: MIT
// The ends of a call of bench/link-video, ours (examples/peer) and Chromium, each in a namespace of the network. Both give what they count in the words of webrtc-stats.
'use strict';
const path = require('node:path');
const { startBrowser } = require('../../tests/interop/browsers');
const { ProcessPeer } = require('../../tests/interop/peers');
const { LabPage } = require('../../tests/lab/lab_page');

const MEDIA = { name: 'BenchMedia', file: path.join(__dirname, 'page_media.js') };
const CONNECTED_S = 30;

// Picks what the measures need out of a list of statistics.
function pick(statistics) {
  const ofKind = type => Object.fromEntries(statistics.filter(entry => entry.type === type).map(entry => [entry.kind, entry]));
  const transport = statistics.find(({ type }) => type === 'transport');
  const pair = statistics.find(({ id }) => id === transport?.selectedCandidatePairId);
  const codecs = statistics.filter(({ type }) => type === 'codec').map(({ mimeType }) => mimeType);
  return { sent: ofKind('outbound-rtp'), received: ofKind('inbound-rtp'), availableBps: pair?.availableOutgoingBitrate, codecs };
}

class OurEnd {
  static async start({ network, side, binary, sends, media, settings }) {
    const end = new OurEnd();
    const video = media === 'video' ? ['--video', '--pictures', settings.pictures, '--bitrate', String(settings.maxBps)] : ['--audio', '--voice', '7'];
    const [command, ...rest] = [...network.within(side), binary, sends ? '--offer' : '--answer', ...sends ? video : []];
    end.peer = new ProcessPeer(`ours at ${side}`, command, rest);
    return end;
  }

  async begin() {}

  async connected() {
    await this.peer.event('connectionState', 'connected', CONNECTED_S);
  }

  async sample() {
    return pick((await this.peer.stats()).statistics ?? []);
  }

  async close() {
    await this.peer.close();
  }
}

class ChromiumEnd {
  static async start({ browser, side, sends, media, settings }) {
    const end = new ChromiumEnd();
    Object.assign(end, { sends, media, settings });
    end.peer = await LabPage.open(browser, { role: sends ? 'offer' : 'answer', audio: sends && media === 'audio', video: sends && media === 'video' }, MEDIA);
    end.peer.name = `Chromium at ${side}`;
    await end.peer.page.evaluate((size, fps) => {
      globalThis.benchSize = { width: size[0], height: size[1], frameRate: fps };
    }, settings.size, settings.framesPerSecond);
    return end;
  }

  // A browser sends 720p at most at 2.5 Mbit/s unless it is told another limit.
  async begin() {
    await this.peer.begin();
    if (this.sends && this.media === 'video') {
      await this.peer.page.evaluate(async maxBitrate => {
        for (const sender of globalThis.peer.connection.getSenders()) {
          const parameters = sender.getParameters();
          parameters.encodings[0].maxBitrate = maxBitrate;
          await sender.setParameters(parameters);
        }
      }, this.settings.maxBps);
    }
  }

  async connected() {
    await this.peer.event('connectionState', 'connected', CONNECTED_S);
  }

  async sample() {
    const wanted = ['outbound-rtp', 'inbound-rtp', 'transport', 'candidate-pair', 'codec'];
    return pick(await this.peer.page.evaluate(async types => {
      const all = await globalThis.peer.connection.getStats();
      return [...all.values()].filter(({ type }) => types.includes(type));
    }, wanted));
  }

  async close() {
    await this.peer.close();
  }
}

// The ends of one side, of whatever kind; pages share a browser.
class Side {
  static async start(kind, common) {
    const side = new Side();
    Object.assign(side, { kind, common, ends: [] });
    if (kind === 'chromium') {
      const { network, settings } = common;
      const flags = [`--use-file-for-fake-video-capture=${settings.pictures}`, `--use-file-for-fake-audio-capture=${settings.voice}`,
        '--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding'];
      side.browser = await startBrowser('chromium', { within: network.within(common.side), flags });
    }
    return side;
  }

  async add() {
    const end = await (this.kind === 'chromium' ? ChromiumEnd.start({ ...this.common, browser: this.browser }) : OurEnd.start(this.common));
    this.ends.push(end);
    return end;
  }

  async close() {
    await Promise.allSettled(this.ends.map(end => end.close()));
    await this.browser?.close();
  }
}

module.exports = { Side };
