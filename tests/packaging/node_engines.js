// SPDX-License-Identifier: MIT
// What npm installs for the tests and benchmarks runs on the Node.js of Debian 12: each package's `engines.node` in the lock files allows it. The Node.js that happens to
// run this test says nothing about that.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const DEBIAN_12 = [18, 20, 4];

function compare(a, b) {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

// One of ">=18", ">= 18.20.0", "^18.2.0", "18.x", "*"; what is not understood is not allowed.
function allows(comparator) {
  const match = /^(>=|\^)?\s*v?(\d+)(?:\.(\d+|x))?(?:\.(\d+|x))?$/.exec(comparator.trim());
  if (comparator.trim() === '*')
    return true;
  if (!match)
    return false;
  const least = match.slice(2, 5).map(part => Number(part) || 0);
  return compare(DEBIAN_12, least) >= 0 && (match[1] === '>=' || DEBIAN_12[0] === least[0]);
}

const root = process.argv[2];
let refused = 0, packages = 0;
for (const folder of ['tests/interop', 'tests/wpt', 'bench/peers']) {
  const lock = JSON.parse(fs.readFileSync(path.join(root, folder, 'package-lock.json'), 'utf8'));
  for (const [name, { engines, version }] of Object.entries(lock.packages)) {
    packages++;
    if (!engines?.node || engines.node.split('||').some(allows))
      continue;
    console.log(`${folder}: ${name} ${version} wants Node.js ${engines.node}, Debian 12 has ${DEBIAN_12.join('.')}`);
    refused++;
  }
}
console.log(`${packages} packages, ${refused} of them not for Debian 12`);
process.exit(refused || packages < 10 ? 1 : 0);
