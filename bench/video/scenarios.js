// SPDX-License-Identifier: MIT
// The links of bench/link-video. `link` is how each begins, lines for the link emulator; `changes` what it becomes at which second of the call; `tcp` from when to when a TCP
// flow shares it; `seconds` how long a run takes. A rate is that of both directions. What is told of a run besides what is told of every one: see measures.js.
'use strict';

// Where a run's share of the link is counted from: by then every end has found out what the link takes, or its start says that it has not.
const SETTLED_S = 10;

const ROUND_TRIP = 'delay_ms=25';

const SCENARIOS = {
  narrow: { title: '1 Mbit/s, 50 ms round trip, queue of 300 ms', link: `${ROUND_TRIP} rate_kbps=1000 queue_ms=300`, seconds: 30 },
  drop: {
    title: '2.5, then 0.6, then 2.5 Mbit/s',
    link: `${ROUND_TRIP} rate_kbps=2500 queue_ms=300`,
    changes: [[20, 'rate_kbps=600'], [35, 'rate_kbps=2500']],
    seconds: 62,
  },
  loss: { title: '3 Mbit/s, 5 % random loss', link: `${ROUND_TRIP} rate_kbps=3000 queue_ms=300 loss_percent=5`, seconds: 30 },
  jitter: { title: '3 Mbit/s, 30 ms jitter', link: `${ROUND_TRIP} rate_kbps=3000 queue_ms=300 jitter_ms=30`, seconds: 30 },
  tcp: { title: '1.5 Mbit/s beside one TCP flow from second 25 to 50', link: `${ROUND_TRIP} rate_kbps=1500 queue_ms=300`, tcp: [25, 50], seconds: 78 },
  handover: {
    title: '2 Mbit/s and 50 ms, gone for 2 s, then 1 Mbit/s and 120 ms',
    link: `${ROUND_TRIP} rate_kbps=2000 queue_ms=300`,
    changes: [[20, 'down=1'], [22, 'down=0 delay_ms=60 rate_kbps=1000']],
    seconds: 42,
  },
  three: { title: 'three calls (640x360) on 3 Mbit/s', link: `${ROUND_TRIP} rate_kbps=3000 queue_ms=300`, seconds: 45, calls: 3, size: [640, 360] },
  policer: { title: '1.5 Mbit/s, policed, without a queue', link: `${ROUND_TRIP} rate_kbps=1500 queue_ms=30 policing=1`, seconds: 40 },
  audio10: { title: 'sound alone, 10 % random loss', link: `${ROUND_TRIP} loss_percent=10`, seconds: 30, audio: true },
  audio30: { title: 'sound alone, 30 % random loss', link: `${ROUND_TRIP} loss_percent=30`, seconds: 30, audio: true },
};

const CLEAN = 'rate_kbps=0 queue_ms=0 policing=0 delay_ms=0 jitter_ms=0 loss_percent=0 down=0';

// All of a scenario's steps, as seconds and settings; the times shortened to a share of what they are.
function stepsOf({ link, changes = [] }, share) {
  return [[0, `${CLEAN} ${link}`], ...changes.map(([second, settings]) => [second * share, settings])];
}

const settingOf = (settings, name) => [...settings.matchAll(/(\w+)=(\S+)/g)].filter(([, one]) => one === name).at(-1)?.[2];

// What the link carries from when on, [[second, kbit/s], ...].
function ratesOf(scenario, share) {
  let rate = 0;
  let down = 0;
  return stepsOf(scenario, share).map(([second, settings]) => {
    rate = Number(settingOf(settings, 'rate_kbps') ?? rate);
    down = Number(settingOf(settings, 'down') ?? down);
    return [second, down ? 0 : rate];
  });
}

module.exports = { SCENARIOS, SETTLED_S, ratesOf, stepsOf };
