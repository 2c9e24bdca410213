// SPDX-License-Identifier: MIT
// libcrtc's public face as JavaScript sees it: the headers are read with the C preprocessor, so that what is declared there is here under its own name - functions, constants,
// structs and callbacks - and nothing has to be kept in step by hand. Pointers are BigInts; strings of C are strings; structs are made with make() and read with read().
'use strict';
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const koffi = require('koffi');

const ROOT = path.join(__dirname, '..', '..');
const BASIC = { bool: 'bool', _Bool: 'bool', char: 'char', int: 'int', unsigned: 'unsigned int', 'unsigned int': 'unsigned int', size_t: 'size_t', double: 'double', float: 'float', void: 'void',
  int8_t: 'int8_t', uint8_t: 'uint8_t', int16_t: 'int16_t', uint16_t: 'uint16_t', int32_t: 'int32_t', uint32_t: 'uint32_t', int64_t: 'int64_t', uint64_t: 'uint64_t' };

const types = new Map(Object.entries(BASIC)); // by C name: what koffi calls it
const constants = {};                         // of enums
const structs = new Map();                    // by name: { type, members: [[name, kind]] }
const prototypes = new Map();                 // functions by name: { result, parameters }

// "const char *name" gives ['name', koffi's type]. Whatever points is void *, but text.
function variable(text) {
  const words = text.replace(/\b(const|struct|enum)\b/g, ' ').replace(/\s+/g, ' ').trim();
  const [, base, stars, name, length] = /^((?:unsigned )?\w+) ?((?:\* ?)*)(\w*) ?(?:\[(\w*)\])?$/.exec(words) ?? [];
  if (base === undefined) {
    throw new Error(`can not read "${text}"`);
  }
  const depth = stars.replaceAll(' ', '').length;
  let type = depth > 1 || (depth === 1 && !(base === 'char' && text.includes('const'))) ? 'void *' : depth === 1 ? 'const char *' : types.get(base);
  if (type === undefined) {
    throw new Error(`there is no type ${base} in "${text}"`);
  }
  if (length !== undefined) {
    type = koffi.array(type, Number(length));
  }
  return [name, type];
}

function parameters(text) {
  return text.trim() === 'void' || text.trim() === '' ? [] : text.split(',').map(part => variable(part)[1]);
}

function callbackType(name, result, list) {
  return koffi.pointer(koffi.proto(name, variable(result)[1], parameters(list)));
}

// One statement of a struct gives its members: "a, b" of one type are two, "(*on_x)(...)" is a function.
function members(struct, statement) {
  const [, result, name, list] = /^([\w\s*]+)\(\*(\w+)\)\s*\((.*)\)$/s.exec(statement) ?? [];
  if (name !== undefined) {
    return [[name, callbackType(`${struct}_${name}`, result, list), 'function']];
  }
  const [first, ...others] = statement.split(',');
  const base = first.slice(0, first.search(/[\s*]\w+\s*(\[\w*\])?\s*$/) + 1);
  return [first, ...others.map(other => `${base} ${other}`)].map(part => variable(part));
}

function readStruct(name, body) {
  const list = body.split(';').map(text => text.trim()).filter(Boolean).flatMap(text => members(name, text));
  structs.set(name, { type: koffi.struct(name, Object.fromEntries(list.map(([member, type]) => [member, type]))), members: list });
  types.set(name, name);
}

function readEnum(name, body) {
  let next = 0;
  for (const part of body.split(',').map(text => text.trim()).filter(Boolean)) {
    const [, constant, value] = /^(\w+)(?:\s*=\s*(.*))?$/s.exec(part);
    next = value === undefined ? next : Number(value.replace(/[()\s]|(?<=\d)[uU]/g, ''));
    constants[constant] = next++;
  }
  types.set(name, 'int');
}

// Declarations end at semicolons that are not within braces.
function declarations(text) {
  const list = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    depth += text[i] === '{' ? 1 : text[i] === '}' ? -1 : 0;
    if (text[i] === ';' && depth === 0) {
      list.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  return list;
}

const READERS = [
  [/^typedef enum (\w+)?\s*\{(.*)\}\s*(\w+)$/s, m => readEnum(m[3], m[2])],
  [/^enum (\w*)\s*\{(.*)\}$/s, m => readEnum(m[1] || 'int', m[2])],
  [/^typedef struct \w*\s*\{(.*)\}\s*(\w+)$/s, m => readStruct(m[2], m[1])],
  [/^typedef struct (\w+) (\w+)$/, m => types.set(m[2], undefined)],
  [/^typedef ([\w\s*]+)\(\*(\w+)\)\s*\((.*)\)$/s, m => types.set(m[2], callbackType(m[2], m[1], m[3]))],
  [/^typedef ([\w\s]+) (\w+)$/, m => types.set(m[2], types.get(m[1].trim()))],
  [/^([\w\s*]+?)(rtc_\w+)\s*\((.*)\)$/s, m => prototypes.set(m[2], { result: variable(m[1])[1], parameters: parameters(withoutNames(m[3])) })],
];

// A parameter that is itself a function pointer is a pointer like others.
function withoutNames(list) {
  return list.replace(/[\w\s*]+\(\*\w+\)\s*\([^)]*\)/g, 'void *function');
}

