// SPDX-License-Identifier: MIT
// A page in a browser that runs in a namespace, as a peer of a call.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { installed } = require('../interop/browsers');
const { PagePeer } = require('../interop/peers');

// A page may use a microphone only where it came from a safe place, such as its own host. Nothing listens there: the driver answers for it.
const URL = 'http://127.0.0.1/';

const INTEROP = path.join(__dirname, '../interop');
const MEDIA = [{ name: 'LabMedia', file: path.join(__dirname, 'page_media.js') }, { name: 'PageMedia', file: path.join(INTEROP, 'page_media.js') }];

// Why there can be no page; undefined when there can.
function browserObstacle() {
  try {
    require.resolve('playwright-core', { paths: [INTEROP] });
  } catch {
    return 'the npm packages of tests/interop are not installed';
  }
  return installed('chromium') ? undefined : 'Chromium is not installed';
}

class LabPage extends PagePeer {
  // `media`: LabMedia sends a picture that is hard on a link, PageMedia sends the fake devices and sees colours and tones; or a class of one's own, { name, file }.
  static async open(browser, options, media) {
    const { name, file: mediaFile } = MEDIA.find(one => one.name === media) ?? media;
    const peer = new LabPage('chromium');
    peer.page = await browser.newPage();
    await peer.page.page.route(`${URL}**`, route => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>lab</title><body></body>' }));
    await peer.page.open(URL);
    for (const file of [path.join(INTEROP, 'standard_peer.js'), mediaFile]) {
      await peer.page.evaluate(`() => { ${fs.readFileSync(file, 'utf8')} }`);
    }
    await peer.page.evaluate(async (given, kind) => {
      globalThis.lines = [];
      globalThis.peer = new StandardPeer({ RTCPeerConnection, options: given, media: new globalThis[kind](), emit: line => lines.push(line) });
    }, options, name);
    return peer;
  }

  // The selected pair, in the words of our program's summary.
  async path() {
    return this.page.evaluate(async () => {
      const all = await globalThis.peer.connection.getStats();
      const transport = [...all.values()].find(({ type }) => type === 'transport');
      const pair = all.get(transport?.selectedCandidatePairId);
      const end = id => {
        const { candidateType, address, port, protocol, relayProtocol } = all.get(id);
        return `${candidateType} ${address}:${port} ${protocol}${relayProtocol ? ` over ${relayProtocol}` : ''}`;
      };
      return pair && { local: end(pair.localCandidateId), remote: end(pair.remoteCandidateId) };
    });
  }
}

module.exports = { LabPage, browserObstacle };
