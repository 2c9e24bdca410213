// Two network namespaces, a and b, joined by the link emulator, and a folder for what their programs leave behind. Their names carry the id of the process that made them, so
// that labs run side by side, and so that the remains of a killed one can be told and removed: "node network.js" does that.
'use strict';
const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const PREFIX = 'crtc-lab-';
const FOLDERS = os.tmpdir();
const ADDRESSES = { a: '198.51.100.1', b: '198.51.100.2' };

const IP = ['/usr/sbin/ip', '/usr/bin/ip', '/sbin/ip', '/bin/ip'].find(file => fs.existsSync(file));

const ip = (...args) => execFileSync(IP, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

// Why a lab can not be set up here; undefined when it can.
function obstacle() {
  if (process.getuid() !== 0) {
    return 'not root';
  }
  if (!IP) {
    return 'iproute2 is not installed';
  }
  try {
    fs.closeSync(fs.openSync('/dev/net/tun', 'r+'));
  } catch (error) {
    return `/dev/net/tun: ${error.code}`;
  }
  const probe = `${PREFIX}${process.pid}-probe`;
  try {
    ip('netns', 'add', probe);
    ip('netns', 'del', probe);
  } catch (error) {
    return `network namespaces: ${error.message.trim()}`;
  }
  return undefined;
}

function killAll(namespace) {
  for (const id of ip('netns', 'pids', namespace).split('\n').filter(Boolean)) {
    try {
      process.kill(Number(id), 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') {
        throw error;
      }
    }
  }
}

const namespaces = () => ip('netns', 'list').split('\n').map(line => line.split(' ')[0]);

// Removes the namespaces and folders whose maker passes the test, and what runs there.
function remove(test) {
  const isOne = name => name.startsWith(PREFIX) && test(Number(name.slice(PREFIX.length).split('-')[0]));
  for (const namespace of namespaces().filter(isOne)) {
    killAll(namespace);
    ip('netns', 'del', namespace);
  }
  for (const folder of fs.readdirSync(FOLDERS).filter(isOne)) {
    fs.rmSync(path.join(FOLDERS, folder), { recursive: true, force: true, maxRetries: 5 });
  }
}

const sweep = () => remove(id => !fs.existsSync(`/proc/${id}`));

class Network {
  // The settings are lines for the link emulator.
  static async start(emulator, seed, ...settings) {
    const network = new Network();
    sweep();
    process.on('exit', () => network.remove());
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
      process.once(signal, () => process.exit(1));
    }
    network.names = { a: `${PREFIX}${process.pid}-a`, b: `${PREFIX}${process.pid}-b` };
    process.env.TMPDIR = path.join(FOLDERS, `${PREFIX}${process.pid}`);
    fs.mkdirSync(process.env.TMPDIR);
    for (const namespace of Object.values(network.names)) {
      ip('netns', 'add', namespace);
    }
    network.emulator = spawn(emulator, [network.names.a, network.names.b, String(seed)], { stdio: ['pipe', 'pipe', 'inherit'] });
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
    return [IP, 'netns', 'exec', this.names[side]];
  }

  remove() {
    remove(id => id === process.pid);
  }

  async stop() {
    const ended = new Promise(resolve => this.emulator.once('exit', resolve));
    this.emulator.stdin.end();
    await ended;
    this.remove();
  }
}

module.exports = { ADDRESSES, Network, obstacle, sweep };

if (require.main === module && !obstacle()) {
  sweep();
}
