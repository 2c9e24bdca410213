// SPDX-License-Identifier: MIT
// One end of a measurement of the link, started in a namespace. "echo" sends every datagram back; "send ADDRESS COUNT BYTES INTERVAL_MS" sends numbered ones there and prints,
// as JSON, the round-trip time of each in milliseconds, null for those that did not come back.
'use strict';
const dgram = require('node:dgram');

const PORT = 5000;
const BURST_MAX = 4; // after a stall: more at a time would be lost in the receiver's socket, not on the link

function echo() {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
  socket.bind(PORT, () => console.log('ready'));
}

function send(address, count, bytes, intervalMs) {
  const socket = dgram.createSocket('udp4');
  const sent = [];
  const times = Array(count).fill(null);
  const begin = performance.now();
  socket.on('message', datagram => { times[datagram.readUInt32BE(0)] = performance.now() - sent[datagram.readUInt32BE(0)]; });
  const finish = () => {
    console.log(JSON.stringify(times));
    process.exit(0);
  };
  const tick = setInterval(() => {
    for (let i = 0; i < BURST_MAX && sent.length < count && sent.length * intervalMs <= performance.now() - begin; i++) {
      const datagram = Buffer.alloc(bytes);
      datagram.writeUInt32BE(sent.length, 0);
      sent.push(performance.now());
      socket.send(datagram, PORT, address);
    }
    if (sent.length === count) {
      clearInterval(tick);
      setTimeout(finish, 1000); // for those under way
    }
  }, 1);
}

if (process.argv[2] === 'echo') {
  echo();
} else {
  send(process.argv[3], ...process.argv.slice(4).map(Number));
}
