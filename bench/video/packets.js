// SPDX-License-Identifier: MIT
// The link emulator's log of packets (tests/lab/packet_log.h), as numbers: what crossed the link from a to b.
'use strict';
const fs = require('node:fs');

const UDP = '17';
const TCP = '6';

const isRtp = first => first >= 128 && first <= 191; // RFC 7983: RTP and RTCP

// {us, bytes, kind: 'rtp' | 'other' | 'tcp', flow, queueMs, passed}. `us` is when the packet left the bottleneck, or was dropped before it. Lost behind it, it has used the link.
function readPackets(file) {
  const packets = [];
  for (const line of fs.readFileSync(file, 'utf8').split('\n').slice(1)) {
    const [us, way, bytes, protocol, from, to, first, queueUs, fate] = line.split(',');
    if (way === 'ab' && fate) {
      const kind = protocol === TCP ? 'tcp' : protocol === UDP && isRtp(Number(first)) ? 'rtp' : 'other';
      packets.push({ us: Number(us) + Number(queueUs), bytes: Number(bytes), kind, flow: `${from}-${to}`, queueMs: Number(queueUs) / 1000, fate,
        passed: fate === 'given' || fate === 'lost' });
    }
  }
  return packets;
}

// By flow, how many bytes of RTP passed between two times; the largest first.
function flowBytes(packets, fromUs, toUs) {
  const flows = new Map();
  for (const { us, bytes, kind, flow, passed } of packets) {
    if (kind === 'rtp' && passed && us >= fromUs && us < toUs) {
      flows.set(flow, (flows.get(flow) ?? 0) + bytes);
    }
  }
  return [...flows.values()].sort((a, b) => b - a);
}

module.exports = { flowBytes, readPackets };
