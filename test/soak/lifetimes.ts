import { readdirSync, readFileSync } from 'node:fs';
import { table } from '../../src/cli/table.js';
import { size } from '../../src/core/size.js';
import { commandLineOf, identify, processIds } from '../../src/host/process.js';
import type { Arena } from '../torture/arena.js';
import { WATCHER } from '../torture/processes.js';

/** One look at a process. */
interface Sample {
  bytes: number;
  descriptors: number;
}

interface Lifetime {
  role: string;
  samples: Sample[];
}

/** Looks that a process warms up for, and the least for a verdict. */
const WARM = 3;
const ENOUGH = 14;
const WINDOW = 5;

const GROWTH = 1.3;
const GROWTH_BYTES = 10 * 2 ** 20;
const GROWTH_DESCRIPTORS = 3;

/** Memory and descriptors of each process that lives longer than a command, over its life. */
export class Lifetimes {
  readonly #all = new Map<string, Lifetime>();

  /** Looks at the supervisor, its gateway and the gateway's watcher, at rest. */
  async look({ supervised, supervisor }: Arena): Promise<void> {
    this.#sample('supervisor', supervised.pid);
    const { pid } = await supervisor.inspect();
    if (pid === null) return;
    this.#sample('gateway', pid);
    const watcher = processIds().find((other) => commandLineOf(other).includes(`${WATCHER} ${pid} `));
    if (watcher !== undefined) this.#sample('watcher', watcher);
  }

  #sample(role: string, pid: number): void {
    const identity = identify(pid);
    if (identity === null) return;
    const key = `${pid} ${identity.startTicks}`;
    const life = this.#all.get(key) ?? { role, samples: [] };
    const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    life.samples.push({ bytes: Number(kibibytes) * 1024, descriptors });
    this.#all.set(key, life);
  }

  /** Processes of this program that grew, as sentences. */
  grown(): string[] {
    return [...this.#all.values()].flatMap(({ role, samples }) => {
      if (samples.length < ENOUGH) return [];
      const early = median(samples.slice(WARM, WARM + WINDOW));
      const late = median(samples.slice(-WINDOW));
      const grew =
        late.bytes > early.bytes * GROWTH + GROWTH_BYTES ||
        late.descriptors > early.descriptors + GROWTH_DESCRIPTORS;
      const told = ({ bytes, descriptors }: Sample) => `${size(bytes)}, ${descriptors} descriptors`;
      return grew ? [`A ${role} grew from ${told(early)} to ${told(late)} in ${samples.length} steps.`] : [];
    });
  }

  /** Count of processes that lived long enough for a verdict. */
  judged(): number {
    return [...this.#all.values()].filter(({ samples }) => samples.length >= ENOUGH).length;
  }

  /** One row a role: its longest life, from begin to end, and the most of all of them. */
  table(): string {
    const rows = [
      [
        'process',
        'lives',
        'steps of the longest',
        'memory',
        'at its end',
        'most of all',
        'descriptors',
        'at its end',
      ],
    ];
    for (const role of ['supervisor', 'watcher', 'gateway']) {
      const lives = [...this.#all.values()].filter((life) => life.role === role);
      const [longest] = lives.toSorted((a, b) => b.samples.length - a.samples.length);
      if (!longest) continue;
      const first = longest.samples[Math.min(WARM, longest.samples.length - 1)] as Sample;
      const last = longest.samples.at(-1) as Sample;
      const most = Math.max(...lives.flatMap(({ samples }) => samples.map(({ bytes }) => bytes)));
      rows.push([
        role,
        String(lives.length),
        String(longest.samples.length),
        size(first.bytes),
        size(last.bytes),
        size(most),
        String(first.descriptors),
        String(last.descriptors),
      ]);
    }
    return table(rows);
  }
}

function median(samples: Sample[]): Sample {
  const middle = (of: (sample: Sample) => number) =>
    samples.map(of).sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0;
  return { bytes: middle(({ bytes }) => bytes), descriptors: middle(({ descriptors }) => descriptors) };
}
