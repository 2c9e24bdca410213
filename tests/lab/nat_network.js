// SPDX-License-Identifier: MIT
// Two hosts, a and b, each behind a router of its own, and a public segment between the routers with a TURN server:
//
//   a --10.0.1.0/24-- router a --+-- 203.0.113.0/24 --+-- router b --10.0.2.0/24-- b
//     2001:db8:1::/64            |   2001:db8::/64    |            2001:db8:2::/64
//                              .11     .1: coturn     .12
//
// The private network of a router that does not translate is routed from everywhere. What is sent to any other place from the public segment goes to an address that
// nobody has, and vanishes: coturn gives up an allocation when the system refuses to send for it.
'use strict';
const { execFileSync } = require('node:child_process');
const namespaces = require('./namespaces');
const { natRules } = require('./nat_rules');
const { TurnServer } = require('./turn_server');

const SIDES = { a: 1, b: 2 };
const PROGRAMS = { nft: 'nftables', turnserver: 'coturn', openssl: 'openssl' };

// Why this lab can not be set up here; undefined when it can.
const obstacle = (more = {}) => namespaces.obstacle({ ...PROGRAMS, ...more });

// Written before there are interfaces. Without IPv6 not even link-local addresses are there; with it addresses are usable at once.
const settings = (ipv6, forwards) => [`net/ipv6/conf/default/disable_ipv6=${ipv6 ? 0 : 1}`, 'net/ipv6/conf/all/accept_dad=0', 'net/ipv6/conf/default/accept_dad=0',
  ...forwards ? ['net/ipv4/ip_forward=1', ...ipv6 ? ['net/ipv6/conf/all/forwarding=1'] : []] : []];

class NatNetwork {
  // `family`: "4", "6" or "46".
  static async start(family) {
    const network = new NatNetwork();
    Object.assign(network, { v4: family.includes('4'), v6: family.includes('6'), generation: 0, names: {}, folder: namespaces.begin() });
    network.pub = namespaces.nameOf('pub');
    namespaces.ip('netns', 'add', network.pub);
    network.set(network.pub, settings(network.v6, false));
    namespaces.ipBatch(['link set lo up', 'link add br0 type bridge', 'link set br0 up',
      ...network.only('v4', ['addr add 203.0.113.1/24 dev br0', 'addr add 203.0.113.2/24 dev br0', 'neigh add 203.0.113.254 lladdr 02:00:00:00:00:fe dev br0',
        'route add default via 203.0.113.254']),
      ...network.only('v6', ['addr add 2001:db8::1/64 dev br0 nodad', 'addr add 2001:db8::2/64 dev br0 nodad', 'neigh add 2001:db8::fe lladdr 02:00:00:00:00:fe dev br0',
        'route add ::/0 via 2001:db8::fe'])], network.pub);
    const addresses = [...network.only('v4', ['203.0.113.1', '203.0.113.2']), ...network.only('v6', ['2001:db8::1', '2001:db8::2'])];
    network.turn = new TurnServer(namespaces.within(network.pub), addresses, network.folder);
    await network.turn.start();
    return network;
  }

  only(family, list) {
    return this[family] ? list : [];
  }

  set(namespace, lines) {
    const text = lines.map(line => line.split('=')).map(([name, value]) => `echo ${value} >/proc/sys/${name}`).join(' && ');
    execFileSync(namespaces.IP, ['netns', 'exec', namespace, 'sh', '-c', text], { stdio: 'pipe' });
  }

  // New hosts behind new routers of these kinds; the former ones are gone, with all that their routers remembered.
  connect(kindOfA, kindOfB) {
    this.disconnect();
    this.generation++;
    const kinds = { a: kindOfA, b: kindOfB };
    for (const side of Object.keys(SIDES)) {
      this.names[side] = namespaces.nameOf(`${side}${this.generation}`);
      this.names[`r${side}`] = namespaces.nameOf(`r${side}${this.generation}`);
    }
    namespaces.ipBatch(Object.values(this.names).map(name => `netns add ${name}`));
    for (const side of Object.keys(SIDES)) {
      this.addHost(side);
      this.addRouter(side, kinds);
    }
  }

  addHost(side) {
    const k = SIDES[side];
    const { [side]: host, [`r${side}`]: router } = this.names;
    this.set(host, settings(this.v6, false));
    this.set(router, settings(this.v6, true));
    namespaces.ipBatch([`link add eth0 netns ${host} type veth peer name lan netns ${router}`,
      `link add wan address 02:00:00:00:00:1${k} netns ${router} type veth peer name wan${side}${this.generation} netns ${this.pub}`]);
    namespaces.ipBatch([`link set wan${side}${this.generation} master br0 up`], this.pub);
    namespaces.ipBatch(['link set lo up', 'link set eth0 up', ...this.only('v4', [`addr add 10.0.${k}.2/24 dev eth0`]),
      ...this.only('v6', [`addr add 2001:db8:${k}::2/64 dev eth0 nodad`])], host);
    namespaces.ipBatch(['link set lo up', 'link set lan up', 'link set wan up', ...this.only('v4', [`addr add 10.0.${k}.1/24 dev lan`, `addr add 203.0.113.1${k}/24 dev wan`]),
      ...this.only('v6', [`addr add 2001:db8:${k}::1/64 dev lan nodad`, `addr add 2001:db8::1${k}/64 dev wan nodad`])], router);
    this.addDefaultRoutes(side);
  }

  addDefaultRoutes(side) {
    const k = SIDES[side];
    namespaces.ipBatch([...this.only('v4', [`route replace default via 10.0.${k}.1`]), ...this.only('v6', [`route replace ::/0 via 2001:db8:${k}::1`])], this.names[side]);
  }

  // The rules of a router, and its way to the other side's network where that is public.
  addRouter(side, kinds) {
    const k = SIDES[side];
    const other = 3 - k;
    const router = this.names[`r${side}`];
    const open = kinds[side === 'a' ? 'b' : 'a'] === 'none';
    namespaces.ipBatch([...open ? this.only('v4', [`route add 10.0.${other}.0/24 via 203.0.113.1${other}`]) : [],
      ...this.only('v6', [`route add 2001:db8:${other}::/64 via 2001:db8::1${other}`])], router);
    const way = kinds[side] === 'none' ? `route replace 10.0.${k}.0/24 via 203.0.113.1${k}` : `route replace 10.0.${k}.0/24 via 203.0.113.254`;
    namespaces.ipBatch([...this.only('v4', [way]),
      ...this.only('v6', [`route replace 2001:db8:${k}::/64 via 2001:db8::1${k}`])], this.pub);
    execFileSync(namespaces.IP, ['netns', 'exec', router, namespaces.program('nft'), '-f', '-'], { input: natRules(kinds[side], `10.0.${k}.2`), stdio: ['pipe', 'pipe', 'pipe'] });
  }

  disconnect() {
    for (const name of Object.values(this.names)) {
      namespaces.killAll(name);
      namespaces.ip('netns', 'del', name);
    }
    this.names = {};
  }

  // The words to put before a command for it to run at a, b, or on a router, ra or rb.
  within(side) {
    return namespaces.within(side === 'pub' ? this.pub : this.names[side]);
  }

  // Interface commands at a, b, or on a router.
  ip(side, ...lines) {
    namespaces.ipBatch(lines, this.names[side]);
  }

  async stop() {
    this.disconnect();
    await this.turn.kill();
    namespaces.remove();
  }
}

module.exports = { NatNetwork, obstacle };
