// SPDX-License-Identifier: MIT
// What a test or `call --check` starts ends with it when it is killed, as ctest does after the time limit: browsers with all their processes, and our programs.
// Usage: nothing_stays.js CALL_BINARY PEER_BINARY
'use strict';
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const { installed } = require('./browsers');
const { until } = require('./wait');

// Of a process, by /proc: its state, its parent and when it started, which tells it from a later one of the same number; null when there is none.
function look(pid) {
  try {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return { pid, state: fields[0], parent: Number(fields[1]), began: fields[19] };
  } catch {
    return null;
  }
}

function descendants(root) {
  const all = fs.readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(name => look(Number(name))).filter(Boolean);
  const found = [];
  for (let parents = [root]; parents.length > 0;) {
    const children = all.filter(({ parent }) => parents.includes(parent));
    found.push(...children);
    parents = children.map(({ pid }) => pid);
  }
  return found;
}

function runs({ pid, began }) {
  const now = look(pid);
  return now !== null && now.began === began && now.state !== 'Z';
}

// Kills `command` when `isUp` is true of what it wrote and of its descendants, which must then end, too.
async function endsWithIt(what, command, args, isUp, signal) {
  const process = spawn(command, args, { cwd: __dirname, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  process.stdout.on('data', data => { output += data; });
  const ended = new Promise(resolve => process.on('exit', resolve));
  const family = await until(`${what} to start`, () => {
    const found = descendants(process.pid);
    return isUp(output, found) && found;
  }, 60).finally(() => process.kill(signal));
  await ended;
  assert.ok(family.length > 0, what);
  await until(`the end of what ${what} started`, () => !family.some(runs)).finally(() => family.filter(runs).forEach(({ pid }) => global.process.kill(pid, 'SIGKILL')));
  console.log(`${what}, ${signal}: ${family.length} processes ended`);
}

const isStarted = output => output.includes('started');

async function main(call, peer) {
  const ours = `const { CallProgram } = require('./call_program'); const { OurPeer } = require('./peers');
    new OurPeer(${JSON.stringify(peer)}, ['--answer']); new CallProgram(${JSON.stringify(call)}, ['--port', '0']).url().then(() => console.log('started'));`;
  const tests = [['a test of our programs', process.execPath, ['-e', ours], isStarted]];
  for (const kind of ['chromium', 'firefox'].filter(installed)) {
    tests.push([`a test with ${kind}`, process.execPath, ['-e', `require('./browsers').startBrowser('${kind}').then(() => console.log('started'))`], isStarted]);
    tests.push([`call --check with ${kind}`, call, ['--check', '--browser', kind], (output, { length }) => length > 2]);
  }
  for (const test of tests) {
    await endsWithIt(...test, 'SIGKILL');
  }
  await endsWithIt(...tests[0], 'SIGTERM');
  console.log('nothing stays: passed');
}

main(...process.argv.slice(2)).then(() => process.exit(0), error => {
  console.error(error);
  process.exit(1);
});
