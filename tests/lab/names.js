// SPDX-License-Identifier: MIT
// Peers that hide their addresses behind .local names, on one local network: two network namespaces, a and b, joined by a cable. Our peer program is in b; a has another one, or
// a browser. A firewall at one end lets in nothing but answers and multicast DNS, so that a call stands only if that end learns the address behind the other's name: what it
// sends there opens the way.
// Usage: names.js PEER ours|chromium|firefox
'use strict';
const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const { installed, startBrowser } = require('../interop/browsers');
const { PagePeer, ProcessPeer, link } = require('../interop/peers');
const { IP, begin, ip, nameOf, obstacle, within } = require('./namespaces');

const ADDRESSES = { a: ['198.51.100.1/24', 'fd77::1/64'], b: ['198.51.100.2/24', 'fd77::2/64'] };
const FIREWALL = ['type filter hook input priority 0; policy drop;', 'iifname "lo" accept', 'ct state established,related accept', 'udp dport 5353 accept',
  'meta l4proto { icmp, ipv6-icmp } accept'];

const CASES = [
  { name: 'they hide, we learn it', firewall: 'b', hide: [] },
  { name: 'both hide, we learn it', firewall: 'b', hide: ['--hide-addresses'] },
  { name: 'both hide, they learn it', firewall: 'a', hide: ['--hide-addresses'] },
];

function layCable(names) {
  for (const name of Object.values(names)) {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  ip('-n', names.a, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', names.b);
  for (const [side, addresses] of Object.entries(ADDRESSES)) {
    for (const address of addresses) {
      ip('-n', names[side], 'addr', 'add', address, 'dev', 'eth0', ...address.includes(':') ? ['nodad'] : []);
    }
    ip('-n', names[side], 'link', 'set', 'eth0', 'up');
    ip('-n', names[side], 'route', 'add', 'default', 'dev', 'eth0'); // browsers look for the way out
    ip('-n', names[side], '-6', 'route', 'add', 'default', 'dev', 'eth0');
  }
}

const nft = (name, input) => execFileSync(IP, ['netns', 'exec', name, 'nft', '-f', '-'], { input, stdio: ['pipe', 'ignore', 'inherit'] });

function setFirewall(names, side) {
  for (const name of Object.values(names)) {
    nft(name, 'flush ruleset');
  }
  nft(names[side], `table inet lab {\n chain input {\n${FIREWALL.join('\n')}\n}\n}\n`);
}

function start(names, side, binary, ...args) {
  const [command, ...rest] = [...within(names[side]), binary, '--seconds', '60', '--verbose', ...args];
  return new ProcessPeer(`peer in ${side}`, command, rest);
}

async function startOther(names, binary, kind, browser) {
  if (!browser) {
    return start(names, 'a', binary, '--offer', '--data', 'lab', '--hide-addresses');
  }
  const page = await PagePeer.open(browser, { role: 'offer', audio: false, video: false, data: 'lab' });
  return page;
}

function tellsNoAddress(peer) {
  const texts = peer.lines.flatMap(({ candidate, sdp }) => [candidate ?? '', ...sdp?.split('\n').filter(line => /candidate|^c=/.test(line)) ?? []]);
  const candidates = texts.filter(text => /candidate:/.test(text) && !/typ (srflx|relay)/.test(text));
  assert.ok(candidates.length > 0, `${peer.name} has no candidates`);
  for (const text of texts) {
    assert.ok(!/198\.51\.100|fd77::/.test(text), `${peer.name} tells its address: ${text}`);
  }
  for (const text of candidates) {
    assert.match(text, /[0-9a-f-]{36}\.local /, `${peer.name}: ${text}`);
  }
}

const selectedRemote = lines => lines.find(({ type }) => type === 'stats' || type === 'summary')?.selectedPair?.remote ?? '';

async function call(names, binary, kind, browser, { name, firewall, hide }) {
  setFirewall(names, firewall);
  const other = await startOther(names, binary, kind, browser);
  const ours = start(names, 'b', binary, '--answer', '--echo', ...hide);
  const from = performance.now();
  try {
    link(other, ours);
    await other.begin?.();
    await Promise.all([other, ours].map(peer => peer.event('connectionState', 'connected', 30)));
    const ms = performance.now() - from;
    await other.line('an open channel', ({ event, state }) => event === 'channel' && state === 'open');
    await other.write({ type: 'send', text: 'hello' });
    assert.equal((await other.nextMessage()).text, 'hello');
    const { selectedPair } = await ours.stats();
    tellsNoAddress(other);
    if (hide.length > 0) {
      tellsNoAddress(ours);
    }
    if (firewall === 'b') {
      assert.match(selectedPair.remote, /^host [0-9a-f-]{36}\.local:\d+ udp$/, 'the name that was resolved');
    }
    console.log(`${kind}: ${name}: connected after ${ms.toFixed(0)} ms, ${selectedPair.local} -> ${selectedPair.remote}`);
  } catch (error) {
    console.error(`FAILED ${kind}: ${name}\n${[other, ours].map(peer => `${peer.sdp()}\n${JSON.stringify(peer.lines.filter(({ candidate }) => candidate), null, 1)}\n${peer.stderr}`).join('\n')}`);
    throw error;
  } finally {
    await Promise.all([other.close().catch(() => {}), ours.close()]);
  }
}

// In namespace a, where a browser's debugging port is to be reached.
async function inside(a, b, binary, kind) {
  const names = { a, b };
  const browser = kind === 'ours' ? undefined : await startBrowser(kind, { hideAddresses: true });
  try {
    for (const one of CASES) {
      await call(names, binary, kind, browser, one);
    }
  } finally {
    await browser?.close();
  }
}

function outside(binary, kind) {
  const reason = obstacle({ nft: 'nftables' }) ?? (kind !== 'ours' && !installed(kind) ? `${kind} is not installed` : undefined);
  if (reason) {
    console.log(`skipped: ${reason}`);
    return 77;
  }
  begin();
  const names = { a: nameOf('a'), b: nameOf('b') };
  layCable(names);
  const [command, ...rest] = [...within(names.a), process.execPath, __filename, '--inside', names.a, names.b, binary, kind];
  return spawnSync(command, rest, { stdio: 'inherit' }).status ?? 1;
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--inside') {
  inside(...rest).then(() => process.exit(0), error => {
    console.error(error);
    process.exit(1);
  });
} else {
  process.exit(outside(first, rest[0]));
}
