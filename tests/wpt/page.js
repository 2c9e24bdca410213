// SPDX-License-Identifier: MIT
// What a page of the web-platform-tests finds around it: a window, a document that shows nothing, media elements that play into the void, devices that are test sources.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const idl = require('./webidl');
const { MediaStream, MediaStreamTrack, testTrack, trackOfSource } = require('./media');
const { mediaElements } = require('./media_element');
const { Picture, CanvasRenderingContext2D, WebGLRenderingContext, pictureSource } = require('./canvas');
const { frameElement, receivesMessages, globalEvents } = require('./frame');

class Node extends EventTarget {
  children = [];
  parentElement = null;
  get parentNode() { return this.parentElement; }
  get childNodes() { return this.children; }
  get firstChild() { return this.children[0] ?? null; }
  appendChild(child) {
    child.parentElement?.removeChild(child);
    child.parentElement = this;
    this.children.push(child);
    child._inserted?.();
    return child;
  }
  append(...all) { all.forEach(child => this.appendChild(child)); }
  removeChild(child) {
    this.children = this.children.filter(each => each !== child);
    child.parentElement = null;
    child._removed?.();
    return child;
  }
  remove() { this.parentElement?.removeChild(this); }
}

class HTMLElement extends Node {
  style = {};
  attributes = {};
  constructor(tag = 'div') {
    super();
    this.tagName = tag.toUpperCase();
    this.localName = tag;
  }
  setAttribute(name, value) { this.attributes[name] = `${value}`; }
  getAttribute(name) { return this.attributes[name] ?? null; }
  hasAttribute(name) { return name in this.attributes; }
  removeAttribute(name) { delete this.attributes[name]; }
  querySelector() { return null; }
  querySelectorAll() { return []; }
  get id() { return this.attributes.id ?? ''; }
  set id(value) { this.attributes.id = `${value}`; }
}

const { HTMLMediaElement, HTMLVideoElement, HTMLAudioElement } = mediaElements(HTMLElement);

