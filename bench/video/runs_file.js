// SPDX-License-Identifier: MIT
// The file of runs that bench/link-video adds to: a line of JSON for each run, { scenario, pair, quick, size, maxKbps, result }, so that one that is cut short loses no run that ended.
'use strict';
const fs = require('node:fs');

// What is there of a line that was not finished is taken away first.
function addRun(file, run) {
  if (fs.existsSync(file)) {
    fs.truncateSync(file, fs.readFileSync(file).lastIndexOf('\n') + 1);
  }
  fs.appendFileSync(file, `${JSON.stringify(run)}\n`);
}

// Runs in the order in which they were made. A last line without an end is of one that was cut short while it was written: it does not count. Numbers that JSON has no word for are
// null in it, and were "never".
function readRuns(file) {
  if (!fs.existsSync(file)) {
    return [];
  }
  const lines = fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.filter(line => line !== '').map((line, i) => {
    let run;
    try {
      run = JSON.parse(line, (name, value) => (value === null ? Infinity : value));
    } catch {
      run = undefined;
    }
    if (!run?.scenario || !run.pair || !run.result) {
      throw new Error(`${file}: line ${i + 1} is no run`);
    }
    return run;
  });
}

module.exports = { addRun, readRuns };
