// SPDX-License-Identifier: MIT
// A page that is served over HTTPS with a certificate of the library's: Chromium reads the certificate, so that it shows the page to whoever names the key, and
// offers everybody else to go on. Usage: https_page.js PRINT_CERTIFICATE. Ends with 77 when Chromium is not installed.
'use strict';
const { execFileSync } = require('node:child_process');
const { createHash, X509Certificate } = require('node:crypto');
const fs = require('node:fs');
const https = require('node:https');
const os = require('node:os');
const path = require('node:path');

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-extensions',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--remote-debugging-pipe'];
const PAGE = '<!doctype html><title>shown</title><p id="mark">the page itself</p>';

// Opens the page in a browser of its own and hands it to `look`.
async function open(url, flags, look) {
  const { chromium } = require('playwright-core');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'https-page-'));
  const context = await chromium.launchPersistentContext(folder, { executablePath: CHROMIUM, ignoreDefaultArgs: true, args: [...FLAGS, ...flags, `--user-data-dir=${folder}`, 'about:blank'] });
  try {
    const page = await context.newPage();
    const refused = await page.goto(url).then(() => '', error => error.message);
    await look(page, refused);
  } finally {
    await context.close();
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function check(good, what, text) {
  if (!good) {
    throw new Error(`${what}: ${text.replace(/\s+/g, ' ').slice(0, 2000)}`);
  }
}

async function tryOne(print, algorithm) {
  const pem = execFileSync(print, [algorithm, '127.0.0.1', 'call.example.org']).toString();
  const spki = createHash('sha256').update(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
  const server = https.createServer({ key: pem, cert: pem }, (_, response) => response.end(PAGE));
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${server.address().port}/`;
  try {
    await open(url, [], async (page, refused) => {
      check(refused.includes('ERR_CERT_AUTHORITY_INVALID'), `${algorithm}: not for its issuer alone`, refused);
      await page.locator('#details-button').click();
      await page.locator('#proceed-link').click();
      await page.locator('#mark').waitFor();
    });
    await open(url, [`--ignore-certificate-errors-spki-list=${spki}`], async (page, refused) => {
      check(!refused, `${algorithm}: refused although its key is known`, refused);
      await page.locator('#mark').waitFor();
    });
  } finally {
    server.closeAllConnections?.();
    server.close();
  }
}

async function main() {
  if (!fs.existsSync(CHROMIUM)) {
    process.exit(77);
  }
  for (const algorithm of ['ecdsa', 'rsa']) {
    await tryOne(process.argv[2], algorithm);
  }
  console.log('Chromium reads certificates of both kinds');
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
