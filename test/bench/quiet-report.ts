import { quantiles } from '../simulation/statistics.js';
import { OURS } from './peers.js';
import type { Answers } from './prober.js';
import { median, type Report } from './section.js';

export const VERSION = '2026.9.6';
export const NEXT = '2026.9.5';
export const ALONE = 'nothing';
export const IDLE = 'worker in an idle group';
/** Asked for by the clients of a gateway that has work, and of a mostly idle one. */
export const LOADS = { busy: '/', idle: '/healthz' };
/** Share of its own time that answering takes of a busy gateway. */
export const BUSY_SHARE = 0.5;
/** Milliseconds between two questions to an idle one. */
export const IDLE_EVERY_MS = 10;

export type Load = keyof typeof LOADS;

export interface Window extends Answers {
  beside: string;
  load: Load;
  /** Share of one processor that the gateway took. */
  taking: number;
}

/** Quantile of the answers in all of these together, in milliseconds. */
export function quantile(windows: Answers[], share: number): number {
  return quantiles(Float64Array.from(windows.flatMap(({ taken }) => taken)), share)[0] ?? Number.NaN;
}

/** Windows of a kind are taken together: in a single one of the idle gateway the p99 is the seventh worst answer, and says little. */
export function reportOn(all: Window[]): Report {
  const names = [...new Set(all.map(({ beside }) => beside))];
  const of = (load: Load, name: string) => all.filter((one) => one.load === load && one.beside === name);
  const ratio = (load: Load, name: string) =>
    quantile(of(load, name), 0.99) / quantile(of(load, ALONE), 0.99);
  const loads = Object.keys(LOADS) as Load[];
  const rows = loads.flatMap((load) =>
    names.map((name) => {
      const windows = of(load, name);
      const range = (share: number) => {
        const each = windows.map((window) => quantile([window], share));
        const [least, most] = [Math.min(...each), Math.max(...each)].map((ms) => ms.toFixed(1));
        return `${quantile(windows, share).toFixed(1)} (${least} to ${most})`;
      };
      const taking = `${(median(windows.map((one) => one.taking)) * 100).toFixed(0)} %`;
      const unanswered = windows.reduce((sum, one) => sum + one.unanswered, 0);
      return [load, taking, name, range(0.5), range(0.99), `${ratio(load, name).toFixed(2)}x`, unanswered];
    }),
  );
  return {
    about: `OpenClaw ${VERSION}, asked for its page so often that answering takes ${BUSY_SHARE * 100} % of its time (busy), or for /healthz every ${IDLE_EVERY_MS} ms (idle), while ${NEXT} is staged with an empty cache: of all windows together (of the least and the most of one), each in turn. The promise is of a gateway under load.`,
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
