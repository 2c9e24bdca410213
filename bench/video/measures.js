// SPDX-License-Identifier: MIT
// What a run of bench/link-video came to. Times are seconds since the first packet of media.
//
//   share      of what the link could carry between second 10 and the end, what RTP and RTCP with their headers used of it; without the time in which TCP shared it
//   queueMs    95th percentile, over the packets of the call, of how long they waited before the bottleneck
//   startS     the end of the first half second in which 80 % of the link were used
//   freezes, frozenS           freezeCount and totalFreezesDuration of webrtc-stats, as the receiver has them; and one more that has not ended, which those do not know
//   framesPerSecond, width     decoded, from second 10 on; of the last picture
//   jitterBufferMs             jitterBufferDelay by jitterBufferEmittedCount, from second 10 on
//   keyframes, askedFor, resent, lost    keyframes decoded, PLI, packets sent again, packets that the queue dropped
'use strict';
const { flowBytes, readPackets } = require('./packets');
const { SETTLED_S, ratesOf } = require('./scenarios');

const BIN_S = 0.1;
const REACHED = 0.8;
const LONG_QUEUE_MS = 100;
const STILL_S = 0.5; // without a picture at the end: it froze

const sum = list => list.reduce((all, one) => all + one, 0);
const quantile = (sorted, q) => (sorted.length === 0 ? NaN : sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]);

// The link's rate at a second.
const rateAt = (rates, second) => rates.findLast(([from]) => from <= second)[1];

// Tenths of a second: what RTP and TCP used, and the longest wait of the call's packets.
function binsOf(packets, startUs, seconds) {
  const bins = Array.from({ length: Math.floor(seconds / BIN_S) }, (_, i) => ({ second: i * BIN_S, bits: 0, tcpBits: 0, queueMs: 0, dropped: 0 }));
  for (const { us, bytes, kind, queueMs, passed, fate } of packets) {
    const bin = bins[Math.floor((us - startUs) / 1e6 / BIN_S)];
    if (bin) {
      bin.bits += kind === 'rtp' && passed ? bytes * 8 : 0;
      bin.tcpBits += kind === 'tcp' && passed ? bytes * 8 : 0;
      bin.queueMs = kind === 'rtp' ? Math.max(bin.queueMs, queueMs) : bin.queueMs;
      bin.dropped += kind === 'rtp' && fate === 'overflowed' ? 1 : 0;
    }
  }
  return bins;
}

const between = (bins, from, to) => bins.filter(({ second }) => second >= from - 1e-9 && second < to - 1e-9);

// The end of the first half second after `from` in which the link was used to 80 %; Infinity: never.
function reached(bins, rates, from) {
  const WINDOW = 5;
  for (let i = bins.findIndex(({ second }) => second >= from - 1e-9); i >= 0 && i + WINDOW <= bins.length; i++) {
    const part = bins.slice(i, i + WINDOW);
    if (sum(part.map(({ bits }) => bits)) >= REACHED * sum(part.map(({ second }) => rateAt(rates, second) * 1000 * BIN_S))) {
      return part.at(-1).second + BIN_S;
    }
  }
  return Infinity;
}

function shareOf(bins, rates, [tcpFrom, tcpTo] = [Infinity, Infinity]) {
  const alone = bins.filter(({ second }) => second >= SETTLED_S && (second < tcpFrom || second >= tcpTo));
  return sum(alone.map(({ bits }) => bits)) / sum(alone.map(({ second }) => rateAt(rates, second) * 1000 * BIN_S));
}

// By the receiver's count of one kind of medium, how much `name` grew between two seconds.
function growth(samples, kind, name, from = 0, to = Infinity) {
  const counted = samples.filter(({ second, to: end }) => second <= to && end.received[kind]);
  const before = counted.findLast(({ second }) => second <= from)?.to.received[kind][name] ?? 0;
  return (counted.at(-1)?.to.received[kind][name] ?? 0) - before;
}

// The freeze that goes on at the end, [from, to]; undefined: there is none.
function unfinished(samples) {
  const decoded = sample => sample.to.received.video?.framesDecoded ?? 0;
  const last = samples.at(-1);
  const since = samples.find(sample => decoded(sample) === decoded(last)).second;
  return last.second - since > STILL_S ? [since, last.second] : undefined;
}

// freezeCount and totalFreezesDuration from a second on.
function frozen(samples, from = 0) {
  const tail = unfinished(samples);
  return {
    count: growth(samples, 'video', 'freezeCount', from) + (tail ? 1 : 0),
    seconds: growth(samples, 'video', 'totalFreezesDuration', from) + (tail ? tail[1] - Math.max(tail[0], from) : 0),
  };
}

// When pictures froze, [[from, to], ...]: a freeze is counted when it is over.
function freezesOf(samples) {
  const spans = [];
  let before = 0;
  for (const { second, to } of samples) {
    const all = to.received.video?.totalFreezesDuration ?? before;
    if (all > before) {
      spans.push([Math.max(0, second - (all - before)), second]);
    }
    before = all;
  }
  return [...spans, unfinished(samples)].filter(Boolean);
}

