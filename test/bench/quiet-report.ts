import { OURS } from './peers.js';
import type { Answers } from './prober.js';
import { median, type Report } from './section.js';

export const VERSION = '2026.9.6';
export const NEXT = '2026.9.5';
export const ALONE = 'nothing';
export const IDLE = 'worker in an idle group';
/** A gateway that has work, and one that mostly waits for it. */
export const LOADS = {
  busy: { path: '/', everyMs: 2 },
  idle: { path: '/healthz', everyMs: 10 },
};

export type Load = keyof typeof LOADS;

export interface Window extends Answers {
  beside: string;
  load: Load;
  /** How much of one processor the gateway took. */
  taking: number;
}

/** @param part of 1 */
export function quantile(all: number[], part: number): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length * part)] ?? Number.NaN;
}

/** Of all windows of a kind together: in a single one the p99 is the seventh worst answer, and says little. */
export function reportOn(all: Window[]): Report {
  const names = [...new Set(all.map(({ beside }) => beside))];
  const of = (load: Load, name: string) => all.filter((one) => one.load === load && one.beside === name);
  const whole = (windows: Window[], part: number) =>
    quantile(
      windows.flatMap(({ taken }) => taken),
      part,
    );
  const ratio = (load: Load, name: string) => whole(of(load, name), 0.99) / whole(of(load, ALONE), 0.99);
  const loads = Object.keys(LOADS) as Load[];
  const rows = loads.flatMap((load) =>
    names.map((name) => {
      const windows = of(load, name);
      const range = (part: number) => {
        const each = windows.map(({ taken }) => quantile(taken, part));
        const [least, most] = [Math.min(...each), Math.max(...each)].map((ms) => ms.toFixed(1));
        return `${whole(windows, part).toFixed(1)} (${least} to ${most})`;
      };
      const taking = `${(median(windows.map((one) => one.taking)) * 100).toFixed(0)} %`;
      const unanswered = windows.reduce((sum, one) => sum + one.unanswered, 0);
      return [load, taking, name, range(0.5), range(0.99), `${ratio(load, name).toFixed(2)}x`, unanswered];
    }),
  );
  return {
    about: `OpenClaw ${VERSION}, asked for its page every ${LOADS.busy.everyMs} ms (busy) or for /healthz every ${LOADS.idle.everyMs} ms (idle), while ${NEXT} is staged with an empty cache: of all windows together (of the least and the most of one), each in turn. The promise is of a gateway under load.`,
    tables: [
      {
        columns: ['gateway', 'takes of a core', 'beside it', 'p50 ms', 'p99 ms', 'of alone', 'unanswered'],
        rows,
      },
    ],
    targets: [OURS, `${OURS}, ${IDLE}`].map((name) => ({
      what: `p99 of a busy gateway beside ${name}, of alone`,
      ratio: ratio('busy', name),
      atMost: 1.2,
    })),
    samples: all,
  };
}
