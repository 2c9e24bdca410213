// SPDX-License-Identifier: MIT
// A run's rate, queue and freezes over time as an SVG picture, one line for each pair of ends, which has its colour in all of them.
'use strict';
const { BIN_S } = require('./measures');

const WIDTH = 860;
const LEFT = 56;
const RIGHT = 12;
const RATE = { top: 44, height: 200 };
const QUEUE = { top: 274, height: 110 };
const FREEZES = { top: 414, row: 14 };
const COLOURS = { 'ours to ours': '#0b6fb8', 'ours to Chromium': '#3a8f4d', 'Chromium to ours': '#8a5cb0', 'Chromium to Chromium': '#d4662a' };
const SMOOTH = 5; // bins to a point: half a second

const round = value => Math.round(value * 10) / 10;

// A round number of steps for an axis to `most`.
function stepsTo(most) {
  const rough = Math.max(most, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(one => one >= rough);
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

// Bins taken together: [[second, value], ...].
function points(bins, valueOf) {
  const result = [];
  for (let i = 0; i + SMOOTH <= bins.length; i += SMOOTH) {
    result.push([bins[i].second + SMOOTH * BIN_S / 2, valueOf(bins.slice(i, i + SMOOTH))]);
  }
  return result;
}

const kbpsOf = part => part.reduce((bits, bin) => bits + bin.bits, 0) / 1000 / (SMOOTH * BIN_S);
const longestOf = part => Math.max(...part.map(({ queueMs }) => queueMs));

const polyline = (list, x, y, style) => `<polyline points="${list.map(([a, b]) => `${round(x(a))},${round(y(b))}`).join(' ')}" ${style}/>\n`;
const text = (x, y, words, more = '') => `<text x="${round(x)}" y="${round(y)}" ${more}>${words}</text>\n`;

function axis({ top, height }, steps, name) {
  const y = value => top + height - height * value / steps.at(-1);
  const lines = steps.map(step => `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y(step))}" y2="${round(y(step))}" class="grid"/>\n` +
    text(LEFT - 6, y(step) + 4, step, 'class="end"'));
  return { y, svg: text(LEFT, top - 8, name) + lines.join('') };
}

// What the link carries, as steps.
function capacity(rates, seconds, x, y) {
  const list = rates.flatMap(([from, kbps], i) => [[from, kbps], [rates[i + 1]?.[0] ?? seconds, kbps]]);
  return polyline(list, x, y, 'class="link"');
}

const escaped = words => words.replace(/&/g, '&amp;').replace(/</g, '&lt;');

// `runs`: { name: what measure() of measures.js gave }.
function draw(title, runs) {
  const all = Object.values(runs);
  const seconds = Math.max(...all.map(({ bins }) => bins.length * BIN_S));
  const { rates } = all[0];
  const x = second => LEFT + (WIDTH - LEFT - RIGHT) * second / seconds;
  const rate = axis(RATE, stepsTo(Math.max(...rates.map(([, kbps]) => kbps), ...all.flatMap(({ bins }) => points(bins, kbpsOf).map(([, value]) => value)))), 'kbit/s on the link');
  const queue = axis(QUEUE, stepsTo(Math.max(...all.flatMap(({ bins }) => bins.map(({ queueMs }) => queueMs)))), 'longest wait in the queue, ms');
  const height = FREEZES.top + all.length * FREEZES.row + 34;
  let svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">\n` +
    '<style>.grid{stroke:#ddd}.link{fill:none;stroke:#888;stroke-width:2;stroke-dasharray:5 3}.end{text-anchor:end}.middle{text-anchor:middle}</style>\n' +
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>\n${text(LEFT, 18, escaped(title), 'font-weight="bold"')}${rate.svg}${queue.svg}` +
    text(LEFT, FREEZES.top - 8, 'pictures that froze');
  svg += capacity(rates, seconds, x, rate.y);
  Object.entries(runs).forEach(([name, run], i) => {
    const style = `fill="none" stroke="${COLOURS[name]}" stroke-width="1.5"`;
    const y = FREEZES.top + i * FREEZES.row;
    svg += polyline(points(run.bins, kbpsOf), x, rate.y, style) + polyline(points(run.bins, longestOf), x, queue.y, style);
    svg += `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y + 6}" y2="${y + 6}" class="grid"/>\n`;
    svg += run.freezeSpans.map(([from, to]) => `<rect x="${round(x(from))}" y="${y}" width="${round(Math.max(1, x(to) - x(from)))}" height="11" fill="${COLOURS[name]}"/>\n`).join('');
    svg += text(WIDTH - RIGHT - 150 * (all.length - i), 34, escaped(name), `fill="${COLOURS[name]}"`);
  });
  for (const step of stepsTo(seconds).filter(one => one <= seconds)) {
    svg += text(x(step), height - 12, `${step} s`, 'class="middle"');
  }
  return `${svg}</svg>\n`;
}

module.exports = { draw };
