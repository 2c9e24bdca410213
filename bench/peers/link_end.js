// SPDX-License-Identifier: MIT
// node link_end.js STACK caller|callee: one end of a connection with node-datachannel or wrtc whose other end is another process. It speaks the lines of
// JSON that examples/peer speaks. The caller begins when it is told to: {"type":"begin"}.
'use strict';
const readline = require('node:readline');

const [stackName, role] = process.argv.slice(2);
const stack = require(`./stacks/${stackName}.js`);

const emit = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const signal = ({ sdp, type, candidate, mid }) => emit(sdp ? { type, sdp } : { candidate, sdpMid: mid });
const end = new stack.End(signal, { open: () => emit({ event: 'channel', state: 'open' }) });

readline.createInterface({ input: process.stdin }).on('line', (text) => {
  const { type, sdp, candidate, sdpMid } = JSON.parse(text);
  if (type === 'bye') process.exit(0);
  else if (type === 'begin') end.call();
  else if (sdp) end.take({ sdp, type });
  else if (candidate) end.take({ candidate, mid: sdpMid });
}).on('close', () => process.exit(0));
emit({ event: 'ready', role });