function readHeaders() {
  const text = execFileSync('cc', ['-E', '-P', '-I', path.join(ROOT, 'include'), path.join(ROOT, 'include', 'crtc', 'crtc.h')], { encoding: 'utf8' });
  const own = text.replace(/__attribute__\s*\(\(visibility\("default"\)\)\)/g, '').split('\n').join(' ');
  for (const declaration of declarations(own).filter(each => /rtc_|RTC_/.test(each))) {
    const [form, read] = READERS.find(([pattern]) => pattern.test(declaration)) ?? [];
    if (!form) {
      throw new Error(`can not read the declaration "${declaration.slice(0, 200)}"`);
    }
    read(form.exec(declaration));
  }
}

readHeaders();
const shared = koffi.load(process.env.CRTC_LIBRARY ?? path.join(ROOT, 'build', 'release', 'src', 'libcrtc.so'));

// The library's functions by their C names; those that the headers do not declare are undefined.
const crtc = new Proxy({}, {
  get(known, name) {
    const prototype = prototypes.get(name);
    if (!prototype) {
      return undefined;
    }
    // Text that comes with a length may hold zeros.
    const counted = prototype.result === 'const char *' && prototype.parameters.length === 2 && /_(label|protocol)$/.test(name);
    return known[name] ??= shared.func(name, counted ? 'void *' : prototype.result, prototype.parameters);
  },
});

// A struct in memory, with zeros where `values` says nothing and its size in `size`. Functions become callbacks. Nothing of it is given back: a process is one file's.
function make(name, values = {}) {
  const memory = koffi.alloc(structs.get(name).type, 1);
  koffi.encode(memory, name, filled(name, values));
  return memory;
}

function filled(name, values) {
  const { type, members: list } = structs.get(name);
  const whole = {};
  for (const [member, kind, form] of list) {
    if (member === 'size') {
      whole.size = type.size;
    } else if (form === 'function') {
      whole[member] = values[member] ? koffi.register(values[member], kind) : null;
    } else if (values[member] !== undefined) {
      whole[member] = structs.has(kind) ? filled(kind, values[member]) : values[member];
    } else {
      whole[member] = structs.has(kind) ? filled(kind, {}) : zero(kind);
    }
  }
  const unknown = Object.keys(values).find(key => !list.some(([member]) => member === key));
  if (unknown) {
    throw new Error(`${name} has no member ${unknown}`);
  }
  return whole;
}

function zero(kind) {
  if (typeof kind !== 'string') {
    return kind.primitive === 'Array' ? new Array(kind.length).fill(zero(kind.ref?.name ?? 'int')) : null;
  }
  return kind.endsWith('*') ? null : kind === 'bool' ? false : 0;
}

function hasMember(name, member) {
  return structs.get(name)?.members.some(([each]) => each === member) ?? false;
}

// An array of structs in a row, of pointers, or of texts.
function structArray(name, list) {
  const size = structs.get(name).type.size;
  const memory = koffi.alloc(structs.get(name).type, Math.max(list.length, 1));
  list.forEach((values, i) => koffi.encode(memory, i * size, name, filled(name, values)));
  return memory;
}

function array(type, list) {
  const memory = koffi.alloc(type, Math.max(list.length, 1));
  if (list.length > 0) {
    koffi.encode(memory, type, list, list.length);
  }
  return memory;
}

function read(name, pointer) {
  return pointer ? koffi.decode(pointer, name) : null;
}

function readList(type, pointer, count) {
  return pointer && count ? koffi.decode(pointer, type, Number(count)) : [];
}

// Calls function(slot) with room for one pointer or value, and gives [result, what was put there].
function withOut(call, type = 'void *') {
  const slot = koffi.alloc(type, 1);
  koffi.encode(slot, type, type.endsWith('*') ? null : type === 'bool' ? false : 0);
  const result = call(slot);
  const value = koffi.decode(slot, type);
  koffi.free(slot);
  return [result, value];
}

// Bytes that a callback was given, copied.
function bytes(pointer, length) {
  return pointer && length ? Buffer.from(koffi.decode(pointer, 'uint8_t', Number(length))) : Buffer.alloc(0);
}

const arity = name => prototypes.get(name)?.parameters.length;

module.exports = { crtc, arity, constants, structs, make, hasMember, structArray, array, read, readList, withOut, bytes, koffi };
