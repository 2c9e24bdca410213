// SPDX-License-Identifier: MIT
// Chromium behind a router of one kind, our peer program behind one of another: both see and hear each other by the kind of path that theory gives them.
// Usage: nat_browser.js PEER [A-B...]. Chromium is at a and offers. Prints a line a case.
'use strict';
const assert = require('node:assert/strict');
const { startBrowser } = require('../interop/browsers');
const checks = require('../interop/checks');
const { OurPeer, link } = require('../interop/peers');
const { LabPage, browserObstacle } = require('./lab_page');
const { serverArguments } = require('./nat_call');
const { NatNetwork, obstacle } = require('./nat_network');
const { isDirect, pathOf, settledPaths, shown } = require('./nat_path');
const { CREDENTIAL, USERNAME } = require('./turn_server');

// The fixed flags let no name be resolved, which includes the address of a TCP connection, be it to a TURN server or to a peer. They also let any certificate pass.
const RESOLVER = ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE 203.0.113.1, EXCLUDE 10.0.2.2'];

// `page`, `ours`: how that side reaches its own relay, where it must. `withoutTurn`: no server is known. `tcp`: the path is a TCP connection.
const CASES = {
  'port-port': { direct: true },
  'symmetric-symmetric': { direct: false },
  'blockudp-port': { direct: false, page: 'tcp' },
  'only443-port': { direct: false, page: 'tls' },
  'port-blockudp': { direct: false, ours: 'tcp' },
  'symmetric-only443': { direct: false, ours: 'tls' },
  'only443-only443': { direct: false, page: 'tls', ours: 'tls' },
  'blockudp-none': { direct: true, withoutTurn: true, tcp: true },
};

function checkPaths({ direct, tcp = false, ...relays }, paths) {
  for (const [side, path] of Object.entries(paths)) {
    assert.equal(isDirect(path), direct);
    assert.equal(path.local.protocol, tcp ? 'tcp' : 'udp');
    assert.ok(relays[side] ? path.local.over === relays[side] : path.local.type !== 'relay' || path.local.over === 'udp');
  }
}

// Milliseconds between two events of ours.
const msBetween = (ours, first, second) => ours.lines.find(second).ms - ours.lines.find(first).ms;

async function call(browser, network, binary, expected) {
  const { turn } = network;
  const iceServers = expected.withoutTurn ? [] : [{ urls: turn.stunUrls() }, { urls: turn.turnUrls(), username: USERNAME, credential: CREDENTIAL }];
  const [command, ...rest] = [...network.within('b'), binary, '--answer', '--audio', '--video', ...checks.OUR_MEDIA_ARGS, ...expected.withoutTurn ? [] : serverArguments(turn)];
  const ours = new OurPeer(command, rest);
  let page;
  try {
    page = await LabPage.open(browser, { role: 'offer', audio: true, video: true, data: 'talk', iceServers }, 'PageMedia');
    link(page, ours);
    await page.begin();
    await Promise.all([page, ours].map(peer => peer.event('connectionState', 'connected')));
    const ms = msBetween(ours, line => line.value === 'have-remote-offer', line => line.event === 'connectionState' && line.value === 'connected');
    await Promise.all([checks.otherSeesUs(page), checks.weSeeOther(ours, page), checks.otherHearsUs(page), checks.weHearOther(ours)]);
    await checks.messagesCross(ours, page, 65536);
    const read = async () => ({ page: pathOf(await page.path()), ours: pathOf((await ours.stats()).selectedPair) });
    const paths = await settledPaths(read, found => checkPaths(expected, found), 10);
    await page.close();
    assert.equal(await ours.close(), 0, ours.stderr);
    assert.equal(ours.summary.errors, 0, ours.summary.firstError);
    return { ms, paths };
  } catch (error) {
    for (const peer of [page, ours].filter(Boolean)) {
      const told = peer.lines.filter(({ event, candidate }) => (event && event !== 'message') || candidate).map(line => JSON.stringify(line));
      console.log(`--- ${peer.name}\n${told.join('\n')}\n${peer.stderr}`);
    }
    await page?.close().catch(() => {});
    await ours.close();
    throw error;
  }
}

async function runCase(network, binary, name) {
  network.connect(...name.split('-'));
  const browser = await startBrowser('chromium', { within: network.within('a'), flags: RESOLVER });
  try {
    const { ms, paths } = await call(browser, network, binary, CASES[name]);
    console.log(`Chromium ${name}`.padEnd(30), isDirect(paths.page) ? 'direct' : 'relay ', `${Math.round(ms)} ms`.padStart(8), ` page: ${shown(paths.page)}`.padEnd(28), `ours: ${shown(paths.ours)}`);
    return true;
  } catch (error) {
    console.log(`Chromium ${name} FAILED: ${error.message}\n${network.turn.log.slice(-4000)}`);
    return false;
  } finally {
    await browser.close();
  }
}

async function main(binary, ...wanted) {
  const reason = obstacle() ?? browserObstacle();
  if (reason) {
    console.log(`skipped: ${reason}`);
    return 77;
  }
  const names = Object.keys(CASES).filter(name => wanted.length === 0 || wanted.includes(name));
  assert.ok(names.length > 0, `there is no case ${wanted}`);
  const network = await NatNetwork.start('4');
  let failed = 0;
  for (const name of names) {
    failed += !await runCase(network, binary, name);
  }
  await network.stop();
  console.log(`${names.length - failed} of ${names.length} passed`);
  return failed === 0 ? 0 : 1;
}

main(...process.argv.slice(2)).then(code => process.exit(code), error => {
  console.error(error);
  process.exit(1);
});
