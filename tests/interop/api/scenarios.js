// SPDX-License-Identifier: MIT
// Calls whose steps are those of the W3C interface, on either side. Each gets `open`, which gives the two sides; the first one acts, and each scenario is played with us and with
// the browser as that one.
'use strict';
const assert = require('node:assert/strict');
const { becomes, statisticsAgree } = require('../checks');
const { release } = require('./sides');
const { agree, connected, decodes, hears, logLength, logs, lookAt, midsOf, negotiate, portsOf, sees, seesNothing, stateOf } = require('./checks');

const RED = [200, 40, 40];
const GREEN = [40, 160, 60];
const BLUE = [40, 60, 200];

const addPicture = (side, colour) => side.run((each, given) => { each.addPicture(given); }, colour);
const addSound = side => side.run(each => each.addSound());

// A call in which the first side shows red and the other one green.
async function pictures(open, options) {
  const [a, b] = await open(options);
  await addPicture(a, RED);
  await addPicture(b, GREEN);
  const [offer] = await negotiate(a, b);
  await connected(a, b);
  const [mid] = midsOf(offer, 'video');
  await Promise.all([sees(b, mid, RED), sees(a, mid, GREEN)]);
  return [a, b, mid];
}

// Tracks come and go: a track of the peer takes the section that is there, one that is removed is muted and leaves its stream, the next one has a section of its own.
async function tracks(open) {
  const [a, b] = await open();
  await addSound(a);
  await addPicture(a, RED);
  const [offer] = await negotiate(a, b);
  await connected(a, b);
  const [[audio], [video]] = [midsOf(offer, 'audio'), midsOf(offer, 'video')];
  const [, { transceivers }] = await agree(a, b);
  assert.deepEqual(transceivers.map(({ currentDirection }) => currentDirection), ['recvonly', 'recvonly']);
  await Promise.all([sees(b, video, RED), hears(b, audio)]);
  await addPicture(b, GREEN); // in the section that is there
  await addSound(b);
  await negotiate(b, a);
  await Promise.all([sees(a, video, GREEN), hears(a, audio)]);
  assert.equal((await agree(a, b))[0].transceivers.length, 2);
  await a.run(side => side.pc.removeTrack(side.pc.getSenders().find(({ track }) => track.kind === 'video')));
  const before = await logLength(b);
  await negotiate(a, b);
  await Promise.all([logs(b, 'mute video', before), logs(b, 'removetrack video', before), seesNothing(b, video), sees(a, video, GREEN)]);
  const [mine] = await agree(a, b);
  assert.deepEqual(mine.transceivers.map(({ currentDirection }) => currentDirection), ['sendrecv', 'recvonly']);
  await addPicture(a, BLUE);
  const [last] = await negotiate(a, b);
  const [first, fresh] = midsOf(last, 'video'); // a sender that has sent is not used for another track
  assert.equal(first, video);
  await Promise.all([sees(b, fresh, BLUE), sees(a, video, GREEN), hears(b, audio), logs(b, `track video ${fresh}`, before)]);
  await agree(a, b);
}

// A section turns into each direction and back.
async function directions(open) {
  const [a, b, mid] = await pictures(open);
  for (const [direction, aSees, bSees] of [['sendonly', false, true], ['inactive', false, false], ['recvonly', true, false], ['sendrecv', true, true]]) {
    await a.run((side, given) => { side.pc.getTransceivers()[0].direction = given; }, direction);
    await b.run(side => { side.pc.getTransceivers()[0].direction = 'sendrecv'; });
    await negotiate(a, b);
    const [{ transceivers: [mine] }] = await agree(a, b);
    assert.equal(mine.currentDirection, direction);
    await Promise.all([aSees ? sees(a, mid, GREEN) : seesNothing(a, mid), bSees ? sees(b, mid, RED) : seesNothing(b, mid)]);
  }
}

