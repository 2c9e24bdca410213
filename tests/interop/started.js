// SPDX-License-Identifier: MIT
// Starts programs that end with the test that started them, however that one ends: killed for taking too long it runs nothing more itself, so the kernel kills them
// (prctl, PR_SET_PDEATHSIG).
'use strict';
const { spawn } = require('node:child_process');

const ENDS_WITH_US = ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'];

// As spawn of Node.js does.
function start(command, args, options) {
  const [first, ...rest] = [...ENDS_WITH_US, command, ...args];
  return spawn(first, rest, options);
}

module.exports = { ENDS_WITH_US, start };
