// SPDX-License-Identifier: MIT
// What WebIDL does between a page and an implementation: values are converted, dictionaries read member by member, members of interfaces enumerable, event handlers attributes.
'use strict';

function number(value) {
  if (typeof value === 'bigint' || typeof value === 'symbol') {
    throw new TypeError('a number is expected');
  }
  return Number(value);
}

function integer(bits, signed) {
  return value => {
    const x = Math.trunc(number(value));
    const wrapped = Number(BigInt.asUintN(bits, BigInt(Number.isFinite(x) ? x : 0)));
    return signed && wrapped >= 2 ** (bits - 1) ? wrapped - 2 ** bits : wrapped;
  };
}

function enforceRange(lowest, highest) {
  return value => {
    const x = Math.trunc(number(value));
    if (!Number.isFinite(x) || x < lowest || x > highest) {
      throw new TypeError(`${String(value)} is not a whole number from ${lowest} to ${highest}`);
    }
    return x + 0;
  };
}

function double(value) {
  const x = number(value);
  if (!Number.isFinite(x)) {
    throw new TypeError(`${x} is not a finite number`);
  }
  return x;
}

function string(value) {
  return `${value}`;
}

function usvString(value) {
  return Buffer.from(`${value}`).toString(); // lone surrogates become U+FFFD
}

function oneOf(...names) {
  return value => {
    const name = `${value}`;
    if (!names.includes(name)) {
      throw new TypeError(`"${name}" is none of ${names.join(', ')}`);
    }
    return name;
  };
}

function nullable(convert) {
  return value => (value === null || value === undefined ? null : convert(value));
}

function sequence(convert) {
  return value => {
    if (value === null || typeof value !== 'object' || typeof value[Symbol.iterator] !== 'function') {
      throw new TypeError('a sequence is expected');
    }
    return Array.from(value, convert);
  };
}

function instance(type) {
  return value => {
    if (!(value instanceof type())) {
      throw new TypeError(`a ${type().name} is expected`);
    }
    return value;
  };
}

// members: { name: convert } or { name: [convert, default] } or { name: [convert, required] }.
const required = Symbol('required');
function dictionary(members) {
  const names = Object.keys(members).sort();
  return value => {
    if (value !== undefined && value !== null && typeof value !== 'object' && typeof value !== 'function') {
      throw new TypeError('a dictionary is expected');
    }
    const result = {};
    for (const name of names) {
      const [convert, otherwise] = [members[name]].flat();
      const given = value?.[name];
      if (given !== undefined) {
        result[name] = convert(given);
      } else if (otherwise === required) {
        throw new TypeError(`the member ${name} is missing`);
      } else if (otherwise !== undefined) {
        result[name] = typeof otherwise === 'function' ? otherwise() : otherwise;
      }
    }
    return result;
  };
}

const boolean = Boolean;
const object = value => value;
const unsignedShort = integer(16);
const unsignedLong = integer(32);

// The members of an interface are enumerable, and its name is its tag.
function expose(...types) {
  for (const type of types) {
    for (const target of [type.prototype, type]) {
      for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(target))) {
        if (!['constructor', 'prototype', 'name', 'length'].includes(name) && !name.startsWith('_') && descriptor.configurable) {
          Object.defineProperty(target, name, { ...descriptor, enumerable: true });
        }
      }
    }
    Object.defineProperty(type.prototype, Symbol.toStringTag, { value: type.name, configurable: true });
    Object.defineProperty(globalThis, type.name, { value: type, writable: true, enumerable: false, configurable: true });
  }
}

// on... attributes (HTML 8.1.8.1): a handler keeps the place it had when it was first set.
function eventHandlers(type, ...names) {
  for (const name of names) {
    const key = Symbol(`on${name}`);
    Object.defineProperty(type.prototype, `on${name}`, {
      configurable: true,
      enumerable: true,
      get() {
        return this[key]?.handler ?? null;
      },
      set(value) {
        const handler = typeof value === 'function' || (typeof value === 'object' && value !== null) ? value : null;
        if (!this[key]) {
          Object.defineProperty(this, key, { value: { handler: null }, enumerable: false });
          const slot = this[key];
          this.addEventListener(name, function (event) {
            return typeof slot.handler === 'function' ? slot.handler.call(this, event) : undefined;
          });
        }
        this[key].handler = handler;
      },
    });
  }
}

module.exports = { number, double, string, usvString, boolean, object, unsignedShort, unsignedLong, integer, enforceRange, oneOf, nullable, sequence, instance, dictionary, required, expose, eventHandlers };
