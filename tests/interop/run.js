// SPDX-License-Identifier: MIT
// Runs calls between our `peer` program and another peer.
// Usage: run.js PEER_BINARY OTHER [--tcp] [--snap] [SCENARIO...]; OTHER: chromium, firefox, wrtc, aiortc or node-datachannel. Ends with 77 when that is not installed.
// --tcp: candidates for UDP are kept from both sides. --snap: both sides offer a=sctp-init, and must have answered it.
'use strict';
const path = require('node:path');
const { installed, startBrowser } = require('./browsers');
const { OUR_MEDIA_ARGS } = require('./checks');
const { OurPeer, PagePeer, ProcessPeer, link, withoutUdp } = require('./peers');
const scenarios = require('./scenarios');

const both = (name, options) => [[`${name} we-offer`, setup => scenarios[name](setup, 'offer', options)], [`${name} we-answer`, setup => scenarios[name](setup, 'answer', options)]];
const BROWSER_SCENARIOS = [...both('everything'), ...both('trackLater'), ...both('channelLater'), ...both('weAddLater'), ...both('restarts'), ...both('dataOnly'), ...both('liteServer'),
  ...both('statistics'), ...both('otherHangsUp'), ...both('weHangUp'), ...both('transportStopped'), ...both('weStopTransport'), ...both('maxBundle').slice(0, 1), ...both('tones'),
  ...both('maxCompat'), ...both('unbundled')];

const OTHERS = {
  chromium: { scenarios: [...BROWSER_SCENARIOS, ['layers we-answer', setup => scenarios.layers(setup, 'answer')]] },
  firefox: { scenarios: BROWSER_SCENARIOS },
  wrtc: { command: process.execPath, script: 'others/wrtc.js', scenarios: [...both('everything'), ...both('trackLater'), ...both('channelLater'), ...both('dataOnly'), ...both('restarts', { media: false }), ...both('maxBundle').slice(0, 1)] },
  'node-datachannel': { command: process.execPath, script: 'others/node_datachannel.js', scenarios: both('dataOnly') },
  aiortc: { command: '/usr/bin/python3', script: 'others/aiortc_peer.py', probe: ['-c', 'import aiortc'], noTrickle: true,
    scenarios: [...both('everything', { largest: 60000 }), ...both('dataOnly', { largest: 60000 })] },
};

function ourArguments({ ourRole, audio, video, data, lite, maxBundle, maxCompat }, { noTrickle }, snap) {
  const args = [`--${ourRole}`, '--seconds', '90', ...OUR_MEDIA_ARGS];
  const flags = { '--audio': audio, '--video': video, '--no-trickle': noTrickle, '--max-bundle': maxBundle, '--max-compat': maxCompat, '--sctp-init': snap };
  args.push(...Object.keys(flags).filter(flag => flags[flag]));
  if (lite) {
    args.push('--lite', '--port', String(20000 + process.pid % 10000));
  }
  return data && ourRole === 'offer' ? [...args, '--data', data] : args;
}

async function startOther(kind, browser, options) {
  if (browser) {
    const peer = await PagePeer.open(browser, options);
    await peer.begin();
    return peer;
  }
  return new ProcessPeer(kind, OTHERS[kind].command, [path.join(__dirname, OTHERS[kind].script), JSON.stringify(options)]);
}

async function isThere(kind) {
  if (kind === 'chromium' || kind === 'firefox') {
    return installed(kind);
  }
  const { probe, command } = OTHERS[kind];
  return probe === undefined || require('node:child_process').spawnSync(command, probe).status === 0;
}

function tellFailure(name, error, peers) {
  console.error(`FAILED ${name}: ${error.stack}`);
  for (const peer of peers) {
    const told = peer.lines.filter(({ event }) => event).map(line => JSON.stringify(line).slice(0, 300));
    console.error(`${peer.sdp()}\n--- events of ${peer.name}\n${told.slice(-40).join('\n')}\n--- errors of ${peer.name}\n${peer.stderr.slice(-4000)}`);
  }
}

function sctpInits(peer) {
  return peer.lines.filter(({ sdp }) => sdp).map(({ sdp }) => /^a=sctp-init:(\S+)/m.exec(sdp)?.[1]);
}

async function runOne(binary, kind, { browser, tcp, snap }, name, scenario) {
  const peers = [];
  const begin = Date.now();
  const setup = async options => {
    const ours = new OurPeer(binary, ourArguments(options, OTHERS[kind], snap));
    peers.push(ours);
    const { ourRole, data, lite, maxBundle, maxCompat, pass, ...media } = options;
    const other = await startOther(kind, browser, { role: ourRole === 'offer' ? 'answer' : 'offer', data: ourRole === 'answer' ? data : undefined, ...media });
    peers.push(other);
    ours.overTcp = tcp;
    link(ours, other, tcp ? withoutUdp : pass);
    return { ours, other };
  };
  try {
    await scenario(setup);
    if (snap && !peers.every(peer => sctpInits(peer).some(Boolean))) {
      throw new Error(`a side has no a=sctp-init: ${JSON.stringify(peers.map(sctpInits))}`);
    }
    console.log(`passed ${kind} ${name}${tcp ? ' over TCP' : ''} (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    tellFailure(`${kind} ${name}`, error, peers);
    return false;
  } finally {
    await Promise.all(peers.map(peer => peer.close().catch(() => {})));
  }
}

async function main(binary, kind, ...args) {
  const tcp = args.includes('--tcp');
  const snap = args.includes('--snap');
  const wanted = args.filter(arg => !['--tcp', '--snap'].includes(arg));
  if (!await isThere(kind)) {
    console.log(`${kind} is not installed`);
    return 77;
  }
  const chosen = OTHERS[kind].scenarios.filter(([name]) => wanted.length === 0 || wanted.some(part => name.startsWith(part)));
  if (chosen.length === 0) {
    throw new Error(`no scenario of ${kind} is called ${wanted}`);
  }
  const browser = OTHERS[kind].command ? null : await startBrowser(kind, snap ? { flags: ['--force-fieldtrials=WebRTC-Sctp-Snap/Enabled/'] } : {});
  let failed = 0;
  for (const [name, scenario] of chosen) {
    failed += !await runOne(binary, kind, { browser, tcp, snap }, name, scenario);
  }
  await browser?.close();
  return failed === 0 ? 0 : 1;
}

main(...process.argv.slice(2)).then(code => process.exit(code), error => {
  console.error(error);
  process.exit(1);
});
