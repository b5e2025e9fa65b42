import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Behaviour, openclawPackage } from '../registry/gateway-package.js';
import { type GatewayProcess, runOpenclaw, startGatewayProcess } from '../registry/gateway-process.js';
import { writeTree } from '../registry/tarball.js';
import { temporaryDirectory } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';

const OLD = '2026.5.28';
const NEW = '2026.9.2';
const NEWER = '2026.9.6';
const MIGRATES = { migratesTo: { state: 15, agent: 19 } };
const MIGRATES_FURTHER = { migratesTo: { state: 18, agent: 23 } };

let node: string;
let scratch: string;
let state: string;

beforeAll(async () => {
  node = await sqliteNode();
});

beforeEach(() => {
  scratch = temporaryDirectory('gateway-state');
  state = join(scratch, 'state');
  mkdirSync(join(state, 'identity'), { recursive: true });
  writeFileSync(join(state, 'identity/device.json'), '{"deviceId":"mine"}');
});

function installed(version: string, behaviour: Behaviour = {}): string {
  const tree = join(scratch, version);
  writeTree(openclawPackage(version, { dependencies: {}, ...behaviour }), tree);
  rmSync(join(tree, '.openclaw-lifecycle-pending'));
  return tree;
}

async function start(version: string, behaviour: Behaviour = {}): Promise<GatewayProcess> {
  const tree = installed(version, behaviour);
  const gateway = await startGatewayProcess(tree, { env: { OPENCLAW_STATE_DIR: state }, node });
  onTestFinished(() => gateway.kill('SIGKILL'));
  return gateway;
}

/** Starts a version, says one sentence to it where there is one, and ends it; what it remembered before it ended. */
async function visit(version: string, behaviour: Behaviour = {}, sentence?: string): Promise<unknown> {
  const gateway = await start(version, behaviour);
  if (sentence) await gateway.post(`say?text=${sentence}`);
  const { body } = await gateway.get('said');
  gateway.kill('SIGTERM');
  await gateway.ended;
  return body;
}

function run(version: string, behaviour: Behaviour, args: string[]) {
  return runOpenclaw(installed(version, behaviour), args, { OPENCLAW_STATE_DIR: state }, node);
}

const has = (path: string) => existsSync(join(state, path));

