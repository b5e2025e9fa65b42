/** Side of a step's effect on which a moment lies: its intent is on disk, or its effect has happened. */
export type Side = 'before' | 'after';

/** A moment at which something durable happens to a change. */
export interface Moment {
  /** Name for a fault; ` #2` is the second of a name. */
  point: string;
  /** A step, `undo` and a step, `begin` for what comes before the first one, or `verdict` for what comes after it. */
  step: string;
  side: Side;
}

/** Moments at which something durable happens; the others lie between two of these. */
const DURABLE = /^(before|after) (write|link|rename|remove|lock|unlock)\b/;

/**
 * The moments of a trace, each by the step in which it lies. A step begins once its intent is on disk, and its other
 * side once its effect has happened, which the ledger may not say yet.
 * @param trace the points that a command has passed, in order
 */
export function momentsOf(trace: readonly string[]): Moment[] {
  const moments: Moment[] = [];
  let [step, side]: [string, Side] = ['begin', 'before'];
  for (const point of numbered(trace)) {
    const [written, state] = /^after write ledger: (\S+)(?: (\S+))?/.exec(point)?.slice(1) ?? [];
    if (state === 'doing') [step, side] = [written ?? '', 'before'];
    else if (state === 'undoing') [step, side] = [`undo ${written}`, 'before'];
    else if (written === 'new') side = 'after';
    else if (written !== undefined && state === undefined) [step, side] = ['verdict', 'after'];
    else if (point === `after ${step}`) side = 'after';
    if (DURABLE.test(point)) moments.push({ point, step, side });
  }
  return moments;
}

/** An error at a point. */
export interface Failure {
  effect: 'ENOSPC' | 'EIO' | 'throw';
  point: string;
  /** Keys by which a table may name it, the most exact first: its write, the kind of its record, its step. */
  keys: string[];
}

/**
 * The errors that a command can meet at the points of a trace: a full or broken disk where it writes, any other in a
 * step. Left out are two that leave something to the next command: a lock that cannot be removed, and a first record
 * that is on disk although its write failed.
 */
export function failuresOf(trace: readonly string[]): Failure[] {
  let step = 'begin';
  const points = numbered(trace).filter((point) => !/ unlock$|^after write ledger: new$/.test(point));
  return points.flatMap((point) => {
    const [, , what = '', nth] = /^(before|after) (.*?)( #\d+)?$/.exec(point) ?? [];
    const [, written, state] = /^write ledger: (\S+)(?: (\S+))?$/.exec(what) ?? [];
    if (state === 'doing') step = written ?? '';
    const isIntent = state === 'doing' || written === 'new';
    const record = written === undefined ? [] : [isIntent ? 'an intent' : 'a result'];
    const effects = what === step ? (['throw'] as const) : (['ENOSPC', 'EIO'] as const);
    return effects.map((effect) => ({ effect, point, keys: [`${what}${nth ?? ''}`, ...record, step] }));
  });
}

/** Points by which a fault can name each of them. */
export function numbered(trace: readonly string[]): string[] {
  const times = new Map<string, number>();
  return trace.map((point) => {
    const passed = (times.get(point) ?? 0) + 1;
    times.set(point, passed);
    return passed === 1 ? point : `${point} #${passed}`;
  });
}

const EVERY = process.env.OPENCLAW_RELEASES_KILLED_EVERY === '1';

/** Consecutive turns take consecutive moments, so that as many runs as a row has moments have tried all of them. */
const TURN = Number(process.env.OPENCLAW_RELEASES_KILLED_TURN ?? Math.floor(Date.now() / 1000));
if (!EVERY) console.info(`OPENCLAW_RELEASES_KILLED_TURN=${TURN} tries the same moments again.`);

/** Picks some of the items, others at each turn; all with `OPENCLAW_RELEASES_KILLED_EVERY=1`. */
export function inTurn<T>(items: readonly T[], many = 1): T[] {
  if (EVERY) return [...items];
  const drawn = Array.from({ length: Math.min(many, items.length) }, (_, nth) => {
    const at = (TURN + Math.floor((nth * items.length) / many)) % items.length;
    return items[at];
  });
  return drawn.filter((item) => item !== undefined);
}
