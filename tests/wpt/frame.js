// SPDX-License-Identifier: MIT
// Frames within a page: an iframe is a global object of its own in this process, with the same connections and streams; it and the page around it send each other messages.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const idl = require('./webidl');
const { queueTask } = require('./session');

class MessageEvent extends Event {
  constructor(type, { data = null, origin = '', source = null } = {}) {
    super(type);
    Object.assign(this, { data, origin, source });
  }
}

// A message to `window`, as a task of its own; none to one that is gone.
function send(window, source, message) {
  const data = structuredClone(message);
  queueTask(window, () => {
    if (!window.closed) {
      window.dispatchEvent(new MessageEvent('message', { data, origin: globalThis.origin, source }));
    }
  });
}

// Makes `window` one that messages can be sent to.
function receivesMessages(window) {
  idl.eventHandlers({ prototype: window }, 'message');
  window.postMessage = message => send(window, globalThis, message);
}

function globalEvents(target) {
  const events = new EventTarget();
  for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent']) {
    target[name] = events[name].bind(events);
  }
}

// What a frame has of the page around it.
const SHARED = ['Event', 'EventTarget', 'DOMException', 'structuredClone', 'performance', 'console', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'queueMicrotask',
  'navigator', 'URL', 'origin', 'isSecureContext'];

function makeFrame(createElement) {
  const window = {};
  globalEvents(window);
  const names = Object.getOwnPropertyNames(globalThis).filter(name => /^(RTC|Media|HTML|Audio)/.test(name));
  for (const name of [...names, ...SHARED]) {
    window[name] = globalThis[name];
  }
  const connections = [];
  window.RTCPeerConnection = new Proxy(globalThis.RTCPeerConnection, {
    construct(target, given, newTarget) {
      const connection = Reflect.construct(target, given, newTarget);
      connections.push(connection);
      return connection;
    },
  });
  const body = createElement('body');
  Object.assign(window, { window, self: window, parent: { postMessage: message => send(globalThis, window, message) }, top: globalThis, closed: false,
    document: { body, documentElement: createElement('html'), createElement, readyState: 'complete' } });
  receivesMessages(window);
  // A document that goes closes its connections.
  const close = () => {
    window.closed = true;
    connections.forEach(connection => connection.close());
  };
  return { window: vm.createContext(window), close };
}

function frameElement(HTMLElement, createElement, root, href) {
  return class HTMLIFrameElement extends HTMLElement {
    #frame = null;
    srcdoc = '';
    src = '';
    allow = '';
    get contentWindow() { return this.#frame?.window ?? null; }
    _inserted() {
      this.#frame = makeFrame(createElement);
      queueTask(this, () => this.#load());
    }
    _removed() {
      this.#frame?.close();
      this.#frame = null;
    }
    #load() {
      if (!this.#frame) {
        return;
      }
      const markup = this.srcdoc || (this.src ? fs.readFileSync(path.join(root, new URL(this.src, href).pathname), 'utf8') : '');
      for (const [, code] of markup.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script\s*>/gi)) {
        vm.runInContext(code, this.#frame.window, { filename: this.src || 'srcdoc' });
      }
      this.dispatchEvent(new Event('load'));
    }
  };
}

module.exports = { frameElement, receivesMessages, globalEvents };
