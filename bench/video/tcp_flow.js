// SPDX-License-Identifier: MIT
// A TCP flow that takes what it can get: "tcp_flow.js sink PORT" takes everything, "tcp_flow.js send HOST PORT" sends until it is killed.
'use strict';
const net = require('node:net');

const CHUNK = Buffer.alloc(65536);

function sink(port) {
  net.createServer(socket => socket.on('error', () => {}).resume()).listen(Number(port), () => console.log('ready'));
}

function send(host, port) {
  const socket = net.connect(Number(port), host);
  const fill = () => {
    while (socket.write(CHUNK));
  };
  socket.on('connect', fill).on('drain', fill).on('error', () => process.exit(1));
}

const [role, ...rest] = process.argv.slice(2);
(role === 'sink' ? sink : send)(...rest);
