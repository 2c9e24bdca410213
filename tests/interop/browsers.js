// SPDX-License-Identifier: MIT
// Drives Chromium (through playwright-core) and Firefox (through its own WebDriver BiDi socket) without a window, each in a fresh profile. Their cameras and
// microphones are fake: Chromium's shows two colours and hums, out of files; Firefox's is its own, with a tone of a frequency set here.
'use strict';
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { writeCamera, writeMicrophone, MICROPHONE_HZ } = require('./fake_devices');
const { ENDS_WITH_US, start } = require('./started');

const EXECUTABLES = { chromium: '/usr/bin/chromium', firefox: '/usr/bin/firefox-esr' };

// Even numbers are looked up, when a connection over TCP is made to them.
function ownAddresses() {
  return Object.values(os.networkInterfaces()).flat().map(({ address }) => address.includes(':') ? `[${address}]` : address);
}

const CHROMIUM_FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--disable-extensions', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required',
  `--host-resolver-rules=MAP * ~NOTFOUND, ${['127.0.0.1', 'localhost', '*.local', ...ownAddresses()].map(host => `EXCLUDE ${host}`).join(', ')}`, '--ignore-certificate-errors', '--window-size=1280,800', '--remote-debugging-pipe'];

const FIREFOX_PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.navigator.audio.fake_frequency': MICROPHONE_HZ,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.gmp-manager.updateEnabled': false,
  'media.gmp-manager.url': '',
  'services.settings.server': 'data:,',
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'extensions.update.enabled': false,
  'remote.active-protocols': 1,
};

function installed(kind) {
  return fs.existsSync(EXECUTABLES[kind]);
}

function profile(kind) {
  return fs.mkdtempSync(path.join(os.tmpdir(), `interop-${kind}-`));
}

// An expression that calls fn(...args) in the page and gives its result as JSON.
function expressionOf(fn, args) {
  return `(async () => { const result = await (${fn})(...${JSON.stringify(args)}); return JSON.stringify(result ?? null); })()`;
}

class ChromiumPage {
  constructor(page) {
    this.page = page;
    this.log = [];
    page.on('console', message => this.log.push(message.text()));
    page.on('pageerror', error => this.log.push(String(error)));
  }

  async open(url) {
    await this.page.goto(url);
  }

  async evaluate(fn, ...args) {
    return JSON.parse(await this.page.evaluate(expressionOf(fn, args)));
  }

  async screenshot(file) {
    await this.page.screenshot({ path: file });
  }

  async close() {
    await this.page.close();
  }

  async resize(width, height) {
    await this.page.setViewportSize({ width, height });
  }
}

class Chromium {
  // `within`: words to put before the command, such as those that run it in a network namespace. `hideAddresses`: no permission is given that would have addresses told to pages.
  static async start({ flags = [], within = [], hideAddresses = false } = {}) {
    const { chromium } = require('playwright-core');
    const browser = new Chromium();
    browser.folder = profile('chromium');
    const camera = path.join(browser.folder, 'camera.y4m');
    const microphone = path.join(browser.folder, 'microphone.wav');
    writeCamera(camera);
    writeMicrophone(microphone);
    const [executablePath, ...first] = [...ENDS_WITH_US, ...within, EXECUTABLES.chromium];
    browser.context = await chromium.launchPersistentContext(browser.folder, {
      executablePath,
      ignoreDefaultArgs: true,
      args: [...first, ...CHROMIUM_FLAGS.filter(flag => !hideAddresses || flag !== '--use-fake-ui-for-media-stream'), `--use-file-for-fake-video-capture=${camera}`, `--use-file-for-fake-audio-capture=${microphone}`, `--user-data-dir=${browser.folder}`, ...flags,
        'about:blank'],
    });
    browser.kind = 'chromium';
    return browser;
  }

  async newPage() {
    return new ChromiumPage(await this.context.newPage());
  }

  async close() {
    await this.context.close();
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

class FirefoxPage {
  constructor(browser, context) {
    Object.assign(this, { browser, context, log: [] });
    browser.logs.set(context, this.log);
  }

  async open(url) {
    await this.browser.command('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
  }

  async evaluate(fn, ...args) {
    const answer = await this.browser.command('script.evaluate', { expression: expressionOf(fn, args), target: { context: this.context }, awaitPromise: true });
    if (answer.type !== 'success') {
      throw new Error(answer.exceptionDetails.text);
    }
    return JSON.parse(answer.result.value);
  }

  async screenshot(file) {
    const { data } = await this.browser.command('browsingContext.captureScreenshot', { context: this.context });
    fs.writeFileSync(file, Buffer.from(data, 'base64'));
  }

  async close() {
    await this.browser.command('browsingContext.close', { context: this.context });
  }
}

class Firefox {
  static async start({ hideAddresses = false, acceptInsecureCerts = true } = {}) {
    const browser = new Firefox();
    browser.kind = 'firefox';
    browser.folder = profile('firefox');
    fs.writeFileSync(path.join(browser.folder, 'user.js'),
      Object.entries({ ...FIREFOX_PREFERENCES, 'media.peerconnection.ice.obfuscate_host_addresses': hideAddresses }).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''));
    await browser.connect(await browser.spawn(), acceptInsecureCerts);
    return browser;
  }

  spawn() {
    this.process = start(EXECUTABLES.firefox, ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', this.folder, 'about:blank'],
      { env: { ...process.env, HOME: this.folder }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    return new Promise((resolve, reject) => {
      let text = '';
      const timer = setTimeout(() => reject(new Error(`Firefox offers no WebDriver BiDi: ${text}`)), 60000);
      const read = data => {
        text += data;
        const found = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(text);
        if (found) {
          clearTimeout(timer);
          resolve(`${found[1]}/session`);
        }
      };
      this.process.stdout.on('data', read);
      this.process.stderr.on('data', read);
      this.process.on('exit', code => reject(new Error(`Firefox ended with ${code}: ${text}`)));
    });
  }

  async connect(url, acceptInsecureCerts) {
    const WebSocket = require('ws');
    this.socket = new WebSocket(url);
    this.pending = new Map();
    this.logs = new Map();
    this.lastId = 0;
    this.socket.on('message', data => this.received(JSON.parse(data)));
    await new Promise((resolve, reject) => this.socket.on('open', resolve).on('error', reject));
    await this.command('session.new', { capabilities: { alwaysMatch: { acceptInsecureCerts } } });
    await this.command('session.subscribe', { events: ['log.entryAdded'] });
  }

  received({ id, type, result, error, message, method, params }) {
    if (method === 'log.entryAdded') {
      this.logs.get(params.source?.context)?.push(params.text);
    }
    const waiting = this.pending.get(id);
    if (waiting) {
      this.pending.delete(id);
      type === 'error' ? waiting.reject(new Error(`${error}: ${message}`)) : waiting.resolve(result);
    }
  }

  command(method, params) {
    return new Promise((resolve, reject) => {
      this.pending.set(++this.lastId, { resolve, reject });
      this.socket.send(JSON.stringify({ id: this.lastId, method, params }));
    });
  }

  async newPage() {
    const { context } = await this.command('browsingContext.create', { type: 'tab' });
    return new FirefoxPage(this, context);
  }

  async close() {
    const ended = new Promise(resolve => this.process.removeAllListeners('exit').on('exit', resolve));
    process.kill(-this.process.pid, 'SIGKILL');
    await ended;
    this.socket.terminate();
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function startBrowser(kind, options) {
  return kind === 'firefox' ? Firefox.start(options) : Chromium.start(options);
}

module.exports = { installed, startBrowser };
