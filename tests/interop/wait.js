// SPDX-License-Identifier: MIT
// Waiting for something to become true, with a time limit and words for when it does not.
'use strict';

const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

async function until(what, test, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await test();
    if (value) {
      return value;
    }
    if (Date.now() > end) {
      throw new Error(`waited ${seconds} s in vain for ${what}`);
    }
    await pause(50);
  }
}

module.exports = { pause, until };
