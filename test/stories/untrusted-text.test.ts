import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { identify } from '../../src/host/process.js';
import { until, writeTree } from '../support/place.js';
import { CLI, makeWorld, type World } from '../support/world.js';

const SECRET = 'hunter2';
const HOSTILE = '\u001b[2J\u001b]0;pwned\u0007\u009b31m\u202e';
const ODD = /(?!\n)[\p{Cc}\p{Bidi_Control}]/u;

function start(world: World, ...args: string[]) {
  return execa(world.node, [CLI, ...args], { env: world.env, extendEnv: false, reject: false, input: '{}' });
}

async function type(world: World, ...args: string[]) {
  const { stdout, stderr, exitCode } = await start(world, ...args);
  return { text: stdout + stderr, stdout, exitCode };
}

/** Every text below a directory, without what a link leads to. */
function textsBelow(directory: string): string {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

test('control characters of a registry never reach a terminal, today or from the ledger', async () => {
  const server = createServer((_, response) => {
    response.writeHead(418, { 'content-type': 'application/json' }).end(JSON.stringify({ error: HOSTILE }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await until('the registry listens', () => server.listening);
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const world = await makeWorld();
  const staged = await type(world, 'stage', 'latest', '--registry', registry);
  expect(staged).toMatchObject({ exitCode: 4, text: expect.stringContaining('\\u001b[2J') });
  const texts = [
    staged,
    await type(world, 'stage', 'latest', '--registry', registry, '--json'),
    await type(world, 'status'),
    await type(world, 'status', '--json'),
    await type(world, 'history'),
    await type(world, 'timer', 'explain', '--registry', registry),
    await type(world, 'timer', 'run', '--registry', registry),
    await type(world, 'rpc', 'update.status'),
    await type(world, 'rpc', 'releases.history'),
  ];
  for (const { text } of texts) expect(text).not.toMatch(ODD);
  const { last } = JSON.parse(texts[3]?.stdout ?? '');
  expect(JSON.stringify(last.error)).toContain(JSON.stringify(HOSTILE).slice(1, -1));
});

test('control characters of a link never reach a terminal', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  await world.ok('stage', '2026.6.1');
  for (const name of ['current', 'previous', 'trial']) {
    rmSync(join(world.root, name), { force: true });
    symlinkSync(`releases/${HOSTILE}`, join(world.root, name));
  }
  const texts = new Map<string, string>();
  for (const command of ['status', 'list', 'doctor', 'history', 'verify']) {
    const { text } = await type(world, command);
    expect(text, command).not.toMatch(ODD);
    texts.set(command, text);
  }
  // The link is named, so there was something to filter.
  const naming = [...texts].filter(([, text]) => text.includes('\\u001b[2J')).map(([command]) => command);
  expect(naming).toContain('status');
});

test.each([
  ['stage', 'latest'],
  ['update', 'latest'],
  ['timer', 'enable'],
])('a password in the registry of "%s %s" is refused, and is in no output and no file', async (...args) => {
  const world = await makeWorld();
  const { text, exitCode } = await type(world, ...args, '--registry', `http://user:${SECRET}@127.0.0.1:1/`);
  expect({ text, exitCode }).toMatchObject({ exitCode: 2, text: expect.stringContaining('.npmrc') });
  expect(text + textsBelow(world.path)).not.toContain(SECRET);
});

test.each([
  ['an unknown command', [HOSTILE]],
  ['an unknown option', ['list', `--${HOSTILE}`]],
  ['a release to stage', ['stage', HOSTILE]],
  ['a release to show', ['show', HOSTILE]],
  ['a method', ['rpc', HOSTILE]],
  ['the root of status', ['status', '--root', `/nowhere/${HOSTILE}`]],
  ['the root of a change', ['stage', 'latest', '--root', `/proc/${HOSTILE}`]],
])('control characters in %s are shown as text, plain and in JSON', async (_what, args) => {
  const world = await makeWorld();
  for (const words of [args, [...args, '--json']]) {
    const { text } = await type(world, ...words);
    expect(text).not.toMatch(ODD);
    expect(text).toMatch(/\\u001b/i);
  }
});

test('an error that nobody caught is shown as text, too', async () => {
  const world = await makeWorld();
  const thrown = JSON.stringify(`${HOSTILE} http://me:${SECRET}@127.0.0.1/`);
  const code = `process.once('beforeExit', () => { throw new Error(${thrown}); })`;
  writeTree(world.path, { 'throw.mjs': code });
  world.env.NODE_OPTIONS = `--import=${join(world.path, 'throw.mjs')}`;
  const { text, exitCode } = await type(world, 'history');
  expect({ text, exitCode }).toMatchObject({ exitCode: 1, text: expect.stringContaining('\\u001b[2J') });
  expect(text).not.toMatch(ODD);
  expect(text).not.toContain(SECRET);
});

test('what a record says is shown without control characters and credentials, also while it is followed', async () => {
  const world = await makeWorld();
  await type(world, 'stage', 'latest', '--registry', 'http://127.0.0.1:1/');
  const [name = ''] = readdirSync(join(world.root, 'changes')).filter((file) => file.endsWith('.json'));
  const path = join(world.root, 'changes', name);
  const hostile = `${HOSTILE} http://me:${SECRET}@127.0.0.1/?token=${SECRET}`;
  const { checksum: _, ...ended } = JSON.parse(readFileSync(path, 'utf8'));
  Object.assign(ended, { warnings: [`warn ${hostile}`] });
  ended.error = {
    code: 'registry_error',
    message: `say ${hostile}`,
    hint: `do ${hostile}`,
    untouched: hostile,
  };
  // The note of a failed step is its error, which is said once.
  for (const step of ended.steps) Object.assign(step, { state: 'done', note: `note ${hostile}` });
  const active = { ...ended, endedAt: null, status: null, owner: identify(process.pid) };
  writeFileSync(path, JSON.stringify(active));
  const followed = start(world, 'status', '--follow');
  let said = '';
  followed.stderr.on('data', (chunk) => {
    said += chunk;
  });
  await until('the step is shown', () => said.includes('note'));
  writeFileSync(path, JSON.stringify(ended));
  const { stdout, stderr } = await followed;
  const texts = [stdout + stderr];
  for (const words of ['status', 'status --json', 'history', 'history --json', 'rpc releases.history'])
    texts.push((await type(world, ...words.split(' '))).text);
  for (const text of texts) {
    expect(text).not.toMatch(ODD);
    expect(text).not.toContain(SECRET);
  }
  for (const word of ['warn', 'say', 'do', 'note']) expect(texts[0]).toContain(`${word} \\u001b[2J`);
});

test('a password in the address of a release to stage is in no output and no file', async () => {
  const world = await makeWorld();
  const { text, exitCode } = await type(world, 'stage', `https://me:${SECRET}@127.0.0.1/openclaw.tgz`);
  expect(exitCode).toBe(2);
  expect(text + textsBelow(world.path)).not.toContain(SECRET);
});
