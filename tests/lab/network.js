// SPDX-License-Identifier: MIT
// Two network namespaces, a and b, joined by the link emulator.
'use strict';
const fs = require('node:fs');
const readline = require('node:readline');
const { start } = require('../interop/started');
const namespaces = require('./namespaces');

const { ip } = namespaces;

const ADDRESSES = { a: '198.51.100.1', b: '198.51.100.2' };

// Why this lab can not be set up here; undefined when it can.
function obstacle() {
  const reason = namespaces.obstacle();
  if (reason) {
    return reason;
  }
  try {
    fs.closeSync(fs.openSync('/dev/net/tun', 'r+'));
  } catch (error) {
    return `/dev/net/tun: ${error.code}`;
  }
  return undefined;
}

class Network {
  // The settings are lines for the link emulator.
  static async start(emulator, seed, ...settings) {
    const network = new Network();
    namespaces.begin();
    network.names = { a: namespaces.nameOf('a'), b: namespaces.nameOf('b') };
    for (const namespace of Object.values(network.names)) {
      ip('netns', 'add', namespace);
    }
    network.emulator = start(emulator, [network.names.a, network.names.b, String(seed)], { stdio: ['pipe', 'pipe', 'inherit'] });
    network.emulator.stdin.on('error', () => {}); // its death shows at its output
    network.lines = readline.createInterface({ input: network.emulator.stdout })[Symbol.asyncIterator]();
    if (await network.nextLine() !== 'ready') {
      throw new Error('the link emulator is not ready');
    }
    network.configure('a', 'b');
    network.configure('b', 'a');
    settings.forEach(line => network.set(line));
    return network;
  }

  // Its own address, and everything beyond by way of the link, as a host behind a router has it. No IPv6, not even a link-local address.
  configure(side, other) {
    const on = ['-n', this.names[side]];
    ip(...on, 'link', 'set', 'lo', 'up');
    ip(...on, 'link', 'set', 'eth0', 'addrgenmode', 'none');
    ip(...on, 'addr', 'add', `${ADDRESSES[side]}/30`, 'dev', 'eth0');
    ip(...on, 'link', 'set', 'eth0', 'mtu', '1500', 'txqueuelen', '10000', 'up');
    ip(...on, 'route', 'add', 'default', 'via', ADDRESSES[other]);
  }

  async nextLine() {
    const { value, done } = await this.lines.next();
    if (done) {
      throw new Error(`the link emulator ended with ${this.emulator.exitCode ?? this.emulator.signalCode}`);
    }
    return value;
  }

  // "both delay_ms=25 loss_percent=2", "ab down=1"
  set(line) {
    this.emulator.stdin.write(`${line}\n`);
  }

  // What became of the packets since the start.
  async counts() {
    this.set('counts');
    return JSON.parse(await this.nextLine());
  }

  // The words to put before a command for it to run in a namespace.
  within(side) {
    return namespaces.within(this.names[side]);
  }

  async stop() {
    const ended = new Promise(resolve => this.emulator.once('exit', resolve));
    this.emulator.stdin.end();
    await ended;
    namespaces.remove();
  }
}

module.exports = { ADDRESSES, Network, obstacle };