describe('the state', () => {
  test('is files in an older version, and the next version finds them', async () => {
    expect(await visit(OLD, {}, 'hello')).toEqual({ device: 'mine', said: [{ by: OLD, text: 'hello' }] });
    expect(await visit('2026.6.1')).toMatchObject({ said: [{ by: OLD, text: 'hello' }] });
    expect(readFileSync(join(state, 'agents/main/sessions/main.jsonl'), 'utf8')).toBe(
      `{"by":"${OLD}","text":"hello"}\n`,
    );
  });

  test('moves into databases with a version that migrates, which knows all of it', async () => {
    await visit(OLD, {}, 'hello');
    mkdirSync(join(state, 'tasks'));
    writeFileSync(join(state, 'tasks/runs.sqlite'), '');
    const said = [
      { by: OLD, text: 'hello' },
      { by: NEW, text: 'again' },
    ];
    expect(await visit(NEW, MIGRATES, 'again')).toEqual({ device: 'mine', said });
    expect(has('identity/device.json')).toBe(false);
    expect(readdirSync(join(state, 'tasks'))).toEqual(['runs.sqlite.migrated']);
    expect(readdirSync(join(state, 'agents/main/sessions'))).toEqual([]);
    expect(readdirSync(join(state, 'agents/main/session-sqlite-import-archive'))).toEqual([
      expect.stringMatching(/^main\.jsonl\.imported-\d+$/),
    ]);
    expect(await visit(NEWER, MIGRATES_FURTHER)).toEqual({ device: 'mine', said });
  });

  test('is not seen by an older version once it has moved, and that version starts all the same', async () => {
    await visit(NEW, MIGRATES, 'unseen');
    expect(await visit(OLD)).toEqual({ device: null, said: [] });
  });

  test('keeps its newest rows in the log beside the database, as the real one leaves them', async () => {
    await visit(NEW, MIGRATES, 'in the log');
    expect(has('agents/main/agent/openclaw-agent.sqlite-wal')).toBe(true);
  });

  test('is refused with 78 and the words of the real one when a newer version wrote it, and is left alone', async () => {
    await visit(NEWER, MIGRATES_FURTHER, 'kept');
    const { exitCode, stderr } = await run(NEW, MIGRATES, ['gateway', '--port', '0']);
    expect(exitCode).toBe(78);
    expect(stderr).toContain('This OpenClaw build cannot open your existing data.');
    expect(stderr).toContain(
      `state database ${state}/state/openclaw.sqlite uses newer schema version 18; this build supports 15.`,
    );
    expect(await visit(NEWER, MIGRATES_FURTHER)).toMatchObject({ said: [{ text: 'kept' }] });
  });

  test('is half migrated after a crash in between', async () => {
    await visit(OLD, {}, 'still a file');
    const { exitCode } = await run(NEW, { ...MIGRATES, crashMidMigration: true }, ['gateway', '--port', '0']);
    expect(exitCode).toBe(1);
    expect(has('identity/device.json')).toBe(false);
    expect(has('agents/main/sessions/main.jsonl')).toBe(true);
  });

  test('is migrated before a version fails on request', async () => {
    const { exitCode } = await run(NEW, { ...MIGRATES, exitCode78: true }, ['gateway', '--port', '0']);
    expect(exitCode).toBe(78);
    expect(has('state/openclaw.sqlite')).toBe(true);
  });

  test('needs a Node with SQLite once it is in databases, and a Node without says so', async () => {
    const without = join(scratch, 'no-sqlite.mjs');
    writeFileSync(
      without,
      `import { registerHooks } from 'node:module';
      registerHooks({ resolve: (name, context, next) => {
        if (name === 'node:sqlite') throw new Error('none');
        return next(name, context);
      } });`,
    );
    const tree = installed(NEW, MIGRATES);
    const main = join(tree, 'openclaw.mjs');
    const { exitCode, stderr } = await execa(node, ['--import', without, main, 'gateway', '--port', '0'], {
      env: { OPENCLAW_STATE_DIR: state },
      reject: false,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/keeps its state in SQLite, which Node \S+ does not have/);
  });

  test('names in the configuration the version that touched it, and the rest of it stays', async () => {
    const config = join(state, 'openclaw.json');
    writeFileSync(config, '{"meta":{"other":1},"gateway":{}}');
    await visit(NEW, { touchesConfig: true });
    expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual({
      meta: { other: 1, lastTouchedVersion: NEW },
      gateway: {},
    });
  });
});

describe('database preflight', () => {
  /** A copy of what a version left, without a log beside it. */
  async function copyOf(database: string): Promise<string> {
    const copy = join(scratch, 'copy.sqlite');
    const program = `require('node:sqlite').backup(new (require('node:sqlite').DatabaseSync)(process.argv[1]), process.argv[2])`;
    await execa(node, ['-e', program, join(state, database), copy]);
    return copy;
  }

  async function ask(version: string, behaviour: Behaviour, ...args: string[]) {
    const { exitCode, stdout } = await run(version, behaviour, ['database', ...args, '--json']);
    return { exitCode, ...(stdout ? JSON.parse(stdout) : {}) };
  }

  test.each([
    [NEW, MIGRATES, { exitCode: 0, status: 'exact', requiresWrite: false }],
    [NEWER, MIGRATES_FURTHER, { exitCode: 0, status: 'migration-required', requiresWrite: true }],
    ['2026.9.1', { migratesTo: { state: 14, agent: 18 } }, { exitCode: 1, status: 'incompatible' }],
  ])('%s, which %o, answers %o on a copy of version 15 and 19', async (version, behaviour, answer) => {
    await visit(NEW, MIGRATES);
    const { state: targetVersion, agent } = behaviour.migratesTo;
    const copy = await copyOf('state/openclaw.sqlite');
    expect(await ask(version, behaviour, 'preflight', copy)).toMatchObject({
      ...{ ...answer, targetVersion, foundVersion: 15, databasePath: copy },
    });
    const agents = await copyOf('agents/main/agent/openclaw-agent.sqlite');
    expect(await ask(version, behaviour, 'preflight-agent', agents, '--agent-id', 'main')).toMatchObject({
      ...{ ...answer, targetVersion: agent, foundVersion: 19, agentId: 'main' },
    });
  });

  test('says nothing about a database with its log beside it, nor about a file that is none', async () => {
    await visit(NEW, MIGRATES);
    expect(await ask(NEW, MIGRATES, 'preflight', join(state, 'state/openclaw.sqlite'))).toMatchObject({
      exitCode: 1,
      status: 'indeterminate',
      reason: expect.stringContaining('found -wal'),
    });
    writeFileSync(join(scratch, 'no.sqlite'), 'text');
    for (const file of ['no.sqlite', 'absent.sqlite']) {
      expect(await ask(NEW, MIGRATES, 'preflight', join(scratch, file))).toMatchObject({
        ...{ exitCode: 1, status: 'indeterminate', foundVersion: null },
      });
    }
  });

  test('is missing in versions without databases, and that of agents in some with them', async () => {
    expect(await ask(OLD, {}, 'preflight', 'x.sqlite')).toEqual({ exitCode: 1 });
    const without = { ...MIGRATES, preflightAgent: false };
    expect(await ask(NEW, without, 'preflight-agent', 'x.sqlite', '--agent-id', 'main')).toEqual({
      exitCode: 1,
    });
  });
});
