// SPDX-License-Identifier: MIT
// Runs the web-platform-tests over libcrtc, each file in a process of its own, and prints how many of the subtests that a browser passes pass here.
// Usage: run.js CHECKOUT [--out FILE] [--expected FILE] [--jobs N] [PART-OF-A-NAME ...]
'use strict';
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { filesOf } = require('./files');
const { options } = require('./options');
const { table } = require('./score');

// What a file came to: what its process printed last, or why there is nothing.
function runFile(root, { name, seconds }) {
  return new Promise(resolve => {
    const child = spawn(process.execPath, ['--expose-gc', '--no-warnings', path.join(__dirname, 'run_file.js'), root, name, String(seconds)], { stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), (seconds + 15) * 1000);
    let text = '';
    let errors = '';
    child.stdout.on('data', data => { text += data; });
    child.stderr.on('data', data => { errors = (errors + data).slice(-2000); });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const last = text.split('\n').reverse().find(line => line.startsWith('{"status"'));
      resolve(last ? JSON.parse(last) : { status: 'CRASH', message: `ended with ${signal ?? code}: ${errors}`, subtests: [] });
    });
  });
}

async function main() {
  const { root, out, expected, jobs, filters } = options(process.argv.slice(2));
  if (!root) {
    console.error('usage: run.js CHECKOUT [--out FILE] [--expected FILE] [--jobs N] [PART-OF-A-NAME ...]');
    process.exit(2);
  }
  const waiting = filesOf(root, filters);
  const results = {};
  await Promise.all(Array.from({ length: Number(jobs) }, async () => {
    while (waiting.length > 0) {
      const file = waiting.shift();
      results[file.name] = await runFile(root, file);
      const passed = results[file.name].subtests.filter(each => each.status === 'PASS').length;
      console.error(`${results[file.name].status} ${passed}/${results[file.name].subtests.length} ${file.name}`);
      if (out) {
        fs.writeFileSync(out, JSON.stringify(results, null, 1));
      }
    }
  }));
  console.log(table(results, expected ? JSON.parse(fs.readFileSync(expected, 'utf8')) : null));
}

main();