// A stopped section is rejected, its tracks end, and the next one takes its place in the description.
async function recycling(open) {
  const [a, b, mid] = await pictures(open);
  await addSound(a);
  const [grown] = await negotiate(a, b);
  const [audio] = midsOf(grown, 'audio');
  const before = await logLength(b);
  await a.run((side, given) => side.at(given).stop(), audio);
  const [stopping, answer] = await negotiate(a, b);
  assert.deepEqual([portsOf(stopping), portsOf(answer)].map(([, port]) => port), [0, 0]);
  await Promise.all([logs(b, 'ended audio', before), sees(b, mid, RED), sees(a, mid, GREEN)]);
  assert.deepEqual((await agree(a, b)).map(({ transceivers }) => transceivers.length), [1, 1]);
  await b.run((side, colour) => { side.pc.addTransceiver(side.media.picture(colour)); }, BLUE); // the peer recycles it, and with another kind
  const [recycled] = await negotiate(b, a);
  if (b.name !== 'firefox') { // which appends a section for another kind
    assert.deepEqual([portsOf(recycled).length, midsOf(recycled, 'audio').length], [2, 0]);
  }
  const [, fresh] = midsOf(recycled, 'video');
  assert.notEqual(fresh, audio);
  await Promise.all([sees(a, fresh, BLUE), sees(a, mid, GREEN), sees(b, mid, RED)]);
  await agree(a, b);
}

// The peer knows no such section of data and rejects it; what is asked for later is offered in its place, over the connection that there is, and opens.
async function rejectedData(open) {
  const KNOWN = 'UDP/DTLS/SCTP webrtc-datachannel', UNKNOWN = 'UDP/BFCP *';
  const swap = ({ type, sdp }, from, to) => ({ type, sdp: sdp.replace(from, to) });
  const channel = (side, label) => side.run((each, given) => { each.useChannel(each.pc.createDataChannel(given)); }, label);
  const states = side => side.run(each => each.channels.map(({ label, readyState }) => `${label} ${readyState}`));
  const [a, b] = await open();
  await addPicture(a, RED);
  await channel(a, 'refused');
  const offer = await a.run(side => side.describe());
  await b.run((side, description) => side.accept(description), swap(offer, KNOWN, UNKNOWN));
  const answer = await b.run(side => side.describe());
  assert.equal(portsOf(answer.sdp)[1], 0);
  await a.run((side, description) => side.accept(description), swap(answer, /UDP\/BFCP [*0]/, KNOWN));
  await connected(a, b);
  const [mid] = midsOf(offer.sdp, 'video');
  await sees(b, mid, RED);
  await becomes('the end of what was refused', () => states(a), got => got[0] === 'refused closed');
  await channel(a, 'later');
  const [again] = await negotiate(a, b);
  assert.equal(portsOf(again).length, 2); // in the place that it had
  for (const side of [a, b]) {
    await becomes(`an open channel of ${side.name}`, () => states(side), got => got.includes('later open'));
  }
  await a.run(side => { side.channels[1].send('hello'); });
  await logs(b, 'message hello');
  await sees(b, mid, RED);
  await agree(a, b);
}

// An offer is taken back, by the side that made it and by the one that got it, and the call is as it was.
async function rollback(open) {
  const [a, b, mid] = await pictures(open);
  await addPicture(a, BLUE);
  const offer = await a.run(side => side.describe());
  await b.run((side, description) => side.accept(description), offer);
  const [, fresh] = midsOf(offer.sdp, 'video');
  await logs(b, `track video ${fresh}`);
  assert.deepEqual((await Promise.all([a, b].map(stateOf))).map(({ signaling, pendingLocal, pendingRemote }) => [signaling, pendingLocal, pendingRemote]),
    [['have-local-offer', 'offer', undefined], ['have-remote-offer', undefined, 'offer']]);
  await b.run(side => side.pc.setRemoteDescription({ type: 'rollback', sdp: '' }));
  await a.run(side => side.pc.setLocalDescription({ type: 'rollback', sdp: '' }));
  const [mine, theirs] = await agree(a, b);
  assert.deepEqual([mine, theirs].map(({ transceivers }) => transceivers.map(each => each.mid)), [[mid, null], [mid]]);
  await Promise.all([sees(b, mid, RED), sees(a, mid, GREEN)]);
  await addSound(b); // now the other one offers, and what waited goes with the answer's next negotiation
  await negotiate(b, a);
  await negotiate(a, b);
  const [again] = (await agree(a, b))[0].transceivers.filter(each => each.mid !== mid && each.kind === 'video');
  await Promise.all([sees(b, again.mid, BLUE), sees(b, mid, RED), sees(a, mid, GREEN)]);
}