// Shows nothing, but knows what is painted on it; its streams give that.
class HTMLCanvasElement extends HTMLElement {
  #width = 300;
  #height = 150;
  #shown = null;
  #sources = [];
  #contexts = new Map();
  get width() { return this.#width; }
  set width(value) { this.#resize(value, this.#height); }
  get height() { return this.#height; }
  set height(value) { this.#resize(this.#width, value); }

  getContext(kind) {
    const type = { '2d': CanvasRenderingContext2D, webgl: WebGLRenderingContext }[kind];
    if (type && !this.#contexts.has(kind)) {
      this.#contexts.set(kind, new type(this));
    }
    return this.#contexts.get(kind) ?? null;
  }

  captureStream() {
    const { source, changed } = pictureSource(() => this._picture());
    this.#sources.push(changed);
    return new MediaStream([trackOfSource(source)]);
  }

  _picture() { return this.#shown ??= new Picture(this.#width, this.#height); }
  _paint(stroke) {
    stroke(this._picture());
    this.#sources.forEach(changed => changed());
  }

  #resize(width, height) {
    this.#width = Math.max(1, Math.trunc(width));
    this.#height = Math.max(1, Math.trunc(height));
    this.#shown = null;
  }
}
idl.eventHandlers(HTMLElement, 'load', 'error', 'click');

const ELEMENTS = { video: HTMLVideoElement, audio: HTMLAudioElement, canvas: HTMLCanvasElement };

function createElement(tag) {
  return new (ELEMENTS[tag] ?? HTMLElement)(tag);
}

// Of all that there is of sound: a tone that can be had as a stream.
class AudioNode {
  frequency = { value: 440, setValueAtTime: () => {} };
  gain = { value: 1 };
  connect(other) { return other; }
  disconnect() {}
  start() {}
  stop() {}
}
class AudioContext {
  currentTime = 0;
  state = 'running';
  destination = new AudioNode();
  createOscillator() { return new AudioNode(); }
  createGain() { return new AudioNode(); }
  createMediaStreamSource() { return new AudioNode(); }
  createScriptProcessor() { return new AudioNode(); }
  createMediaStreamDestination() { return Object.assign(new AudioNode(), { stream: new MediaStream([testTrack('audio')]) }); }
  async resume() {}
  async close() {}
}

class FileReader extends EventTarget {
  result = null;
  async readAsArrayBuffer(blob) {
    this.result = await blob.arrayBuffer();
    this.dispatchEvent(new Event('load'));
    this.dispatchEvent(new Event('loadend'));
  }
}
idl.eventHandlers(FileReader, 'load', 'loadend', 'error');

class MediaDevices extends EventTarget {
  async getUserMedia(constraints = undefined) {
    const wanted = ['audio', 'video'].filter(kind => constraints?.[kind]);
    if (wanted.length === 0) {
      throw new TypeError('nothing is asked for');
    }
    return new MediaStream(wanted.map(kind => testTrack(kind, settings(constraints[kind]))));
  }
  async enumerateDevices() { return []; }
  getSupportedConstraints() { return {}; }
}

function settings(constraints) {
  const result = {};
  for (const name of ['width', 'height', 'frameRate']) {
    const wanted = constraints?.[name];
    const value = typeof wanted === 'object' ? wanted.exact ?? wanted.ideal ?? wanted.min ?? wanted.max : wanted;
    if (value) {
      result[name] = Math.max(2, value);
    }
  }
  return result;
}

// Node.js 20 lacks what browsers' iterators have.
function iteratorHelpers() {
  const Iterator = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
  for (const name of ['map', 'filter', 'find', 'some', 'every', 'forEach', 'reduce']) {
    Iterator[name] ??= function (...args) { return Array.from(this)[name](...args); };
  }
  Iterator.toArray ??= function () { return Array.from(this); };
}

// Makes the global object a window for the page `file` below `root` with the query `search`, and its document one that has `markup`.
function makeWindow(root, file, search, markup) {
  const window = globalThis;
  iteratorHelpers();
  const document = new Node();
  const href = `https://web-platform.test/${file}${search}`;
  ELEMENTS.iframe = frameElement(HTMLElement, createElement, root, href);
  const location = new URL(href);
  const byId = new Map();
  const title = /<title>([^<]*)<\/title>/i.exec(markup)?.[1]; // what tests without a name of their own are called
  Object.assign(document, { readyState: 'loading', hidden: false, visibilityState: 'visible', title: file, body: createElement('body'), head: createElement('head'),
    documentElement: createElement('html'), location, createElement, createElementNS: (_, tag) => createElement(tag), createTextNode: () => new Node(),
    getElementsByTagName: name => (name === 'title' && title ? [{ firstChild: { data: title } }] : []), getElementById: id => byId.get(id) ?? null, querySelector: () => null, querySelectorAll: () => [], hasFocus: () => true });
  for (const [, tag, attributes] of markup.matchAll(/<(video|audio|canvas|div|button|iframe)\b([^>]*)>/g)) {
    const element = createElement(tag);
    const id = /\bid\s*=\s*["']?([\w-]+)/.exec(attributes)?.[1];
    document.body.appendChild(element);
    if (id) {
      element.id = id;
      byId.set(id, element);
      window[id] ??= element;
    }
    element.autoplay = /\bautoplay\b/.test(attributes);
    document.querySelector = wanted => document.body.children.find(each => each.localName === wanted || `#${each.id}` === wanted) ?? null;
  }
  globalEvents(window);
  receivesMessages(window);
  for (const [name, value] of Object.entries({ window, self: window, parent: window, top: window, opener: null, frames: window, document, location, origin: location.origin, isSecureContext: true,
    HTMLElement, HTMLMediaElement, HTMLVideoElement, HTMLAudioElement, HTMLCanvasElement, HTMLIFrameElement: ELEMENTS.iframe, FileReader, AudioContext, Document: Node, MediaDevices, Window: Object,
    navigator: { mediaDevices: new MediaDevices(), userAgent: 'libcrtc', permissions: undefined }, requestAnimationFrame: call => setTimeout(() => call(performance.now()), 16),
    fetch: async url => new Response(fs.readFileSync(path.join(root, new URL(url, href).pathname))) })) {
    Object.defineProperty(window, name, { value, writable: true, configurable: true, enumerable: true });
  }
  return { window, document };
}

module.exports = { makeWindow };
