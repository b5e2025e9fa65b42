import { draw, type Random } from '../torture/random.js';

export const HOSTS = Array.from({ length: 20 }, (_, at) => `h${String(at + 1).padStart(2, '0')}`);

/** Status of a change and the exit code of its command. */
export type Verdict = [status: string, exitCode: number];

export const GOOD: Verdict = ['package_updated_restart_verified', 0];
export const ROLLED_BACK: Verdict = ['rolled_back', 5];
const STRANDED: Verdict = ['rollback_failed', 6];
const REFUSED: Verdict = ['refused', 3];
const FAILED: Verdict = ['package_update_failed', 4];

/** Behaviour of a simulated host; `simulated.py` reads it. */
export interface SimulatedHost {
  verdict: Verdict;
  /** Numbers of the first connection that fails and of the first that works again. */
  down: [number, number] | null;
  /** The connection breaks once, after the change has begun. */
  breaks: boolean;
  /** Release that runs before; by default the one from before. */
  current?: string;
  /** A person has stopped its gateway. */
  stopped?: boolean;
  /** Its gateway has crashed before each look: one of the two facts that say so. */
  crashes?: 'pid' | 'restarts';
  /** Seconds from the beginning of its watch until its gateway crashes. */
  crashesAfter?: number;
  unready?: boolean;
  /** Seconds since the start of its gateway. */
  healthyFor?: number;
  /** The release failed there, and is not there. */
  quarantine?: boolean;
  /** Its records cannot be read. */
  damaged?: boolean;
  /** No file can be copied there. */
  full?: boolean;
  /** `history` prints no document. */
  garbles?: boolean;
  /** The connection breaks once, before the change begins but after another one of its kind. */
  overtaken?: boolean;
}

export interface Schedule {
  kind: 'bad everywhere' | 'bad on one, another down' | 'mixed';
  hosts: Record<string, SimulatedHost>;
}

const EVER = 1_000_000;

/** Connections before the change: `status` and `why`. */
export const LOOKS = 2;

export function drawSchedule(random: Random): Schedule {
  const kinds = ['bad everywhere', 'bad on one, another down', 'mixed'] as const;
  const kind = kinds[Math.floor(random() * kinds.length)] ?? 'mixed';
  const some = (most: number) => draw(random, HOSTS, Math.floor(random() * (most + 1)));
  const hosts = Object.fromEntries(
    HOSTS.map((name): [string, SimulatedHost] => [name, { verdict: GOOD, down: null, breaks: false }]),
  );
  const give = (names: readonly string[], behaviour: Partial<SimulatedHost>) => {
    for (const name of names) Object.assign(hosts[name] as SimulatedHost, behaviour);
  };
  /** Down always, from before the change on, or for its time. */
  const outage = (): [number, number] => {
    const begin = random() < 0.5 ? 1 : LOOKS + 1;
    return [begin, random() < 0.7 ? EVER : begin + 2];
  };
  if (kind === 'bad everywhere') give(HOSTS, { verdict: ROLLED_BACK });
  else if (kind === 'bad on one, another down') {
    const [bad = '', other = ''] = draw(random, HOSTS, 2);
    give([bad], { verdict: ROLLED_BACK });
    give([other], { down: outage() });
  } else {
    give(some(3), { verdict: ROLLED_BACK });
    give(some(2), { verdict: REFUSED });
    give(some(2), { verdict: FAILED });
    give(some(1), { verdict: STRANDED });
    for (const name of some(3)) give([name], { down: outage() });
  }
  give(some(3), { breaks: true });
  return { kind, hosts };
}