// Both change the call at the same time, twice: their offers cross, the impolite one's counts, and the polite one's changes follow.
async function glare(open, politeFirst) {
  const [a, b] = await open({ politeFirst });
  const collide = async change => {
    for (const side of [a, b]) {
      side.held = [];
    }
    await change();
    await becomes('two offers', () => Promise.all([a, b].map(stateOf)), all => all.every(({ signaling }) => signaling === 'have-local-offer'));
    release(a);
    release(b);
    await becomes('peace', () => Promise.all([a, b].map(stateOf)), all => all.every(({ signaling, transceivers, log }) => signaling === 'stable'
      && transceivers.every(({ mid, currentDirection }) => mid !== null && currentDirection !== null)) && all.some(({ log }) => log.includes('glare')));
  };
  await Promise.all([a, b].map(side => side.run(each => { each.automatic = true; })));
  await collide(() => Promise.all([addPicture(a, RED), addPicture(b, GREEN)]));
  await connected(a, b);
  const [{ transceivers }] = await agree(a, b);
  assert.deepEqual(transceivers.map(({ mid, currentDirection }) => `${mid} ${currentDirection}`), ['0 sendrecv']); // the polite one's track went into the other's section
  await Promise.all([sees(b, '0', RED), sees(a, '0', GREEN)]);
  const [polite, impolite] = politeFirst ? [a, b] : [b, a]; // Chromium never offers a channel whose section it rolled back, and its elements then show no more
  await collide(() => Promise.all([impolite.run(side => { side.useChannel(side.pc.createDataChannel('both')); }), polite.run((side, colour) => { side.pc.addTransceiver(side.media.picture(colour)); }, BLUE)]));
  const [{ transceivers: all }] = await agree(a, b);
  const [fresh] = all.filter(({ mid, kind }) => kind === 'video' && mid !== '0');
  const stillSent = politeFirst ? RED : GREEN;
  await Promise.all([sees(impolite, '0', stillSent), decodes(polite, '0'), sees(impolite, fresh.mid, BLUE)]);
  await becomes('an open channel', () => impolite.run(side => side.channels[0].readyState), state => state === 'open');
}

// A provisional answer opens the way, and the answer closes the exchange.
async function provisional(open) {
  const [a, b] = await open();
  await addPicture(a, RED);
  await addPicture(b, GREEN);
  const offer = await a.run(side => side.describe());
  await b.run((side, description) => side.accept(description), offer);
  const pranswer = await b.run(async side => {
    const { sdp } = await side.pc.createAnswer();
    await side.pc.setLocalDescription({ type: 'pranswer', sdp });
    return { type: 'pranswer', sdp: side.pc.localDescription.sdp };
  });
  await a.run((side, description) => side.accept(description), pranswer);
  const between = await Promise.all([a, b].map(stateOf));
  assert.deepEqual(between.map(({ signaling }) => signaling), ['have-remote-pranswer', 'have-local-pranswer']);
  await connected(a, b);
  const answer = await b.run(side => side.describe());
  await a.run((side, description) => side.accept(description), answer);
  const [mid] = midsOf(offer.sdp, 'video');
  await Promise.all([sees(b, mid, RED), sees(a, mid, GREEN)]);
  const [{ log }] = await agree(a, b);
  assert.deepEqual(log.filter(line => /^(have|stable)/.test(line)), ['have-local-offer', 'have-remote-pranswer', 'stable']);
}

const fragments = sdp => [...sdp.matchAll(/^a=ice-ufrag:(\S+)/gm)].map(([, ufrag]) => ufrag);

// The fragments of both candidates of the pair that a side sends on, when it is nominated.
const nominated = side => side.run(async each => {
  const all = new Map((await each.statistics()).map(one => [one.id, one]));
  const pair = all.get([...all.values()].find(({ type }) => type === 'transport')?.selectedCandidatePairId);
  return pair?.nominated ? [pair.localCandidateId, pair.remoteCandidateId].map(id => all.get(id).usernameFragment) : [];
});

// Other credentials on both sides, by restartIce and by the option of the offer; pictures and messages go on. The second answer takes its time, in which nothing is to happen.
async function iceRestart(open) {
  const [a, b, mid] = await pictures(open);
  let old = fragments((await stateOf(a)).local + (await stateOf(a)).remote);
  for (const options of [undefined, { iceRestart: true }]) {
    const before = await logLength(a);
    if (!options) {
      await a.run(side => side.pc.restartIce());
      await logs(a, 'negotiationneeded', before);
    }
    const fresh = fragments((await negotiate(a, b, options, options ? 300 : 0)).join(''));
    assert.ok(!fresh.some(ufrag => old.includes(ufrag)), `${old} and ${fresh}`);
    await Promise.all([a, b].filter(({ name }) => name !== 'firefox') // which does not tell
      .map(side => becomes(`a pair of the new generation of ${side.name}`, () => nominated(side), pair => pair.length === 2 && pair.every(ufrag => fresh.includes(ufrag)))));
    await Promise.all([sees(b, mid, RED), sees(a, mid, GREEN)]);
    old = fresh;
  }
  const states = await agree(a, b);
  assert.ok(states.every(({ log }) => !log.includes('failed') && !log.includes('disconnected')), JSON.stringify(states.map(({ log }) => log)));
}

