// SPDX-License-Identifier: MIT
// What tshark makes of the packets that a host sends. Captures are taken in the host's namespace.
'use strict';
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { program } = require('./namespaces');
const { start } = require('../interop/started');
const { until } = require('../interop/wait');

// What tshark marks as wrong. Its STUN dissector has marks of its own.
const WRONG = '(_ws.malformed || _ws.expert.severity == error || stun.short_packet || stun.wrong_msglen || stun.att.crc32.bad)';

// Classes of datagrams by their first byte (RFC 7983). tshark guesses what a conversation carries; told its protocol it can not guess wrong. SRTCP is ciphertext but for its first
// header, and is told from SRTP by its packet type (RFC 5761).
const CLASSES = { stun: { first: [0, 3] }, dtls: { first: [20, 63] }, rtp: { first: [128, 191], rtcp: false }, rtcp: { first: [128, 191], rtcp: true } };

const classOf = bytes => Object.keys(CLASSES).find(name => {
  const { first, rtcp } = CLASSES[name];
  return bytes[0] >= first[0] && bytes[0] <= first[1] && (rtcp === undefined || rtcp === (bytes[1] >= 192 && bytes[1] <= 223));
});

const isChannelData = bytes => bytes[0] >= 64 && bytes[0] <= 79;

class Capture {
  static async start(within, folder, name) {
    const capture = new Capture();
    capture.file = path.join(folder, `${name}.pcap`);
    const [command, ...rest] = [...within, program('dumpcap'), '-i', 'eth0', '-q', '-P', '-w', capture.file];
    capture.process = start(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    capture.told = '';
    capture.process.stderr.on('data', data => { capture.told += data; });
    await until('dumpcap to begin', () => capture.told.includes('File:'));
    return capture;
  }

  async stop() {
    const ended = new Promise(resolve => this.process.once('exit', resolve));
    this.process.kill('SIGINT');
    await ended;
  }
}

// The fields of the packets that pass a filter, a list for each packet.
function fieldsOf(file, filter, fields, options = []) {
  const text = execFileSync(program('tshark'), ['-r', file, '-Y', filter, '-T', 'fields', ...fields.flatMap(field => ['-e', field]), ...options],
    { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
  return text.split('\n').filter(Boolean).map(line => line.split('\t'));
}

const WHAT = ['frame.number', 'frame.protocols', '_ws.expert.message', '_ws.col.Info'];

const wrongIn = (file, filter, options) => fieldsOf(file, filter, WHAT, options).map(fields => fields.join(' '));

// Where a message of TURN over TCP ends: ChannelData is padded (RFC 8656 section 12.5).
const lengthInStream = bytes => (isChannelData(bytes) ? 4 + Math.ceil(bytes.readUInt16BE(2) / 4) * 4 : 20 + bytes.readUInt16BE(2));

function messagesToServer(bytes) {
  const messages = [];
  for (let rest = bytes; rest.length >= 20;) {
    messages.push(rest.subarray(0, lengthInStream(rest)));
    rest = rest.subarray(lengthInStream(rest));
  }
  return messages;
}

// Each has its length before it (RFC 4571).
function messagesToPeer(bytes) {
  const messages = [];
  for (let rest = bytes; rest.length >= 2;) {
    const end = 2 + rest.readUInt16BE(0);
    messages.push(rest.subarray(2, end));
    rest = rest.subarray(end);
  }
  return messages;
}

// All that a host sent as datagrams, or as messages over TCP, without TLS, to a TURN server or to a peer.
function messagesFrom(file, address) {
  const hex = text => Buffer.from(text, 'hex');
  const datagrams = fieldsOf(file, `ip.src == ${address} && udp && !icmp`, ['udp.payload']).map(([text]) => hex(text));
  const streams = new Map();
  for (const [stream, port, text] of fieldsOf(file, `ip.src == ${address} && tcp.dstport != 443 && tcp.len > 0 && !tcp.analysis.retransmission`, ['tcp.stream', 'tcp.dstport',
    'tcp.payload'])) {
    streams.set(stream, { port, bytes: Buffer.concat([streams.get(stream)?.bytes ?? Buffer.alloc(0), hex(text)]) });
  }
  const messages = [...streams.values()].flatMap(({ port, bytes }) => (port === '3478' ? messagesToServer(bytes) : messagesToPeer(bytes)));
  return [...datagrams, ...messages];
}

// By class; what is in ChannelData counts as its own, too.
function sorted(messages) {
  const classes = { stun: [], dtls: [], rtp: [], rtcp: [], channel: [], unknown: [] };
  for (const message of messages) {
    const inner = isChannelData(message) ? message.subarray(4, 4 + message.readUInt16BE(2)) : message;
    if (inner !== message) {
      classes.channel.push(message);
    }
    classes[classOf(inner) ?? 'unknown'].push(inner);
  }
  return classes;
}

const PORT = 40000;

// A capture file of these payloads, as UDP over IPv4.
function fileOf(file, payloads) {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(101, 20); // packets begin with the IP header
  const packets = payloads.map(payload => {
    const record = Buffer.alloc(16 + 28);
    record.writeUInt32LE(28 + payload.length, 8);
    record.writeUInt32LE(28 + payload.length, 12);
    record[16] = 0x45;
    record.writeUInt16BE(28 + payload.length, 18);
    record[24] = 64;
    record[25] = 17;
    record.set([192, 0, 2, 1, 192, 0, 2, 2], 28);
    record.writeUInt16BE(PORT, 36);
    record.writeUInt16BE(PORT, 38);
    record.writeUInt16BE(8 + payload.length, 40);
    return Buffer.concat([record, payload]);
  });
  fs.writeFileSync(file, Buffer.concat([header, ...packets]));
}

// What tshark finds wrong with payloads of one protocol, or does not recognise.
function wrongAs(protocol, payloads, folder) {
  const file = path.join(folder, `${protocol}.pcap`);
  fileOf(file, payloads);
  return wrongIn(file, `${WRONG} || !${protocol}`, ['-d', `udp.port==${PORT},${protocol}`]);
}

module.exports = { Capture, WRONG, messagesFrom, sorted, wrongAs, wrongIn };
