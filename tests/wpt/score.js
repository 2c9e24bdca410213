// SPDX-License-Identifier: MIT
// Results beside those of a browser: what of that which passes there passes here.
'use strict';

function passing(result) {
  return new Set((result?.subtests ?? []).filter(each => each.status === 'PASS').map(each => each.name));
}

// Per file: how many subtests pass here of those that count, which are those that pass in `expected`, or all when there is none.
function scores(results, expected) {
  return Object.keys(expected ?? results).sort().map(file => {
    const here = passing(results[file]);
    const counted = expected ? [...passing(expected[file])] : (results[file]?.subtests ?? []).map(each => each.name);
    return { file, passed: counted.filter(name => here.has(name)).length, counted: counted.length };
  });
}

function percent(passed, counted) {
  return counted === 0 ? '-' : `${(100 * passed / counted).toFixed(1)} %`;
}

function table(results, expected) {
  const list = scores(results, expected).filter(({ file, counted }) => counted > 0 && file in results);
  const passed = list.reduce((sum, each) => sum + each.passed, 0);
  const counted = list.reduce((sum, each) => sum + each.counted, 0);
  return [...list.map(each => `${String(each.passed).padStart(4)} of ${String(each.counted).padStart(4)}  ${each.file}`),
    `${passed} of ${counted} subtests${expected ? ' that pass in the browser' : ''}: ${percent(passed, counted)}`].join('\n');
}

module.exports = { scores, table, percent, passing };
