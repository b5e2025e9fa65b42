import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Figures, measure } from './measure.js';
import { ourHost } from './outage-host.js';
import { ALONE_MS, paced, toEnd, underLoad } from './quiet.js';
import { ALONE, LOADS, type Load, NEXT, quantile, VERSION, type Window } from './quiet-report.js';
import { inTurn, median, type Report, type Section, spread } from './section.js';

const DRILL = 'a drill';
/** Milliseconds after an update that the gateway has for its own work. */
const SETTLE_MS = 45_000;

/** Measures a drill of the previous release, and what the users of the gateway notice meanwhile. */
export const section: Section = {
  title: 'A drill beside the gateway',
  async run({ rounds, directory, say }) {
    const host = await ourHost(join(directory, 'cache'));
    try {
      await host.begin(NEXT);
      await host.update(VERSION);
      await setTimeout(SETTLE_MS);
      const gateway = await paced({ url: host.url, pid: await host.pid() });
      say(`a busy gateway is asked every ${gateway.everyMs.busy} ms`);
      const drill = host.command('drill');
      const drills: Figures[] = [];
      const windows: Window[] = [];
      for (let round = 0; round < rounds; round++) {
        drills.push(await measure(drill));
        const kinds = (Object.keys(LOADS) as Load[]).flatMap((load) =>
          [ALONE, DRILL].map((beside) => ({ load, beside })),
        );
        for (const { load, beside } of inTurn(kinds, round)) {
          const work = (signal: AbortSignal) =>
            beside === ALONE ? setTimeout(ALONE_MS, undefined, { signal }) : toEnd(drill);
          const window = await underLoad(beside, load, gateway, work);
          windows.push(window);
          say(
            `${load}, beside ${beside}: ${window.taken.length} answers, p99 ${quantile([window], 0.99).toFixed(1)} ms`,
          );
        }
      }
      return reportOn(drills, windows);
    } finally {
      await host.remove();
    }
  },
};

function reportOn(drills: Figures[], windows: Window[]): Report {
  const loads = Object.keys(LOADS) as Load[];
  // Of each window on its own: a burst of another machine on the same hardware is in one, a fault of drills in all.
  const p99 = (load: Load, beside: string) =>
    windows.filter((one) => one.load === load && one.beside === beside).map((one) => quantile([one], 0.99));
  const ratio = (load: Load) => median(p99(load, DRILL)) / median(p99(load, ALONE));
  const figure = (of: (drill: Figures) => number, digits = 0) => median(drills.map(of)).toFixed(digits);
  return {
    about: `A drill of ${NEXT} beside ${VERSION}, which it was updated to: the p99 of the gateway's answers in one window, asked as in the section on staging: median (least to most) of ${drills.length}.`,
    tables: [
      {
        columns: ['a drill takes', 'MiB'],
        rows: [[`${figure(({ seconds }) => seconds, 1)} s`, figure(({ peakMebibytes }) => peakMebibytes)]],
      },
      {
        columns: ['gateway', 'p99 ms alone', 'p99 ms beside a drill', 'of alone'],
        rows: loads.map((load) => [
          load,
          spread(p99(load, ALONE), 1),
          spread(p99(load, DRILL), 1),
          `${ratio(load).toFixed(2)}x`,
        ]),
      },
    ],
    targets: [{ what: 'p99 of a busy gateway beside a drill, of alone', ratio: ratio('busy'), atMost: 1.2 }],
    samples: { drills, windows },
  };
}
