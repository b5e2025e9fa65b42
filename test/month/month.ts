import { execa } from 'execa';
import { type Behaviour, openclawPackage } from '../registry/gateway-package.js';
import type { Registry } from '../registry/registry.js';
import { atMoment } from '../support/faketime.js';
import type { AtEnd } from '../support/place.js';
import { type Answer, CLI, makeWorld, QUICK, type World } from '../support/world.js';

const HOUR = 60 * 60_000;
/** Looks between which nothing can be different are left out: what is decided says until when it stays. */
const LONGEST_STEP = 12 * HOUR;

/** Event from outside of a host: a registry that publishes, a person who types. */
export interface Happening {
  /** ISO 8601. */
  at: string;
  /** Text to print. */
  what: string;
  /** A command that a person types. */
  types?: string[];
  registry?: ((registry: Registry, now: Date) => void) | undefined;
}

/** One look of the timer, or one thing that happened. */
export interface Line {
  at: number;
  who: 'timer' | 'person' | 'registry';
  text: string;
  verdict?: string;
  rule?: string | null;
  version?: string | null;
}

export interface Month {
  lines: Line[];
  /** The ledger at the end, as `history --json` has it. */
  // biome-ignore lint/suspicious/noExplicitAny: a document of the command
  changes: any[];
  /** Output of `history`, as an operator reads it. */
  history: string;
  status: string;
  /** Requests for OpenClaw's document, by hour. */
  asked: number[];
  world: World;
}

export interface MonthOptions {
  from: string;
  to: string;
  /** Release that runs when it begins. */
  first: string;
  settings: string[];
  happenings: Happening[];
  atEnd: AtEnd;
  tell?: (line: Line) => void;
}

/** Publishes a version that behaves like this. */
export function published(version: string, behaviour: Behaviour = {}, tag = 'latest'): Happening['registry'] {
  return (registry, publishedAt) =>
    registry.publish(openclawPackage(version, behaviour), { tag, publishedAt });
}

/** Has one host live through a span of time: the real command, a real gateway in miniature, a real registry, another clock. */
export async function simulate(options: MonthOptions): Promise<Month> {
  const { first, happenings, atEnd, tell } = options;
  let now = Date.parse(options.from);
  const world = await makeWorld(atEnd, { now: () => now });
  const lines: Line[] = [];
  const asked: number[] = [];
  const say = (line: Line) => {
    lines.push(line);
    tell?.(line);
  };
  const type = async (...args: string[]): Promise<Answer> => world.begin(args, atMoment(now)).ended;

  world.registry.publish(openclawPackage(first), { publishedAt: new Date(now - 30 * 24 * HOUR) });
  await expectOk(type('stage', first));
  await type('switch', first, '--no-restart');
  await world.supervise();
  await expectOk(type('timer', 'enable', ...options.settings));

  const end = Date.parse(options.to);
  const waiting = [...happenings];
  while (now < end) {
    for (let due = waiting[0]; due && Date.parse(due.at) <= now; due = waiting[0]) {
      waiting.shift();
      await happen(due);
    }
    const before = world.registry.requests.length;
    const { json, exitCode, stderr, stdout } = await type('timer', 'run', ...QUICK);
    if (!json?.decision) throw new Error(`auto ended with ${exitCode}: ${stdout}${stderr}`);
    if (world.registry.requests.slice(before).includes('GET /openclaw')) asked.push(now);
    const { verdict, rule, version, reason, until } = json.decision;
    const change = json.changes.at(-1);
    const ended = change ? ` -> ${change.status}${change.error ? `, ${change.error.code}` : ''}` : '';
    say({
      at: now,
      who: 'timer',
      text: `${verdict} ${version ?? ''}: ${reason}${ended}`,
      verdict,
      rule,
      version,
    });
    now = nextLook(now, until, waiting[0]);
  }
  const { json } = await type('history');
  return {
    ...{ lines, asked, world, changes: json.changes },
    history: await plain(world, now, 'history'),
    status: await plain(world, now, 'timer', 'status'),
  };

  async function happen({ what, types, registry }: Happening): Promise<void> {
    registry?.(world.registry, new Date(now));
    if (types) await expectOk(type(...types, ...(types[0] === 'rollback' ? QUICK : [])));
    say({ at: now, who: types ? 'person' : 'registry', text: what });
  }
}

async function expectOk(asked: Promise<Answer>): Promise<void> {
  const { exitCode, stdout, stderr } = await asked;
  if (exitCode !== 0) throw new Error(`It ended with ${exitCode}: ${stdout}${stderr}`);
}

/** The full hour after which something can be different. */
function nextLook(now: number, until: string | null, next: Happening | undefined): number {
  const may = Math.min(
    until === null ? Number.POSITIVE_INFINITY : Math.max(Date.parse(until), now + 1),
    next ? Date.parse(next.at) : Number.POSITIVE_INFINITY,
    now + LONGEST_STEP,
  );
  return Math.max(now + HOUR, Math.ceil(may / HOUR) * HOUR);
}

/** Runs a command, and answers the text that people read. */
async function plain(world: World, now: number, ...args: string[]): Promise<string> {
  const env = { ...world.env, ...atMoment(now) };
  const { stdout } = await execa(world.node, [CLI, ...args], { env, extendEnv: false });
  return stdout;
}

/** Lines as an operator would read them: one for each thing that is new. */
export function story(lines: Line[], timeZone: string): string {
  const clock = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, weekday: 'short', day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit' },
  });
  return lines
    .filter((line, at) => line.text !== lines[at - 1]?.text)
    .map(({ at, who, text }) => `${clock.format(at).padEnd(18)}  ${who.padEnd(8)}  ${text}`)
    .join('\n');
}
