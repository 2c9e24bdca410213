// SPDX-License-Identifier: MIT
// node measure.js STACK MEASUREMENT [name=number ...]: one measurement with node-datachannel or wrtc, printed as JSON with the names that
// crtc-bench --json uses.
'use strict';
const { answerProcess } = require('./endpoint.js');
const { dataChannel, messages, receiverEvents } = require('./stream.js');
const { ping, echoEvents } = require('./ping.js');
const { setup, idle } = require('./connections.js');

const measurements = { 'data-channel': dataChannel, messages, ping, setup, idle };
const roles = { receiver: receiverEvents, echo: echoEvents };
const [stackName, what, ...rest] = process.argv.slice(2);
const stack = require(`./stacks/${stackName}.js`);

async function main() {
  const options = Object.fromEntries(rest.map((o) => o.split('=')).map(([name, value]) => [name, Number(value)]));
  const result = await measurements[what](stack, stackName, options);
  process.stdout.write(`${JSON.stringify({ measurement: what, ...result })}\n`, () => process.exit(0));
}

if (roles[what]) answerProcess(stack, (end) => roles[what](() => end));
else main();
