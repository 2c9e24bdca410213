// How a peer reaches the other: the two ends of its selected pair, told as "relay 203.0.113.1:50000 udp over tls".
'use strict';

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

const shownEnd = ({ type, protocol, over }) => `${type}${over ? `-${over}` : ''}${protocol === 'tcp' ? '(tcp)' : ''}`;

const shown = ({ local, remote }) => `${shownEnd(local)} to ${shownEnd(remote)}`;

module.exports = { agree, isDirect, pathOf, shown };
