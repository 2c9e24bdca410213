// SPDX-License-Identifier: MIT
// Which files of a checkout of the web-platform-tests are run, with their variants and how long each may take.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const FOLDERS = [
  ['webrtc', /./], ['webrtc-extensions', /./], ['webrtc-priority', /./], ['webrtc-stats', /./], ['mediacapture-streams', /^mediacapture-streams\/MediaStream/],
];
// What needs a browser beside the API: workers, objects that are moved elsewhere, the page cache, devices.
const NOT = /back-forward-cache|postMessage|transfer|iframe|service-worker|capture-video|videoDetector|feature-policy|identity|idlharness|tools\/|third_party|resources\/|applyConstraints|Track-get(Capabilities|Settings)/;

function walk(root, folder) {
  return fs.readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const name = `${folder}/${entry.name}`;
    return entry.isDirectory() ? walk(root, name) : [name];
  });
}

function isTest(root, name) {
  if (name.endsWith('.window.js') || name.endsWith('.any.js')) {
    return true;
  }
  return name.endsWith('.html') && fs.readFileSync(path.join(root, name), 'utf8').includes('testharness.js');
}

// [{ name: 'webrtc/x.html?variant', seconds }], those that contain one of `filters`, or all.
function filesOf(root, filters = []) {
  const names = FOLDERS.filter(([folder]) => fs.existsSync(path.join(root, folder))).flatMap(([folder, which]) => walk(root, folder).filter(name => which.test(name)));
  return names.filter(name => !NOT.test(name) && isTest(root, name)).sort().flatMap(name => {
    const text = fs.readFileSync(path.join(root, name), 'utf8');
    const long = /<meta\s+name=["']?timeout["']?\s+content=["']?long/.test(text) || text.includes('META: timeout=long');
    const variants = [...text.matchAll(/<meta\s+name=["']?variant["']?\s+content=["']?([^"'>]*)["']?/g), ...text.matchAll(/META: variant=(\S*)/g)].map(([, variant]) => variant);
    return (variants.length ? variants : ['']).map(variant => ({ name: name + variant, seconds: long ? 60 : 20 }));
  }).filter(({ name }) => filters.length === 0 || filters.some(filter => name.includes(filter)));
}

module.exports = { filesOf };
