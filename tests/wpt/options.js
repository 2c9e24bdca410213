// SPDX-License-Identifier: MIT
// What the programs here have in common: the words after a command (the checkout, --name value, and parts of the names of files), and a stand-in for the test driver.
'use strict';

function options(words) {
  const result = { jobs: 1, filters: [] };
  for (let i = 0; i < words.length; i++) {
    if (words[i].startsWith('--')) {
      result[words[i].slice(2)] = words[++i];
    } else if (!result.root) {
      result.root = words[i];
    } else {
      result.filters.push(words[i]);
    }
  }
  return result;
}

// In place of the checkout's own resources/testdriver-vendor.js: nobody has to be asked for a permission.
const TESTDRIVER = 'test_driver_internal.set_permission = async () => {}; test_driver_internal.in_automation = true;';

module.exports = { options, TESTDRIVER };
