// SPDX-License-Identifier: MIT
// The tables of bench/link-video, in Markdown: a line for each run.
'use strict';

const fixed = digits => value => (Number.isFinite(value) ? value.toFixed(digits) : 'never');
const percent = value => (Number.isFinite(value) ? `${(100 * value).toFixed(0)} %` : '-');
const times = (count, seconds) => (count > 0 ? `${count} (${seconds.toFixed(1)} s)` : '0');

const VIDEO = {
  'link used': run => percent(run.share),
  'queue p95, ms': run => fixed(0)(run.queueMs),
  'start, s': run => fixed(1)(run.startS),
  freezes: run => times(run.freezes, run.frozenS),
  'pictures/s': run => fixed(0)(run.framesPerSecond),
  width: run => String(run.width),
  'jitter buffer, ms': run => fixed(0)(run.jitterBufferMs),
  'keyframes, asked for': run => `${run.keyframes}, ${run.askedFor}`,
  'resent, dropped': run => `${run.resent}, ${run.lost}`,
};

const CHANGES = {
  'over 100 ms of queue, s': run => fixed(1)(run.longQueueS),
  'freezes from the change on': run => times(run.changeFreezes, run.changeFrozenS),
  'back to 80 %, s': run => fixed(1)(run.backS),
};

const BESIDE_TCP = {
  'beside TCP, kbit/s': run => fixed(0)(run.besideKbps),
  'TCP, kbit/s': run => fixed(0)(run.tcpKbps),
  'freezes from TCP on': run => times(run.changeFreezes, run.changeFrozenS),
  'back to 80 %, s': run => fixed(1)(run.backS),
};

const AUDIO = {
  'made up': run => percent(run.concealed),
  'jitter buffer, ms': run => fixed(0)(run.delayMs),
  'kbit/s': run => fixed(0)(run.kbps),
};

function columnsOf(scenario) {
  if (scenario.audio) {
    return AUDIO;
  }
  return { ...VIDEO, ...scenario.changes && CHANGES, ...scenario.tcp && BESIDE_TCP, ...scenario.calls > 1 && { Jain: run => fixed(3)(run.jain) } };
}

const line = cells => `| ${cells.join(' | ')} |\n`;

const head = scenario => `\n**${scenario.title}**\n\n` + line(['', ...Object.keys(columnsOf(scenario))]) + `|---|${'---|'.repeat(Object.keys(columnsOf(scenario)).length)}\n`;

const row = (scenario, name, run) => line([name, ...Object.values(columnsOf(scenario)).map(cell => cell(run))]);

module.exports = { head, row };
