// SPDX-License-Identifier: MIT
// Runs one file of the web-platform-tests in this process over libcrtc, and prints what came of it as JSON. Usage: run_file.js CHECKOUT FILE[?VARIANT] SECONDS
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
require('./connection');
const { makeWindow } = require('./page');
const { TESTDRIVER } = require('./options');

const [root, wanted, seconds] = process.argv.slice(2);
const [file, query] = wanted.split('?');
const source = fs.readFileSync(path.join(root, file), 'utf8');

// The scripts of a page in their order: [{ name, code }].
function scriptsOf(text) {
  if (file.endsWith('.js')) {
    const others = [...text.matchAll(/^\/\/ META: script=(\S+)/gm)].map(([, name]) => name);
    return ['/resources/testharness.js', ...others].map(load).concat({ name: file, code: text });
  }
  const bare = text.replace(/<!--[\s\S]*?-->/g, '');
  return [...bare.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script\s*>/gi)].flatMap(([, attributes, code]) => {
    const src = /\bsrc\s*=\s*["']?([^"'\s>]+)/.exec(attributes)?.[1];
    return src === undefined ? [{ name: file, code }] : src.includes('testharnessreport') ? [] : [load(src)];
  });
}

function load(src) {
  const name = src.startsWith('/') ? src.slice(1) : path.join(path.dirname(file), src);
  if (name === 'resources/testdriver-vendor.js') {
    return { name, code: TESTDRIVER };
  }
  const place = path.join(root, name.split('?')[0]);
  return { name, code: fs.existsSync(place) ? fs.readFileSync(place, 'utf8') : '' }; // a page goes on without a script that is not there
}

function report(result) {
  fs.writeSync(1, `\n${JSON.stringify(result)}\n`);
  process.reallyExit(0);
}

const STATUS = ['PASS', 'FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED'];
const HARNESS = ['OK', 'ERROR', 'TIMEOUT', 'PRECONDITION_FAILED'];

const { window, document } = makeWindow(root, file, query ? `?${query}` : '', file.endsWith('.html') ? source : '');

// As a page tells what nobody catches.
process.on('uncaughtException', error => {
  const event = Object.assign(new Event('error', { cancelable: true }), { error, message: error?.message ?? String(error), filename: file, lineno: 0, colno: 0 });
  window.dispatchEvent(event);
  window.onerror?.(event.message, file, 0, 0, error);
});
process.on('unhandledRejection', (reason, promise) => window.dispatchEvent(Object.assign(new Event('unhandledrejection', { cancelable: true }), { reason, promise })));

function run({ name, code }) {
  try {
    vm.runInThisContext(code, { filename: name });
  } catch (error) {
    process.emit('uncaughtException', error);
  }
  if (name.endsWith('resources/testharness.js')) {
    window.setup({ output: false, explicit_timeout: true });
    window.add_completion_callback((tests, status) => report({
      status: HARNESS[status.status], message: status.message, subtests: tests.map(test => ({ name: test.name, status: STATUS[test.status], message: test.message })),
    }));
  }
}

for (const script of scriptsOf(source)) {
  run(script);
}
document.readyState = 'complete';
document.dispatchEvent(new Event('DOMContentLoaded'));
window.dispatchEvent(new Event('load'));
window.onload?.();
setTimeout(() => window.timeout(), Number(seconds) * 1000);
