// SPDX-License-Identifier: MIT
// A session dump beside the one that Chromium writes of the same call, member by member; and read as readers of such dumps read them: states one after another, the sections of
// descriptions, what a candidate is, which pair was selected and what its addresses are, a curve for each number. Usage: dump.js, with CRTC_LIBRARY in the environment. Ends with 77
// when Chromium or the binding's packages are not installed.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { startBrowser } = require('../browsers');
const { becomes } = require('../checks');
const { isThere } = require('./run');

// What `connection` of ours records from now on: a function that gives it.
function record(connection) {
  const { crtc, withOut, make, koffi } = require('../../wpt/library');
  const { handles, check } = require('../../wpt/session');
  const [code, dump] = withOut(slot => crtc.rtc_session_dump_new(handles.get(connection), make('rtc_session_dump_options', { interval_ms: 500 }), slot));
  check(code);
  return () => {
    const [error, text] = withOut(slot => crtc.rtc_session_dump_json(dump, slot));
    check(error);
    return JSON.parse(koffi.decode(text, 'char', -1));
  };
}

// A busy machine's page may take long to write it: the test as a whole has a limit, this has none.
async function dumpOfChromium(page) {
  await page.evaluate(() => { document.querySelectorAll('details').forEach(each => { each.open = true; }); document.getElementById('dump-checkbox').checked = false; });
  const [download] = await Promise.all([page.waitForEvent('download', { timeout: 0 }), page.click('#dump-click-target')]);
  return JSON.parse(fs.readFileSync(await download.path(), 'utf8'));
}

async function call(browser) {
  const { openSides } = require('./sides');
  const { connected, negotiate, sees, midsOf } = require('./checks');
  const internals = await browser.context.newPage(); // it records from when it is there
  await internals.goto('chrome://webrtc-internals/');
  const [ours, theirs] = await openSides(browser, true, { configuration: { bundlePolicy: 'max-bundle' } });
  const recorded = record(ours.side.pc);
  await ours.run(side => { side.useChannel(side.pc.createDataChannel('talk')); side.addPicture([200, 40, 40]); return side.addSound(); });
  await theirs.run(side => { side.addPicture([40, 160, 60]); return side.addSound(); });
  const [offer] = await negotiate(ours, theirs);
  await connected(ours, theirs);
  await sees(theirs, midsOf(offer, 'video')[0], [200, 40, 40]);
  await ours.run(side => side.pc.restartIce());
  await negotiate(ours, theirs);
  await negotiate(theirs, ours);
  const valuesOf = dump => Object.values(dump.PeerConnections)[0]?.stats ?? {};
  const isFull = dump => Object.entries(valuesOf(dump)).some(([name, { statsType, values }]) => statsType === 'inbound-rtp' && name.endsWith('-framesDecoded') && JSON.parse(values).length > 2);
  await becomes('statistics in our dump', async () => (isFull(recorded()) ? true : null), Boolean);
  await becomes('statistics in the other dump', async () => (isFull(await dumpOfChromium(internals)) ? true : null), Boolean, 60);
  return [recorded(), await dumpOfChromium(internals)];
}

const kindOf = value => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
const kindsOf = object => Object.fromEntries(Object.entries(object).map(([name, value]) => [name, kindOf(value)]));

// Every member of the other one's object is in ours, and of the same kind.
function hasAll(ours, theirs, what, without = []) {
  const [mine, wanted] = [kindsOf(ours), kindsOf(theirs)];
  for (const name of Object.keys(wanted).filter(each => !without.includes(each))) {
    assert.equal(mine[name], wanted[name], `${what}: ${name}`);
  }
}

// What a value is: JSON of some kind, with the names of what both must have.
function formOf(value) {
  const parsed = value === '' ? '' : JSON.parse(value);
  const members = ['type', 'sdp', 'candidate', 'sdpMid', 'sdpMLineIndex', 'kind', 'label'].filter(name => typeof parsed === 'object' && name in parsed);
  return `${value === '' ? 'nothing' : kindOf(parsed)} ${members}`;
}

// Events that both had, by type: the forms of their values.
function formsOf({ updateLog }) {
  const forms = new Map();
  for (const { type, value } of updateLog) {
    forms.set(type, (forms.get(type) ?? new Set()).add(formOf(value)));
  }
  return forms;
}

function sameEvents(ours, theirs) {
  const [mine, others] = [formsOf(ours), formsOf(theirs)];
  const common = [...others.keys()].filter(type => mine.has(type));
  for (const type of ['createOffer', 'createOfferOnSuccess', 'setLocalDescription', 'setLocalDescriptionOnSuccess', 'setRemoteDescription', 'setRemoteDescriptionOnSuccess', 'createAnswer',
    'createAnswerOnSuccess', 'onicecandidate', 'addIceCandidate', 'onsignalingstatechange', 'onicegatheringstatechange', 'oniceconnectionstatechange', 'onconnectionstatechange', 'ontrack',
    'transceiverAdded', 'onnegotiationneeded']) {
    assert.ok(common.includes(type), `both have ${type}: ours ${[...mine.keys()]}; theirs ${[...others.keys()]}`);
  }
  for (const type of common) {
    assert.ok([...mine.get(type)].some(form => others.get(type).has(form)) || type === 'createOffer' || type === 'createAnswer', `${type}: ours is ${[...mine.get(type)]}, theirs ${[...others.get(type)]}`);
  }
}

