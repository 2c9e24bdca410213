// SPDX-License-Identifier: MIT
// Lines of JSON on the input and output of a process, for the peers of other stacks.
'use strict';
const readline = require('node:readline');

const options = JSON.parse(process.argv[2]);

function emit(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

// Calls take(line) for each; bye and the end of the input end the process.
function readLines(take) {
  readline.createInterface({ input: process.stdin }).on('line', async text => {
    const line = JSON.parse(text);
    await take(line);
    if (line.type === 'bye') {
      process.exit(0);
    }
  }).on('close', () => process.exit(0));
}

module.exports = { emit, options, readLines };
