// SPDX-License-Identifier: MIT
// How a peer reaches the other: the two ends of its selected pair, told as "relay 203.0.113.1:50000 udp over tls".
'use strict';
const assert = require('node:assert/strict');
const { until } = require('../interop/wait');

function endOf(text) {
  const [type, address, protocol, , over] = text.split(' ');
  return { type, address, protocol, over };
}

// { local, remote }; undefined while there is none.
const pathOf = pair => (pair?.local && pair.remote ? { local: endOf(pair.local), remote: endOf(pair.remote) } : undefined);

// Whether no relay is between a path's ends.
const isDirect = ({ local, remote }) => local.type !== 'relay' && remote.type !== 'relay';

// A page is told only the port of a peer-reflexive candidate.
const isSame = (known, told) => known === told || (told.startsWith(':') && known.endsWith(told)) || (known.startsWith(':') && told.endsWith(known));

// Whether both peers speak of one and the same path.
const agree = (a, b) => a && b && isSame(a.local.address, b.remote.address) && isSame(b.local.address, a.remote.address);

// Reads the paths of both sides until they are one and the check finds nothing to throw. Fails with what it threw last.
async function settledPaths(read, check, seconds) {
  let paths;
  let reason;
  await until('a path', async () => {
    paths = await read();
    try {
      assert.ok(agree(...Object.values(paths)), 'the sides do not agree');
      check(paths);
      return true;
    } catch (error) {
      reason = error;
      return false;
    }
  }, seconds).catch(() => {
    throw new Error(`${reason.message}: ${JSON.stringify(paths)}`);
  });
  return paths;
}

const shownEnd = ({ type, protocol, over }) => `${type}${over ? `-${over}` : ''}${protocol === 'tcp' ? '(tcp)' : ''}`;

const shown = ({ local, remote }) => `${shownEnd(local)} to ${shownEnd(remote)}`;

module.exports = { isDirect, pathOf, settledPaths, shown };
