// SPDX-License-Identifier: MIT
// Runs the scenarios of the W3C interface between libcrtc and a browser. Usage: run.js BROWSER [PART OF A NAME...]
// with CRTC_LIBRARY in the environment; without parts of names all but the layers, which take long. Ends with 77 when the
// browser or the binding's packages are not installed.
'use strict';
const { installed, startBrowser } = require('../browsers');

function isThere(kind) {
  try {
    require.resolve('koffi', { paths: [`${__dirname}/../../wpt`] });
  } catch {
    console.log('the packages of tests/wpt are not installed: scripts/setup does it');
    return false;
  }
  return installed(kind) || console.log(`${kind} is not installed`);
}

async function tellFailure(name, error, sides) {
  console.error(`FAILED ${name}: ${error.stack}`);
  for (const side of sides) {
    const { local, remote, ...state } = await side.run(each => each.state()).catch(String);
    console.error(`--- ${side.name}: ${JSON.stringify(state)}\n--- local\n${local}\n--- remote\n${remote}\n${side.page?.log.join('\n') ?? ''}`);
  }
}

async function runOne(browser, [name, scenario, weBegin]) {
  const { openSides } = require('./sides');
  const begin = Date.now();
  let sides = [];
  try {
    await scenario(async options => { sides = await openSides(browser, weBegin, options); return sides; });
    console.log(`passed ${browser.kind} ${name} (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    await tellFailure(`${browser.kind} ${name}`, error, sides);
    return false;
  } finally {
    await Promise.all(sides.map(side => side.close().catch(() => {})));
  }
}

async function main(kind, ...wanted) {
  if (!isThere(kind)) {
    return 77;
  }
  const chosen = require('./scenarios').scenariosOf(kind).filter(([name]) => (wanted.length === 0 ? !name.startsWith('layers') : wanted.some(part => name.includes(part))));
  if (chosen.length === 0) {
    throw new Error(`no scenario is called ${wanted}`);
  }
  const browser = await startBrowser(kind);
  let failed = 0;
  for (const each of chosen) {
    failed += !await runOne(browser, each);
  }
  await browser.close();
  console.log(`${chosen.length - failed} of ${chosen.length} passed`);
  return failed === 0 ? 0 : 1;
}

module.exports = { isThere };

if (require.main === module) {
  main(...process.argv.slice(2)).then(code => process.exit(code), error => {
    console.error(error);
    process.exit(1);
  });
}
