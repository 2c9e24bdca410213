// SPDX-License-Identifier: MIT
// `call --https` as browsers on other machines meet it: its certificate is for the addresses that it prints, and both browsers, which know nothing of it, warn and let
// their users go on, to a page that gets its camera and to a call.
// Usage: call_program_https.js CALL_BINARY
'use strict';
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { X509Certificate } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const tls = require('node:tls');
const { installed, startBrowser } = require('./browsers');
const { CallProgram } = require('./call_program');
const { inCall, press, shows } = require('./page_to_page_helpers');
const { until } = require('./wait');

// OpenSSL says whether a certificate is for an address or a name: Node.js 18 does not find IPv6 addresses in it.
function speaksFor(host, { raw }) {
  const certificate = new X509Certificate(raw);
  const matched = /^[0-9.]+$|:/.test(host) ? certificate.checkIP(host) : certificate.checkHost(host);
  return matched ? undefined : new Error(`the certificate is not for ${host}: ${certificate.subjectAltName}`);
}

// The certificate that the server shows, after whatever check the options ask for.
function certificateOf(url, options) {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host, port, servername: '', checkServerIdentity: speaksFor, ...options }, () => {
      resolve(socket.getPeerX509Certificate());
      socket.end();
    });
    socket.on('error', reject);
  });
}

async function isForItsAddresses(binary) {
  const program = new CallProgram(binary, ['--signaling-only', '--https', '--port', '0', '--host', 'call.example', '--host', '*']);
  assert.equal(await program.ended, 2); // what is no name is refused at once
  const server = new CallProgram(binary, ['--signaling-only', '--https', '--port', '0', '--host', 'call.example']);
  await server.url();
  const printed = [...server.output.matchAll(/https:\S+/g)].map(([url]) => url);
  assert.ok(printed.some(url => url.startsWith('https://localhost:')));
  const certificate = await certificateOf(printed.at(-1), { rejectUnauthorized: false });
  for (const url of printed) {
    await certificateOf(url, { ca: certificate.toString() }); // Node.js and OpenSSL: it is self-signed, in time, and for this address
  }
  assert.equal(certificate.checkHost('call.example'), 'call.example');
  assert.equal(certificate.checkHost('elsewhere.example'), undefined);
  assert.equal(await server.stop(), 0, server.output);
  return certificate;
}

function parsersAgree(certificate) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'interop-https-'));
  const file = path.join(folder, 'certificate.pem');
  fs.writeFileSync(file, certificate.toString());
  const { status, stderr, stdout } = spawnSync('openssl', ['verify', '-x509_strict', '-CAfile', file, file], { encoding: 'utf8' });
  fs.rmSync(folder, { recursive: true });
  assert.ok(status === 0, stdout + stderr);
}

async function talks(page, program) {
  await until('the page', () => page.evaluate(() => !document.getElementById('call').disabled));
  assert.equal(await page.evaluate(() => isSecureContext), true);
  await page.evaluate(press, 'call');
  await inCall([page]);
  await shows(page, 'notices', /^$/);
  await program.says(/: connected/);
}

async function chromiumWarns(binary) {
  const { chromium } = require('playwright-core');
  const program = new CallProgram(binary, ['--https', '--port', '0']);
  const url = await program.url();
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required'] });
  try {
    const page = await browser.newPage();
    await assert.rejects(page.goto(url), /ERR_CERT_AUTHORITY_INVALID/); // and not ERR_CERT_INVALID, which has no way on
    await page.click('#details-button');
    await page.click('#proceed-link');
    await page.waitForURL(url);
    await talks({ evaluate: async (fn, ...args) => page.evaluate(`(${fn})(...${JSON.stringify(args)})`) }, program);
  } finally {
    await browser.close();
  }
  assert.equal(await program.stop(), 0, program.output);
}

// Runs in the page of Firefox's warning, which has one of two shapes: opens what is hidden, then goes on.
function clickThrough() {
  const find = (root, ids) => {
    for (const element of root.querySelectorAll('*')) {
      const found = ids.includes(element.id) ? element : element.shadowRoot && find(element.shadowRoot, ids);
      if (found) {
        return found;
      }
    }
    return null;
  };
  for (const ids of [['advanced-button', 'advancedButton'], ['exception-button', 'exceptionDialogButton']]) {
    const button = document.documentURI.startsWith('about:certerror') ? find(document, ids) : null;
    (button?.shadowRoot?.querySelector('button') ?? button)?.click();
  }
  return document.documentURI;
}

async function firefoxWarns(binary) {
  const program = new CallProgram(binary, ['--https', '--port', '0']);
  const url = await program.url();
  const browser = await startBrowser('firefox', { acceptInsecureCerts: false });
  try {
    const page = await browser.newPage();
    await assert.rejects(page.open(url), /MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT/);
    await until('the page behind the warning', async () => await page.evaluate(clickThrough).catch(() => '') === url);
    await talks(page, program);
  } finally {
    await browser.close();
  }
  assert.equal(await program.stop(), 0, program.output);
}

async function main(binary) {
  parsersAgree(await isForItsAddresses(binary));
  if (installed('chromium')) {
    await chromiumWarns(binary);
  }
  if (installed('firefox')) {
    await firefoxWarns(binary);
  }
  console.log('https: passed');
}

main(process.argv[2]).then(() => process.exit(0), error => {
  console.error(error);
  process.exit(1);
});