// The series of one dump, by type of statistics and member: the kind of their values.
function seriesOf({ stats }) {
  const found = new Map();
  for (const [name, { statsType, values }] of Object.entries(stats)) {
    const list = JSON.parse(values);
    assert.ok(Array.isArray(list) && list.length > 0, name);
    const last = list.at(-1); // Chromium's page makes numbers of texts that look like some
    found.set(`${statsType} ${name.slice(name.lastIndexOf('-') + 1)}`, /^\d+$/.test(last) ? 'number' : kindOf(last));
  }
  return found;
}

function sameSeries(ours, theirs) {
  const [mine, others] = [seriesOf(ours), seriesOf(theirs)];
  const common = [...others.keys()].filter(name => mine.has(name));
  for (const name of common) {
    assert.equal(mine.get(name), others.get(name), name);
  }
  console.log(`${common.length} series have the same kind of values; of Chromium's alone: ${[...others.keys()].filter(name => !mine.has(name)).length}`);
  assert.ok(common.length > 150, `${common.length} of ${others.size}`);
  const [one, other] = [ours, theirs].map(({ stats }) => Object.values(stats)[0]);
  hasAll(one, other, 'a series');
  for (const { startTime, endTime } of Object.values(ours.stats)) {
    assert.ok(Date.parse(startTime) > 0 && Date.parse(endTime) >= Date.parse(startTime));
  }
}

// The last values, by id.
function lastOf({ stats }) {
  const reports = new Map();
  for (const [name, { statsType, values }] of Object.entries(stats)) {
    const [id, member] = [name.slice(0, name.lastIndexOf('-')), name.slice(name.lastIndexOf('-') + 1)];
    reports.set(id, { ...reports.get(id), type: statsType, [member]: JSON.parse(values).at(-1) });
  }
  return reports;
}

// As readers do.
function isRead({ getUserMedia, PeerConnections, UserAgent }) {
  assert.ok(Array.isArray(getUserMedia) && UserAgent.length > 0);
  const [connection] = Object.values(PeerConnections);
  const states = name => connection.updateLog.filter(({ type }) => type === name).map(({ value }) => JSON.parse(value));
  assert.match(states('onsignalingstatechange').slice(0, 2).join(), /^have-(local|remote)-offer,stable$/);
  assert.ok(states('onconnectionstatechange').includes('connected') && states('oniceconnectionstatechange').includes('connected'));
  JSON.parse(connection.rtcConfiguration);
  for (const { type, value, timestamp } of connection.updateLog) {
    assert.ok(typeof value === 'string' && Number.isFinite(new Date(Number(timestamp)).getTime()), `${type} at ${timestamp}`);
    if (['onicecandidate', 'addIceCandidate'].includes(type)) {
      const { candidate, sdpMid, sdpMLineIndex } = JSON.parse(value);
      assert.match(`${sdpMid} ${sdpMLineIndex}`, /^\S+ \d+$/);
      assert.match(candidate, /^(candidate:\S+ \d (udp|tcp) \d+ \S+ \d+ typ (host|srflx|prflx|relay)|$)/);
    } else if (/^(set(Local|Remote)Description|create(Offer|Answer)OnSuccess)$/.test(type)) {
      const { type: kind, sdp } = JSON.parse(value);
      assert.match(kind, /^(offer|answer)$/);
      assert.equal(sdp.split(/^m=/m).length, 4);
    }
  }
  const reports = [...lastOf(connection)];
  const [, transport] = reports.find(([, { type }]) => type === 'transport');
  const pair = new Map(reports).get(transport.selectedCandidatePairId);
  assert.equal(pair.type, 'candidate-pair');
  for (const id of [pair.localCandidateId, pair.remoteCandidateId]) {
    const candidate = new Map(reports).get(id);
    assert.ok(candidate.address && candidate.port && candidate.protocol && candidate.candidateType && candidate.priority, JSON.stringify(candidate));
  }
}

async function main() {
  if (!isThere('chromium')) {
    return 77;
  }
  const browser = await startBrowser('chromium');
  const [ours, theirs] = await call(browser);
  await browser.close();
  if (process.env.DUMPS) {
    fs.writeFileSync(`${process.env.DUMPS}/ours.json`, JSON.stringify(ours, null, 1));
    fs.writeFileSync(`${process.env.DUMPS}/theirs.json`, JSON.stringify(theirs, null, 1));
  }
  hasAll(ours, theirs, 'the dump', ['cpuPerformance', 'deviceMemory', 'hardwareConcurrency', 'timestamp']); // of the machine and its browser
  const [mine, other] = [ours, theirs].map(({ PeerConnections }) => Object.values(PeerConnections)[0]);
  hasAll(mine, other, 'a connection');
  hasAll(mine.updateLog[0], other.updateLog[0], 'an event');
  sameEvents(mine, other);
  sameSeries(mine, other);
  isRead(theirs); // that the rules are those of what there is
  isRead(ours);
  console.log('dump: passed');
  return 0;
}

main().then(code => process.exit(code), error => {
  console.error(error);
  process.exit(1);
});
