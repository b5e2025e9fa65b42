import { existsSync, mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/place.js';
import { CLI, makeWorld, QUICK, type RunningSupervisor, typed, type World } from '../support/world.js';

const [FIRST, SECOND, BAD] = ['2026.6.1', '2026.6.2', '2026.6.3'];

/** A person gives up after this many. */
const MOST_COMMANDS = 8;

interface State {
  state: string;
  /** Leaves a root in this state. */
  make(world: World): Promise<void> | void;
  /** Command that a person would type in it. */
  first: string;
}

async function current(world: World): Promise<void> {
  await world.ok('stage', FIRST);
  await world.ok('switch', FIRST, '--no-restart');
}

async function stopped(world: World, version = FIRST): Promise<void> {
  const supervisor = await world.start(version);
  supervisor.kill('SIGTERM');
  await supervisor.ended;
}

async function failed(world: World): Promise<RunningSupervisor> {
  const supervisor = await world.start(FIRST);
  world.publish(BAD, { exitCode78: true });
  await world.cli('update', BAD, ...QUICK);
  return supervisor;
}

const link = (world: World, name: string, to: string) => {
  rmSync(join(world.root, name), { force: true });
  symlinkSync(to, join(world.root, name));
};

const STATES: State[] = [
  { state: 'nothing', make: () => {}, first: 'run' },
  { state: 'nothing, and a person who updates', make: () => {}, first: 'update' },
  { state: 'nothing, and a person who stages', make: () => {}, first: `stage ${FIRST}` },
  { state: 'nothing, and a person who checks', make: () => {}, first: 'check' },
  { state: 'nothing, and a person who lists', make: () => {}, first: 'list' },
  { state: 'nothing, and a person who types rollback', make: () => {}, first: 'rollback' },
  { state: 'nothing, and a person who types verify', make: () => {}, first: 'verify' },
  { state: 'nothing, and a person who types drill', make: () => {}, first: 'drill' },
  { state: 'nothing, and a person who types logs', make: () => {}, first: 'logs' },
  { state: 'nothing, and a person who types doctor', make: () => {}, first: 'doctor' },
  { state: 'nothing, and a person who types restart-now', make: () => {}, first: 'restart-now' },
  { state: 'nothing, and a person who types switch previous', make: () => {}, first: 'switch previous' },
  {
    state: 'a staged release that is not current',
    make: async (world) => void (await world.ok('stage', FIRST)),
    first: `switch ${FIRST}`,
  },
  { state: 'a current release that does not run', make: current, first: 'update' },
  { state: 'a current release that does not run, and status', make: current, first: 'status' },
  {
    state: 'a current release without a configuration',
    async make(world) {
      await current(world);
      rmSync(join(world.env.OPENCLAW_STATE_DIR ?? '', 'openclaw.json'));
    },
    first: 'run',
  },
  { state: 'a gateway that was stopped', make: stopped, first: 'rollback' },
  { state: 'a failed update', make: async (world) => void (await failed(world)), first: 'setup' },
  {
    state: 'a failed update, after which the supervisor was stopped',
    async make(world) {
      const supervisor = await failed(world);
      supervisor.kill('SIGTERM');
      await supervisor.ended;
    },
    first: 'update',
  },
  {
    state: 'held updates and a stopped gateway',
    async make(world) {
      await stopped(world);
      await world.ok('hold');
    },
    first: 'update',
  },
  {
    state: 'a release whose Node is gone',
    async make(world) {
      await stopped(world);
      rmSync(join(world.root, 'runtimes'), { recursive: true });
    },
    first: 'status',
  },
  {
    state: 'a current link to a release that is gone',
    async make(world) {
      await current(world);
      link(world, 'current', 'releases/2026.1.1');
    },
    first: 'run',
  },
  {
    state: 'a policy that cannot be parsed',
    async make(world) {
      await current(world);
      writeFileSync(join(world.root, 'policy.json'), '{');
    },
    first: 'list',
  },
  {
    state: 'a change whose process was killed',
    async make(world) {
      const supervisor = await world.start(FIRST);
      world.publish(SECOND);
      const fault = { OPENCLAW_RELEASES_FAULT: 'kill before switch' };
      await world.begin(['update', SECOND, ...QUICK], fault).ended;
      expect((await world.ok('status')).interrupted).toHaveLength(1);
      supervisor.kill('SIGTERM');
      await supervisor.ended;
    },
    first: 'status',
  },
  {
    state: 'a root whose directory is empty',
    make: (world) => {
      rmSync(world.root, { recursive: true });
      mkdirSync(world.root, { mode: 0o700 });
    },
    first: 'status',
  },
];

test.each(STATES)('the hints lead from $state to a running gateway', async ({ make, first }) => {
  const world = await makeWorld();
  world.publish(FIRST, { needsConfig: true });
  await make(world);
  const lines = await followHints(world, typed(world, first));
  expect((await world.get('/readyz'))?.status, lines.join('\n')).toBe(200);
  expect(await world.ok('setup')).toMatchObject({ steps: [], changes: [], next: [] });
  expect(readlinkSync(join(world.root, 'current'))).toBe(`releases/${await world.version()}`);
});

test('setup leaves a gateway alone that was started by hand, and names the lines to change', async () => {
  const [world, before, after] = [await makeWorld(), await makeWorld(), await makeWorld()];
  // Another gateway of the same shell, before it and after it, is not taken for it.
  await startByHand(before);
  const pid = await startByHand(world);
  await startByHand(after);
  const setup = await world.ok('setup', '--yes');
  expect(setup).toMatchObject({ steps: [], changes: [], next: [typed(world, 'adopt --dry-run')] });
  expect(setup.found).toContain(String(pid));
  expect(existsSync(join(world.root, 'current'))).toBe(false);
});

async function startByHand(world: World): Promise<number | undefined> {
  world.publish(FIRST);
  await world.ok('stage', FIRST);
  const main = join(world.root, 'releases', FIRST, 'node_modules/openclaw/openclaw.mjs');
  const env = { ...world.env, OPENCLAW_GATEWAY_PORT: String(world.port) };
  const child = execa(world.node, [main, 'gateway'], { env, extendEnv: false, reject: false });
  onTestFinished(async () => {
    child.kill();
    await child;
  });
  await until('the gateway is ready', async () => (await world.get('/readyz'))?.status === 200);
  return child.pid;
}

/** Types a command, and then what each answer names, as a person would who knows nothing else. */
async function followHints(world: World, first: string): Promise<string[]> {
  const lines: string[] = [];
  let waiting = [first];
  while (waiting.length > 0 && lines.length < MOST_COMMANDS) {
    const [line = '', ...rest] = waiting;
    lines.push(line);
    const said = await type(world, line);
    if ((await world.get('/readyz'))?.status === 200) return lines;
    const named = commandsIn(said);
    waiting = named.length > 0 ? named : rest;
    if (waiting.length === 0) lines.push(`(no command in: ${said})`);
  }
  throw new Error(`No gateway runs after these commands:\n${lines.join('\n')}`);
}

/** First command of each hint: others follow a comma or a semicolon. */
function commandsIn(said: string): string[] {
  const hints = said.matchAll(/\b(?:next|then): (\S.*)$|\((openclaw-releases [^)]+)\)/gim);
  return [...hints].map(([, hint, inBrackets = '']) => (hint ?? inBrackets).split(/[,;]/)[0]?.trim() ?? '');
}

/** Another shell than that of the command: it knows of no root. */
function inShell({ env: { OPENCLAW_RELEASES_ROOT: _, ...env } }: World): Record<string, string> {
  return env;
}

async function type(world: World, line: string): Promise<string> {
  const [program = '', ...words] = line.split(' ');
  const isOurs = program === 'openclaw-releases';
  if (isOurs && words.includes('run')) return run(world, words);
  const [file, args] = isOurs ? [world.node, [CLI, ...words]] : [program, words];
  expect(isOurs || existsSync(program), `${line} can be typed`).toBe(true);
  const env = { ...inShell(world), ...(!isOurs && { OPENCLAW_GATEWAY_PORT: String(world.port) }) };
  const { all } = await execa(file, args, {
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    all: true,
  });
  return all;
}

/** Until the gateway is ready, or the command has ended. */
async function run(world: World, words: string[]): Promise<string> {
  const options = {
    env: inShell(world),
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    all: true,
  } as const;
  const child = execa(world.node, [CLI, ...words], options);
  let ended = false;
  void child.finally(() => {
    ended = true;
  });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await child;
  });
  await until('run has ended or is ready', async () => ended || (await world.get('/readyz'))?.status === 200);
  return ended ? (await child).all : '';
}
