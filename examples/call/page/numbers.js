// SPDX-License-Identifier: MIT
// The live numbers of a call, out of getStats().
export class Numbers {
  constructor(connection) {
    this.connection = connection;
    this.before = null;
  }

  // { sent, received (bit/s), rtt (s), loss (0 to 1), sizeSent, size: "640×360 @ 30" }; undefined where not known.
  async read() {
    const now = collect(await this.connection.getStats());
    const before = this.before ?? now;
    this.before = now;
    const seconds = (now.time - before.time) / 1000;
    const got = now.packets - before.packets;
    const lost = Math.max(0, now.lost - before.lost);
    return {
      sent: seconds > 0 ? (now.sent - before.sent) * 8 / seconds : undefined,
      received: seconds > 0 ? (now.received - before.received) * 8 / seconds : undefined,
      loss: got + lost > 0 ? lost / (got + lost) : undefined,
      rtt: now.rtt,
      sizeSent: now.sizeSent,
      size: now.size,
      frames: now.frames,
    };
  }
}

function sizeOf({ frameWidth, frameHeight, framesPerSecond }) {
  return frameWidth ? `${frameWidth}×${frameHeight} @ ${Math.round(framesPerSecond ?? 0)}` : undefined;
}

function collect(report) {
  const sum = { time: performance.now(), sent: 0, received: 0, packets: 0, lost: 0 };
  for (const item of report.values()) {
    if (item.type === 'outbound-rtp') {
      sum.sent += item.bytesSent ?? 0;
      sum.sizeSent = item.kind === 'video' ? sizeOf(item) : sum.sizeSent;
    } else if (item.type === 'inbound-rtp') {
      sum.received += item.bytesReceived ?? 0;
      sum.packets += item.packetsReceived ?? 0;
      sum.lost += item.packetsLost ?? 0;
      if (item.kind === 'video') {
        sum.size = sizeOf(item);
        sum.frames = item.framesDecoded;
      }
    } else if (item.type === 'candidate-pair' && (item.nominated || item.selected) && item.state === 'succeeded') {
      sum.rtt = item.currentRoundTripTime ?? sum.rtt;
    } else if (item.type === 'remote-inbound-rtp') {
      sum.rtt ??= item.roundTripTime;
    }
  }
  return sum;
}
