// SPDX-License-Identifier: MIT
// One loop of libcrtc within Node's: its descriptor is waited for, what it tells becomes tasks in the order in which it was told, handles become objects (the same one for the
// same handle) and error codes exceptions by name.
'use strict';
const { crtc, constants, koffi, withOut } = require('./library');

const libc = koffi.load('libc.so.6');
koffi.struct('pollfd', { fd: 'int', events: 'short', revents: 'short' });
const poll = libc.func('int poll(pollfd *fds, unsigned long count, int timeout)');
const POLLIN = 1;

const [, loop] = withOut(slot => crtc.rtc_loop_new(null, slot));

/* ---- Tasks: one for each event, with a microtask checkpoint after each, as a page has them. */

const tasks = [];

// `of`: whose task it is; null: of a track or a stream, which do not say whose description it was. `atOnce`: it belongs to the task that sets a description. `follows`: what it changes goes with the change that was told before it.
function queueTask(of, run, atOnce = false, follows = null) {
  tasks.push({ of, run, atOnce, follows });
  setImmediate(runOne);
}

// What follows from the change that is told by the task that runs.
function changeWhatFollows() {
  for (let i = 0; tasks[i]?.follows; i++) {
    tasks[i].follows();
  }
}

function runOne() {
  tasks.shift()?.run();
}

// Puts a task behind those of `of` that belong to the call which was made when there were `before` tasks.
function queueAfterDescription(of, before, run) {
  let place = Math.min(before, tasks.length);
  for (let i = place; i < tasks.length; i++) {
    place = (tasks[i].of === of || tasks[i].of === null) && tasks[i].atOnce ? i + 1 : place;
  }
  tasks.splice(place, 0, { of, run, atOnce: true });
  setImmediate(runOne);
}

function waiting() {
  return tasks.length;
}

/* ---- The loop. */

let due = false;

function iterate() {
  crtc.rtc_loop_iterate(loop);
}

// What was called may have something to send or to tell.
function touch() {
  if (!due) {
    due = true;
    setImmediate(() => {
      due = false;
      iterate();
    });
  }
}

function watch() {
  poll.async([{ fd: crtc.rtc_loop_fd(loop), events: POLLIN, revents: 0 }], 1, 100, () => {
    iterate();
    watch();
  });
}
watch();

/* ---- Handles. */

const objects = new Map();

// The object of a handle, made with make(handle) when there is none; a reference is kept for ever, so that no other handle gets its address.
function objectOf(handle, reference, create) {
  if (!handle) {
    return null;
  }
  let object = objects.get(handle);
  if (!object) {
    crtc[reference]?.(handle);
    object = create(handle);
    objects.set(handle, object);
  }
  return object;
}

function known(handle) {
  return objects.get(handle);
}

/* ---- Errors. */

// The handles of objects are not for pages.
const handles = new WeakMap();

function exception(code, words) {
  const name = crtc.rtc_error_name(code);
  const text = words || crtc.rtc_last_error() || crtc.rtc_error_message(code);
  return name === 'TypeError' ? new TypeError(text) : name === 'RangeError' ? new RangeError(text) : new DOMException(text, name);
}

function check(code) {
  touch();
  if (code < 0) {
    throw exception(code);
  }
  return code;
}

// The library has no such function yet.
class Missing extends Error {
  constructor(name) {
    super(`missing in libcrtc: ${name}`);
    this.name = 'MissingError';
  }
}

function need(name) {
  const found = crtc[name];
  if (!found) {
    throw new Missing(name);
  }
  return found;
}

// Constants by their W3C spelling: enumeration('RTC_SIGNALING_', 'have-local-offer').
function valueOf(prefix, name) {
  const value = constants[prefix + name.toUpperCase().replaceAll('-', '_')];
  if (value === undefined) {
    throw new Missing(prefix + name.toUpperCase().replaceAll('-', '_'));
  }
  return value;
}

function nameOf(prefix, value) {
  const name = Object.keys(constants).find(each => each.startsWith(prefix) && constants[each] === value);
  return name?.slice(prefix.length).toLowerCase().replaceAll('_', '-');
}

module.exports = { loop, queueTask, changeWhatFollows, queueAfterDescription, waiting, iterate, touch, objectOf, known, objects, handles, exception, check, need, Missing, valueOf, nameOf };
