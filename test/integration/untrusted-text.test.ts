import { readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/place.js';
import { CLI, makeWorld, type World } from '../support/world.js';

const SECRET = 'hunter2';
const HOSTILE = '\u001b[2J\u001b]0;pwned\u0007\u009b31m\u202e';
const ODD = /(?!\n)[\p{Cc}\p{Bidi_Control}]/u;

async function type(world: World, ...args: string[]) {
  const { stdout, stderr, exitCode } = await execa(world.node, [CLI, ...args], {
    env: world.env,
    extendEnv: false,
    reject: false,
  });
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