function videoOf(samples, seconds) {
  const last = samples.at(-1);
  const settled = samples.find(({ second }) => second >= SETTLED_S)?.second ?? 0;
  return {
    arrived: growth(samples, 'video', 'framesDecoded'),
    freezes: frozen(samples).count,
    frozenS: frozen(samples).seconds,
    framesPerSecond: growth(samples, 'video', 'framesDecoded', settled) / (seconds - settled),
    width: last.to.received.video?.frameWidth ?? 0,
    jitterBufferMs: 1000 * growth(samples, 'video', 'jitterBufferDelay', settled) / Math.max(growth(samples, 'video', 'jitterBufferEmittedCount', settled), 1),
    keyframes: growth(samples, 'video', 'keyFramesDecoded'),
    askedFor: growth(samples, 'video', 'pliCount'),
    resent: last.from.sent.video?.retransmittedPacketsSent ?? 0,
    codecs: last.to.codecs.join(' '),
  };
}

function audioOf(samples) {
  const count = name => growth(samples, 'audio', name);
  return {
    arrived: count('totalSamplesReceived'),
    concealed: count('concealedSamples') / Math.max(count('totalSamplesReceived'), 1),
    delayMs: 1000 * count('jitterBufferDelay') / Math.max(count('jitterBufferEmittedCount'), 1),
  };
}

// How fair several calls share: 1 is equal parts, 1/n is all for one (Jain, Chiu, Hawe).
function jain(parts) {
  return sum(parts) ** 2 / (parts.length * sum(parts.map(part => part * part)));
}

function changeFreezes(samples, from) {
  const { count, seconds } = frozen(samples, from);
  return { changeFreezes: count, changeFrozenS: seconds };
}

// What only some scenarios have.
function special(scenario, share, { bins, rates, samples, packets, startUs, seconds }) {
  const result = {};
  const kbps = (from, to, name = 'bits') => sum(between(bins, from, to).map(bin => bin[name])) / 1000 / (to - from);
  const changes = (scenario.changes ?? []).map(([second]) => second * share);
  if (changes.length > 0) {
    const [from, back] = changes;
    result.longQueueS = BIN_S * between(bins, from, back).filter(({ queueMs }) => queueMs > LONG_QUEUE_MS).length;
    Object.assign(result, changeFreezes(samples, from));
    result.backS = reached(bins, rates, back) - back;
  }
  if (scenario.tcp) {
    const [from, to] = scenario.tcp.map(second => second * share);
    result.besideKbps = kbps(from, to);
    result.tcpKbps = kbps(from, to, 'tcpBits');
    Object.assign(result, changeFreezes(samples, from));
    result.backS = reached(bins, rates, to) - to;
  }
  if (scenario.calls > 1) {
    result.jain = jain(flowBytes(packets, startUs + Math.min(SETTLED_S, seconds / 2) * 1e6, startUs + seconds * 1e6).slice(0, scenario.calls));
  }
  return result;
}

// What the sender knew and did at a sample's time, for whoever looks for why.
function senderOf({ second, from }) {
  const { targetBitrate = 0, framesEncoded = 0, framesSent = 0, frameWidth, qualityLimitationReason, retransmittedPacketsSent, circuitBreaker } = from.sent.video ?? {};
  return { second, availableKbps: (from.availableBps ?? 0) / 1000, targetKbps: targetBitrate / 1000, framesEncoded, framesSent, frameWidth, qualityLimitationReason,
    retransmittedPacketsSent, circuitBreaker };
}

const timed = (samples, startUs) => samples.map(({ us, ...rest }) => ({ second: (us - startUs) / 1e6, ...rest }));

function measure(scenario, share, { startUs: connectedUs, endUs, samples: raw }, packetFile) {
  const packets = readPackets(packetFile);
  const first = packets.find(({ kind, us }) => kind === 'rtp' && us >= connectedUs - 2e6);
  const startUs = first?.us ?? connectedUs;
  const seconds = (endUs - startUs) / 1e6;
  const rates = ratesOf(scenario, share);
  const bins = binsOf(packets, startUs, seconds);
  const calls = raw.map(samples => timed(samples, startUs));
  const samples = calls[0];
  const waits = packets.filter(({ kind, passed }) => kind === 'rtp' && passed).map(({ queueMs }) => queueMs).sort((a, b) => a - b);
  const result = { bins, rates, freezeSpans: freezesOf(samples), sender: samples.map(senderOf) };
  if (scenario.audio) {
    return { ...result, kbps: sum(bins.map(({ bits }) => bits)) / 1000 / seconds, ...audioOf(samples) };
  }
  return {
    ...result,
    share: shareOf(bins, rates, scenario.tcp?.map(second => second * share)),
    queueMs: quantile(waits, 0.95),
    startS: reached(bins, rates, 0),
    lost: sum(bins.map(({ dropped }) => dropped)),
    ...videoOf(samples, seconds),
    ...special(scenario, share, { bins, rates, samples, packets, startUs, seconds }),
  };
}

module.exports = { BIN_S, jain, measure, quantile, reached };
