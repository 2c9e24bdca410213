// SPDX-License-Identifier: MIT
// What Chromium makes of the same files, as `--expected` of run.js takes it. A small server gives it the checkout. Needs the packages of tests/interop.
// Usage: chromium.js CHECKOUT --out FILE [--jobs N] [PART-OF-A-NAME ...]
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { filesOf } = require('./files');
const { options, TESTDRIVER } = require('./options');
const { startBrowser } = require('../interop/browsers');

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.idl': 'text/plain', '.json': 'application/json', '.css': 'text/css', '.png': 'image/png' };

// In place of the checkout's own: keeps what came of the page where the driver looks for it.
const REPORT = `setup({ output: false, explicit_timeout: true });
add_completion_callback((tests, status) => { window.wptResult = {
  status: ['OK', 'ERROR', 'TIMEOUT', 'PRECONDITION_FAILED'][status.status], message: status.message,
  subtests: tests.map(test => ({ name: test.name, status: ['PASS', 'FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED'][test.status], message: test.message })) }; });`;

function windowPage(script, text) {
  const others = [...text.matchAll(/^\/\/ META: script=(\S+)/gm)].map(([, name]) => `<script src="${name}"></script>`).join('');
  return `<!doctype html><meta charset=utf-8><script src="/resources/testharness.js"></script><script src="/resources/testharnessreport.js"></script>${others}<script src="${script}"></script>`;
}

function serve(root) {
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const file = path.join(root, path.normalize(decodeURIComponent(pathname)));
    const page = /^(.*)\.(window|any)\.html$/.exec(file);
    const answer = pathname === '/resources/testharnessreport.js' ? REPORT : pathname === '/resources/testdriver-vendor.js' ? TESTDRIVER
      : page && fs.existsSync(`${page[1]}.${page[2]}.js`) ? windowPage(`${path.basename(page[1])}.${page[2]}.js`, fs.readFileSync(`${page[1]}.${page[2]}.js`, 'utf8'))
        : fs.existsSync(file) && fs.statSync(file).isFile() ? fs.readFileSync(file) : null;
    response.writeHead(answer === null ? 404 : 200, { 'content-type': TYPES[page ? '.html' : path.extname(file)] ?? 'application/octet-stream', 'cache-control': 'no-store' });
    response.end(answer ?? '');
  });
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function runFile(browser, origin, { name, seconds }) {
  const url = `${origin}/${name.replace(/\.(window|any)\.js/, '.$1.html')}`;
  let page = null;
  try {
    page = await browser.context.newPage();
    await page.goto(url, { waitUntil: 'commit' });
    const done = () => page.evaluate('window.wptResult ?? null').catch(() => null);
    for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
      const result = await done();
      if (result) {
        return result;
      }
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    await page.evaluate('window.timeout && window.timeout()').catch(() => null);
    await new Promise(resolve => setTimeout(resolve, 500));
    return await done() ?? { status: 'TIMEOUT', message: 'no result', subtests: [] };
  } catch (error) {
    return { status: 'CRASH', message: String(error), subtests: [] };
  } finally {
    await page?.close().catch(() => null);
  }
}

async function main() {
  const { root, out, jobs, filters } = options(process.argv.slice(2));
  if (!root || !out) {
    console.error('usage: chromium.js CHECKOUT --out FILE [--jobs N] [PART-OF-A-NAME ...]');
    process.exit(2);
  }
  const server = await serve(root);
  const waiting = filesOf(root, filters);
  const results = filters.length > 0 && fs.existsSync(out) ? JSON.parse(fs.readFileSync(out, 'utf8')) : {};
  await Promise.all(Array.from({ length: Number(jobs) }, async () => {
    let browser = await startBrowser('chromium');
    while (waiting.length > 0) {
      const file = waiting.shift();
      const origin = `http://localhost:${server.address().port}`;
      results[file.name] = await runFile(browser, origin, file);
      if (results[file.name].status === 'CRASH') {
        await browser.close().catch(() => null);
        browser = await startBrowser('chromium');
        results[file.name] = await runFile(browser, origin, file);
      }
      console.error(`${results[file.name].status} ${results[file.name].subtests.length} ${file.name}`);
      fs.writeFileSync(out, JSON.stringify(results, null, 1));
    }
    await browser.close();
  }));
  server.close();
}

main();
