// SPDX-License-Identifier: MIT
// The kinds of router, as rules for nftables. Over IPv4 all but "none" translate addresses. Over IPv6 nobody does; there the stricter kinds are firewalls that let in only what
// belongs to a flow from inside.
//
//   none       a plain router: its host has a public address
//   fullcone   whoever knows the external port may send to it
//   addr       only addresses that the host has sent to may, from any port
//   port       only addresses and ports that the host has sent to may; the external port is the same for all
//   symmetric  like port, and each destination sees another external port
//   blockudp   no UDP at all; TCP to the outside goes
//   only443    nothing but TCP to port 443 goes outside
'use strict';

const OPEN = ['none', 'fullcone', 'addr']; // these let strangers in, at least to some ports
const FORWARDS = ['fullcone', 'addr'];

// What is dropped on the way through. The external port of a flow that `addr` learns of is known after the translation only, and where an answer goes before it: hence two chains.
const FILTERS = {
  addr: ['iifname wan ct state new meta nfproto ipv4 meta l4proto udp ip saddr . udp dport != @asked drop'],
  blockudp: ['meta l4proto udp drop'],
  only443: ['iifname lan meta l4proto udp drop', 'iifname lan tcp dport != 443 reject with tcp reset'],
};

const ASKED = `
  set asked { type ipv4_addr . inet_service; flags dynamic, timeout; timeout 60s; size 65536; }
  chain learn {
    type filter hook postrouting priority 200;
    oifname wan meta nfproto ipv4 meta l4proto udp update @asked { ip daddr . udp sport }
  }`;

const chain = (name, hook, rules) => (rules.length === 0 ? '' : `  chain ${name} {\n    type ${hook};\n    ${rules.join('\n    ')}\n  }`);

// The rules for a router between `lan` and `wan`, with one host behind it.
function natRules(kind, hostAddress) {
  const translates = kind !== 'none';
  const ports = kind === 'symmetric' ? ['oifname wan meta nfproto ipv4 meta l4proto { tcp, udp } masquerade fully-random'] : [];
  return [
    'table inet nat {',
    kind === 'addr' ? ASKED : '',
    chain('through', 'filter hook forward priority 0', [...FILTERS[kind] ?? [], ...OPEN.includes(kind) ? [] : ['iifname wan ct state new drop']]),
    // What strangers send to the router itself must leave no trace in the connection table: it would take the port, and a flow from inside would get another one.
    chain('in', 'filter hook input priority 0', translates ? ['iifname wan ct state new meta l4proto { tcp, udp } drop'] : []),
    chain('translate', 'nat hook postrouting priority 100', translates ? [...ports, 'oifname wan meta nfproto ipv4 masquerade'] : []),
    // One host has all ports to itself, so each external port is the internal one.
    chain('forward', 'nat hook prerouting priority -100', FORWARDS.includes(kind) ? [`iifname wan meta nfproto ipv4 meta l4proto udp dnat ip to ${hostAddress}`] : []),
    '}',
  ].join('\n');
}

module.exports = { natRules };