// What is no codec of media.
const BESIDE_MEDIA = /\/(rtx|red|ulpfec|flexfec-03|telephone-event|cn)$/;

// Both of these have them.
async function commonCodecs(a, b, kind) {
  const known = side => side.run((each, given) => [...new Set(RTCRtpReceiver.getCapabilities(given).codecs.map(({ mimeType }) => mimeType.toLowerCase()))], kind);
  const theirs = await known(b);
  return (await known(a)).filter(type => theirs.includes(type) && !BESIDE_MEDIA.test(type));
}

// The codec by which a side sends this kind.
const sentBy = (side, kind) => side.run(async (each, given) => {
  const all = await each.statistics();
  const { codecId } = all.find(one => one.type === 'outbound-rtp' && one.kind === given) ?? {};
  return all.find(({ id }) => id === codecId)?.mimeType.toLowerCase();
}, kind);

const namesOf = (sdp, kind) => [...new Set(sdp.split(/^(?=m=)/m).filter(section => section.startsWith(`m=${kind} `))
  .flatMap(section => [...section.matchAll(/^a=rtpmap:\d+ ([\w-]+)\//gm)].map(([, name]) => name.toLowerCase())))].sort();

// The first side offers all that it has; then each codec that both have is the one that is sent when both prefer it, which pixels and tones show. Firefox has H.264 only with a plugin that it
// fetches by itself.
async function codecs(open) {
  const [a, b] = await open();
  for (const [side, colour] of [[a, RED], [b, GREEN]]) {
    await addSound(side);
    await addPicture(side, colour);
  }
  const [offer] = await negotiate(a, b);
  await connected(a, b);
  const [[audio], [video]] = [midsOf(offer, 'audio'), midsOf(offer, 'video')];
  const fine = () => Promise.all([sees(b, video, RED), sees(a, video, GREEN), hears(b, audio), hears(a, audio)]);
  await fine();
  for (const [kind, least] of [['video', ['video/vp8', 'video/vp9']], ['audio', ['audio/opus', 'audio/pcmu', 'audio/pcma']]]) {
    const common = await commonCodecs(a, b, kind);
    assert.ok(least.every(type => common.includes(type)), JSON.stringify(common));
    assert.ok(common.every(type => namesOf(offer, kind).includes(type.slice(6))), `${common} in ${namesOf(offer, kind)}`);
    for (const type of common) {
      for (const side of [a, b]) {
        await side.run((each, given, wanted) => {
          const all = RTCRtpReceiver.getCapabilities(given).codecs;
          each.pc.getTransceivers().find(({ receiver }) => receiver.track.kind === given).setCodecPreferences(all.filter(({ mimeType }) => [wanted, 'video/rtx'].includes(mimeType.toLowerCase())));
        }, kind, type);
      }
      const [narrow] = await negotiate(a, b);
      assert.deepEqual(namesOf(narrow, kind).filter(name => name !== 'rtx'), [type.slice(6)]);
      for (const side of [a, b]) {
        await becomes(`${type} sent by ${side.name}`, () => sentBy(side, kind), got => got === type);
      }
      await fine();
    }
    console.log(`codecs: ${common}`);
  }
}

// Keys of a telephone: both senders tell of each as it begins and of the end, and whoever receives knows them. A page does not show events that it gets, so what is asked of it is that its
// tone is none of ours while one key is held.
async function tones(open) {
  const [a, b] = await open();
  await addSound(a);
  await addSound(b);
  const [offer] = await negotiate(a, b);
  await connected(a, b);
  const [audio] = midsOf(offer, 'audio');
  await Promise.all([hears(a, audio), hears(b, audio)]);
  const press = (side, keys, ms) => side.run((each, given, mid, duration) => {
    const { dtmf } = each.at(mid).sender;
    dtmf.ontonechange = ({ tone }) => each.log.push(`key "${tone}", left "${dtmf.toneBuffer}"`);
    dtmf.insertDTMF(given, duration, 100);
  }, keys, audio, ms);
  for (const side of [a, b]) {
    const before = await logLength(side);
    await press(side, '1d#', 150);
    await logs(side, 'key "", left ""', before);
    assert.deepEqual((await stateOf(side)).log.slice(before), ['key "1", left "D#"', 'key "D", left "#"', 'key "#", left ""', 'key "", left ""']);
  }
  const [ours, theirs] = a.name === 'libcrtc' ? [a, b] : [b, a];
  await press(ours, '5', 6000);
  await becomes('770 and 1336 Hz', () => theirs.run((side, mid) => side.heard(mid), audio), hz => hz > 750 && hz < 1400, 8);
  await Promise.all([hears(a, audio), hears(b, audio)]);
}

// What both say of one call, each of what it sends and of what it gets, is the same. Firefox tells no transport and no codec of what the peer sends.
async function statistics(open) {
  const [a, b] = await open();
  for (const [side, colour] of [[a, RED], [b, GREEN]]) {
    await addSound(side);
    await addPicture(side, colour);
  }
  await negotiate(a, b);
  await connected(a, b);
  const [ours, theirs] = a.name === 'libcrtc' ? [a, b] : [b, a];
  const gather = side => ({ stats: async () => ({ statistics: await side.run(each => each.statistics()) }) });
  await statisticsAgree(gather(ours), gather(theirs));
  if (theirs.name === 'chromium') { // answers to those who tell their time (RFC 3611), and is answered
    for (const side of [a, b]) {
      await becomes(`round trips of what ${side.name} receives`, async () => (await side.run(each => each.statistics())).filter(({ type }) => type === 'remote-outbound-rtp')
        .map(({ totalRoundTripTime, roundTripTimeMeasurements }) => totalRoundTripTime / roundTripTimeMeasurements), trips => trips.length === 2 && trips.every(trip => trip >= 0 && trip < 1), 30);
    }
  }
}

// Another track, none, and one again, and nobody has to negotiate.
async function replacing(open) {
  const [a, b, mid] = await pictures(open);
  const before = await logLength(a);
  const replace = colour => a.run(async (side, given) => side.pc.getSenders()[0].replaceTrack(given && side.media.picture(given)), colour);
  await replace(BLUE);
  await sees(b, mid, BLUE);
  await replace(null);
  await seesNothing(b, mid);
  await replace(GREEN);
  await Promise.all([sees(b, mid, GREEN), sees(a, mid, GREEN)]);
  const [{ log }] = await agree(a, b);
  assert.deepEqual(log.slice(before), []);
}

// As many transports as the policy says until the answer bundles them.
async function bundling(open, bundlePolicy) {
  const [a, b] = await open({ configuration: { bundlePolicy } });
  await addSound(a);
  await addPicture(a, RED);
  await addPicture(b, GREEN);
  await a.run(side => { side.useChannel(side.pc.createDataChannel('talk')); });
  await a.run((side, colour) => { side.pc.addTransceiver(side.media.picture(colour)); }, BLUE);
  const offer = await a.run(side => side.describe());
  const own = { balanced: [true, true, false, true], 'max-compat': [true, true, true, true], 'max-bundle': [true, false, false, false] }[bundlePolicy];
  const kinds = [...offer.sdp.matchAll(/^m=(\w+) /gm)].map(([, kind]) => kind);
  assert.deepEqual(kinds, ['audio', 'video', 'video', 'application']);
  if (a.name === 'libcrtc') { // Chromium writes no bundle-only, and has a transport for each under "balanced"
    assert.deepEqual(offer.sdp.split(/^m=/m).slice(1).map(section => !/^a=bundle-only/m.test(section)), own);
  }
  await b.run((side, description) => side.accept(description), offer);
  await a.run((side, description) => side.accept(description), await b.run(side => side.describe()));
  await connected(a, b);
  const [first, second] = midsOf(offer.sdp, 'video');
  await Promise.all([sees(b, first, RED), sees(a, first, GREEN), sees(b, second, BLUE)]);
  assert.deepEqual((await agree(a, b)).map(({ transports }) => transports), [1, 1]);
  await a.run(side => side.channels[0].send('on the same way'));
  await logs(b, 'message on the same way');
}

// The browser sends three layers of one picture (it takes its time until there is room for the largest), each is shown when it is chosen, and after an offer of either side they are there still.
async function layers(open) {
  const [a, b] = await open();
  const [ours, theirs] = a.name === 'libcrtc' ? [a, b] : [b, a];
  const sizes = { q: 4, h: 2, f: 1 };
  await theirs.run((side, given) => {
    side.pc.addTransceiver(side.media.picture([40, 60, 200], 960, 540), { direction: 'sendonly', sendEncodings: Object.entries(given).map(([rid, scale]) => ({ rid, scaleResolutionDownBy: scale })) });
  }, sizes);
  const [, answer] = await negotiate(theirs, ours);
  assert.match(answer, /a=simulcast:recv q;h;f\r\n/);
  await connected(a, b);
  const [mid] = midsOf(answer, 'video');
  const { crtc } = require('../../wpt/library');
  const { handles, check } = require('../../wpt/session');
  const choose = rid => ours.run((side, given) => { check(crtc.rtc_rtp_receiver_select_rid(handles.get(side.at(given).receiver), rid)); }, mid);
  const shows = async rid => {
    await choose(rid);
    await becomes(`layer ${rid}`, () => lookAt(ours, mid), ({ width }) => width === 960 / sizes[rid], 60);
    await sees(ours, mid, BLUE);
  };
  await shows('q');
  await shows('h');
  await shows('f');
  const [offer, second] = await negotiate(a, b); // of us when we are the first
  assert.match(a === ours ? offer : second, /a=simulcast:recv q;h;f\r\n/);
  await shows('h');
}

// We send three layers. A page has no way to ask for them, so it is told of three sections in place of one, and that the extension that carries the rid carries the mid; what it
// answers becomes the answer of a receiver of simulcast.
const MID_URI = 'urn:ietf:params:rtp-hdrext:sdes:mid';
const RID_URI = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id';

function sectionPerLayer(sdp, rids) {
  const [session, section] = sdp.split(/^(?=m=)/m);
  const common = section.replace(/^a=(rid|simulcast|msid):?.*\r\n/gm, '').replace(/^a=extmap:.*(sdes:mid|repaired-rtp-stream-id)\r\n/gm, '').replace(RID_URI, MID_URI);
  return session.replace(/^a=group:BUNDLE.*$/m, `a=group:BUNDLE ${rids.join(' ')}`)
    + rids.map(rid => common.replace(/^a=mid:.*$/m, `a=mid:${rid}\r\na=msid:${rid} ${rid}`)).join('');
}

function oneSection(sdp, rids, offer) {
  const [session, section] = sdp.split(/^(?=m=)/m);
  const [, mid] = /^a=mid:(.*)\r$/m.exec(offer);
  const [midLine] = offer.match(new RegExp(`^a=extmap:\\d+ ${MID_URI}\\r\\n`, 'm'));
  return session.replace(/^a=group:BUNDLE.*$/m, `a=group:BUNDLE ${mid}`)
    + section.replace(MID_URI, RID_URI).replace(/^a=mid:.*\r\n/m, `a=mid:${mid}\r\n${midLine}`) + rids.map(rid => `a=rid:${rid} recv\r\n`).join('') + `a=simulcast:recv ${rids.join(';')}\r\n`;
}

async function layersSent(open) {
  const [ours, theirs] = await open();
  const sizes = { q: 4, h: 2, f: 1 };
  const rids = Object.keys(sizes);
  for (const [from, mid] of [[ours, rids[0]], [theirs, '0']]) {
    const pass = from.onLine;
    from.onLine = ({ candidate }) => pass({ candidate: { ...candidate, sdpMid: mid, sdpMLineIndex: 0 } });
  }
  await ours.run((side, given) => {
    side.pc.addTransceiver(side.media.picture([40, 60, 200], 960, 540), { direction: 'sendonly', sendEncodings: Object.entries(given).map(([rid, scale]) => ({ rid, scaleResolutionDownBy: scale })) });
  }, sizes);
  const offer = await ours.run(side => side.describe());
  assert.match(offer.sdp, /a=simulcast:send q;h;f\r\n/);
  await theirs.run((side, description) => side.accept(description), { type: 'offer', sdp: sectionPerLayer(offer.sdp, rids) });
  const answer = await theirs.run(side => side.describe());
  await ours.run((side, description) => side.accept(description), { type: 'answer', sdp: oneSection(answer.sdp, rids, offer.sdp) });
  await connected(ours, theirs);
  for (const rid of rids) {
    await becomes(`layer ${rid}`, () => lookAt(theirs, rid), ({ width }) => width === 960 / sizes[rid], 60);
    await sees(theirs, rid, BLUE);
  }
  const sent = (await ours.run(side => side.statistics())).filter(({ type }) => type === 'outbound-rtp');
  assert.deepEqual(sent.map(({ rid, frameWidth, scalabilityMode }) => [rid, frameWidth, scalabilityMode]), rids.map(rid => [rid, 960 / sizes[rid], 'L1T3']));
}

// How long a browser is to hold our pictures back: it keeps to that, also when it changes. The browser offers the extension with any picture, we ask for it.
async function playoutDelay(open) {
  const [a, b] = await open();
  const [ours, theirs] = a.name === 'libcrtc' ? [a, b] : [b, a];
  const uri = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';
  const ask = (...delay) => ours.run((side, [least, most]) => { side.pc.getSenders().find(({ track }) => track?.kind === 'video').playoutDelay = [least, most]; }, delay);
  const held = async () => {
    const [{ jitterBufferDelay: delay, jitterBufferEmittedCount: count }] = (await theirs.run(side => side.statistics())).filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
    return { delay, count };
  };
  const heldFor = async () => { // of the next thirty pictures, in milliseconds
    const before = await held();
    const after = await becomes('thirty pictures more', held, ({ count }) => count >= before.count + 30);
    return 1000 * (after.delay - before.delay) / (after.count - before.count);
  };
  await addPicture(a, RED);
  await addPicture(b, GREEN);
  if (a === ours) {
    await a.run((side, wanted) => {
      const [transceiver] = side.pc.getTransceivers();
      transceiver.setHeaderExtensionsToNegotiate(transceiver.getHeaderExtensionsToNegotiate().map(each => (each.uri === wanted ? { ...each, direction: 'sendrecv' } : each)));
    }, uri);
  }
  const [offer, answer] = await negotiate(a, b);
  assert.ok(offer.includes(uri) && answer.includes(uri));
  await ask(400, 500);
  await connected(a, b);
  const [mid] = midsOf(offer, 'video');
  await Promise.all([sees(b, mid, RED), sees(a, mid, GREEN)]);
  await becomes(`400 to 500 ms in ${theirs.name}`, heldFor, ms => ms > 360 && ms < 520, 30);
  await ask(0, 100);
  await becomes(`at most 100 ms in ${theirs.name}`, heldFor, ms => ms < 120, 30);
}

// Temporal layers, from whoever can be asked for them (Firefox can not), by each codec that can have them: what is told is what is asked for, and the other side decodes what is sent, of
// all layers. What is under way or waits for its time is no more than some pictures.
async function temporal(open) {
  const [a, b] = await open();
  const layered = [a, b].filter(({ name }) => name !== 'firefox');
  await a.run((side, colour) => { side.pc.addTransceiver(side.media.picture(colour), { sendEncodings: [{ scalabilityMode: 'L1T2' }] }); }, RED);
  await addPicture(b, GREEN);
  const count = (side, type, member) => side.run(async (each, wanted, name) => (await each.statistics()).find(one => one.type === wanted)?.[name] ?? 0, type, member);
  for (const codec of ['video/vp8', 'video/vp9']) {
    await a.run((side, wanted) => {
      const all = RTCRtpReceiver.getCapabilities('video').codecs;
      side.pc.getTransceivers()[0].setCodecPreferences(all.filter(({ mimeType }) => [wanted, 'video/rtx'].includes(mimeType.toLowerCase())));
    }, codec);
    const [offer] = await negotiate(a, b);
    await connected(a, b);
    const [mid] = midsOf(offer, 'video');
    await Promise.all([sees(b, mid, RED), sees(a, mid, GREEN)]);
    for (const mode of ['L1T3', 'L1T1', 'L1T2']) {
      for (const side of layered) {
        await side.run(async (each, wanted) => {
          const sender = each.pc.getSenders()[0];
          const parameters = sender.getParameters();
          parameters.encodings[0].scalabilityMode = wanted;
          await sender.setParameters(parameters);
        }, mode);
        await becomes(`${mode} of ${codec} from ${side.name}`, () => count(side, 'outbound-rtp', 'scalabilityMode'), got => got === mode);
      }
      for (const [from, to] of [[a, b], [b, a]]) {
        const [sent, decoded] = await Promise.all([count(from, 'outbound-rtp', 'framesSent'), count(to, 'inbound-rtp', 'framesDecoded')]);
        await becomes(`forty pictures from ${from.name}`, () => count(from, 'outbound-rtp', 'framesSent'), got => got >= sent + 40);
        const [since, shown] = await Promise.all([count(from, 'outbound-rtp', 'framesSent'), count(to, 'inbound-rtp', 'framesDecoded')]);
        console.log(`${codec} ${mode} from ${from.name}: ${since - sent} sent, ${shown - decoded} decoded by ${to.name}`);
        assert.ok(shown - decoded >= since - sent - 12, `${shown - decoded} of ${since - sent}`);
      }
    }
    await Promise.all([sees(b, mid, RED), sees(a, mid, GREEN)]);
  }
}

// Pictures in three temporal layers, of which the browser gets all, the lowest, two, and all again: it decodes whatever it gets, of each four pictures one, two, or all.
async function layersDropped(open) {
  const [ours, theirs] = await open();
  for (const codec of ['video/vp8', 'video/vp9']) {
    await ours.run(async (side, colour, wanted) => {
      side.part?.close();
      side.part = await side.media.layered(colour, 'L1T3', wanted);
      side.part.most = 2;
      const transceiver = side.pc.addTransceiver(side.part.track, { direction: 'sendonly' });
      transceiver.setCodecPreferences(RTCRtpReceiver.getCapabilities('video').codecs.filter(({ mimeType }) => [wanted, 'video/rtx'].includes(mimeType.toLowerCase())));
    }, BLUE, codec);
    const [offer] = await negotiate(ours, theirs);
    await connected(ours, theirs);
    const mid = midsOf(offer, 'video').pop();
    await sees(theirs, mid, BLUE);
    const count = (side, type, member) => side.run(async (each, ...wanted) => (await each.statistics()).find(one => one.type === wanted[0] && one.mid === wanted[1])?.[wanted[2]] ?? 0, type, mid, member);
    const counts = async () => [await ours.run(side => side.part.came), await count(ours, 'outbound-rtp', 'framesSent'), await count(theirs, 'inbound-rtp', 'framesDecoded')];
    for (const most of [2, 0, 1, 2]) {
      await ours.run((side, given) => { side.part.most = given; }, most);
      const before = await counts();
      await becomes('eighty pictures', () => ours.run(side => side.part.came), got => got >= before[0] + 80);
      const [came, sent, decoded] = (await counts()).map((each, i) => each - before[i]);
      console.log(`${codec} up to layer ${most}: ${came} came, ${sent} sent, ${decoded} decoded by ${theirs.name}`);
      assert.ok(Math.abs(sent - came * 2 ** (most - 2)) <= 8 && Math.abs(decoded - sent) <= 8);
    }
    await sees(theirs, mid, BLUE);
  }
  await ours.run(side => side.part.close());
}

const SCENARIOS = {
  tracks, directions, recycling, 'rejected data': rejectedData, rollback, replacing, codecs, tones, statistics, layers, provisional, 'temporal layers': temporal, 'playout delay': playoutDelay, 'ice restart': iceRestart,
  'glare of the polite first': open => glare(open, true), 'glare of the impolite first': open => glare(open, false),
  'bundle balanced': open => bundling(open, 'balanced'), 'bundle max-compat': open => bundling(open, 'max-compat'), 'bundle max-bundle': open => bundling(open, 'max-bundle'),
};

// Those in which the roles are what they are about: we begin.
const OURS_TO_BEGIN = { 'layers of ours': layersSent, 'layers dropped': layersDropped };

// What a browser does not have: Firefox refuses the description instead of rejecting a section, and leaves a channel waiting that was rejected.
const LACKS = { chromium: [], firefox: ['provisional', 'rejected data'] };

// Those of a browser, in both roles: [name, scenario, we begin].
function scenariosOf(kind) {
  return Object.entries(SCENARIOS).filter(([name]) => !LACKS[kind].includes(name))
    .flatMap(([name, scenario]) => [[`${name}, we begin`, scenario, true], [`${name}, browser begins`, scenario, false]])
    .concat(Object.entries(OURS_TO_BEGIN).map(([name, scenario]) => [name, scenario, true]));
}

module.exports = { scenariosOf };
