import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../src/host/port.js';
import {
  type Behaviour,
  CHUNK_NAMES,
  openclawPackage,
  tinyDependency,
  WORK,
} from '../registry/gateway-package.js';
import { type GatewayProcess, runOpenclaw, startGatewayProcess } from '../registry/gateway-process.js';
import { writeTree } from '../registry/tarball.js';
import { slowness } from '../support/slowness.js';

const OLD = '2026.5.28';
const NEW = '2026.6.1';

let scratch: string;
let root: string;
let started: GatewayProcess[];

function runLifecycle(script: 'preinstall' | 'postinstall') {
  return execa(process.execPath, [`scripts/${script}.mjs`], { cwd: root, reject: false });
}

/** Unpacks a version with its dependency and lets its own `preinstall` unlock it. */
async function install(version: string, behaviour: Behaviour = {}): Promise<void> {
  writeTree(openclawPackage(version, behaviour), root);
  writeTree(tinyDependency(), join(root, 'node_modules/tiny-dep'));
  await runLifecycle('preinstall');
}

/** Does to a running gateway what the incumbent updater does. */
async function replaceInPlace(version: string): Promise<void> {
  rmSync(root, { recursive: true });
  await install(version);
}

async function start(options: Parameters<typeof startGatewayProcess>[1] = {}): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(root, options);
  started.push(gateway);
  return gateway;
}

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'gateway-package-test-'));
  root = join(scratch, 'openclaw');
  started = [];
});

afterEach(async () => {
  for (const gateway of started) gateway.kill('SIGKILL');
  await Promise.all(started.map(({ ended }) => ended));
  rmSync(scratch, { recursive: true });
});

describe('the lifecycle', () => {
  test('nothing starts before the preinstall script ran, not even --version', async () => {
    writeTree(openclawPackage(NEW, { dependencies: {} }), root);
    for (const args of [['--version'], ['gateway', '--port', '0']]) {
      const { exitCode, stderr } = await runOpenclaw(root, args);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('lifecycle is incomplete');
    }
    await runLifecycle('preinstall');
    await runLifecycle('postinstall');
    expect((await runOpenclaw(root, ['--version'])).stdout).toBe(`OpenClaw ${NEW} (test)`);
    const inventory = JSON.parse(readFileSync(join(root, 'dist/postinstall-inventory.json'), 'utf8'));
    expect(inventory).toContain('index.js');
  });

  test('a failing preinstall script says so and leaves the package locked', async () => {
    writeTree(openclawPackage(NEW, { failPreinstall: true }), root);
    const { exitCode, stderr } = await runLifecycle('preinstall');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('preinstall failed');
    expect(existsSync(join(root, '.openclaw-lifecycle-pending'))).toBe(true);
  });

  test('package.json has what the package asks for', () => {
    writeTree(openclawPackage(NEW, { engines: '>=24', schemaVersions: { state: 18, agent: 23 } }), root);
    expect(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).toMatchObject({
      engines: { node: '>=24' },
      openclaw: { schemaVersions: { state: 18, agent: 23 } },
      dependencies: { 'tiny-dep': '^1.0.0' },
    });
  });
});

describe('the command line', () => {
  test.each([
    [['gateway', '--name', 'x'], "unknown option '--name'"],
    [['gateway', '-x'], "unknown option '-x'"],
    [['gateway', '/r/bin/gateway', '--port', '0'], "too many arguments for 'gateway'"],
    [['gateway', '--port'], "option '--port <value>' argument missing"],
    [['doctor', '--fix', '--yes-please'], "unknown option '--yes-please'"],
    [['plugins', 'upgrade'], "unknown command 'plugins upgrade'"],
    [['plugins', 'update', '--all', 'chat'], "too many arguments for 'plugins update'"],
  ])('%j is refused, as OpenClaw refuses it', async (args, refusal) => {
    await install(NEW);
    const { exitCode, stderr } = await runOpenclaw(root, args);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`error: ${refusal}`);
  });

  test('the options of 2026.5.28 are taken, also after gateway run', async () => {
    await install(NEW);
    const others = ['--verbose', '--ws-log=full', '--token', 'two words', '--allow-unconfigured'];
    const gateway = await start({ args: ['run', ...others, '--port', '0', '--bind', 'loopback'] });
    expect((await gateway.get('readyz')).status).toBe(200);
  });
});

describe('a gateway that works', () => {
  test('answers on every endpoint, loads all its chunks, and stops when it is asked to', async () => {
    await install(NEW);
    const config = join(scratch, 'openclaw.json');
    writeFileSync(config, JSON.stringify({ gateway: { auth: { token: 'secret' } } }));
    const gateway = await start({ env: { OPENCLAW_CONFIG_PATH: config } });

    expect(await gateway.get('healthz')).toEqual({ status: 200, body: { ok: true, status: 'live' } });
    expect(await gateway.get('readyz')).toMatchObject({ status: 200, body: { ready: true, failing: [] } });
    expect((await gateway.get('startupz')).body).toMatchObject({ ok: true, status: 'started', version: NEW });
    const ui = '__openclaw/control-ui-config.json';
    expect((await gateway.get(ui)).status).toBe(401);
    expect((await gateway.get(ui, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect(await gateway.get(ui, { authorization: 'Bearer secret' })).toEqual({
      status: 200,
      body: { serverVersion: NEW },
    });
    for (const number of CHUNK_NAMES.keys()) {
      const body = { core: NEW, chunk: NEW, shared: NEW };
      expect(await gateway.get(`work/${number}`)).toEqual({ status: 200, body });
    }
    expect((await gateway.get(`work/${CHUNK_NAMES.length}`)).status).toBe(404);
    expect(readFileSync(`/proc/${gateway.pid}/comm`, 'utf8').trim()).toBe('openclaw-gatewa');

    gateway.kill('SIGTERM');
    expect(await gateway.ended).toEqual({ exitCode: 0, stderr: '[gateway] received SIGTERM; shutting down' });
  });

  test('runs from a tree that cannot be written to and leaves nothing in it', async () => {
    await install(NEW);
    const before = readdirSync(root, { recursive: true });
    await execa('chmod', ['-R', 'a-w', root]);
    try {
      const gateway = await start();
      gateway.kill('SIGTERM');
      expect((await gateway.ended).exitCode).toBe(0);
      expect(readdirSync(root, { recursive: true })).toEqual(before);
    } finally {
      await execa('chmod', ['-R', 'u+w', root]);
    }
  });

  test('notes each start in its state directory', async () => {
    await install(NEW);
    const state = join(scratch, 'state');
    const gateway = await start({ env: { OPENCLAW_STATE_DIR: state } });
    const line = JSON.parse(readFileSync(join(state, 'starts.jsonl'), 'utf8'));
    expect(line).toEqual({ version: NEW, pid: gateway.pid, at: expect.any(Number) });
  });

  test('does not start without its dependencies', async () => {
    writeTree(openclawPackage(NEW), root);
    await runLifecycle('preinstall');
    await expect(start()).rejects.toThrow("Cannot find package 'tiny-dep'");
  });
});

describe('the port', () => {
  test('comes from the command line, then the environment, then the configuration in the state or home directory', async () => {
    await install(NEW);
    const write = (directory: string, port: number) => {
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'openclaw.json'), JSON.stringify({ gateway: { port } }));
    };
    const [byArgument = 0, byEnvironment = 0, byState = 0, byHome = 0] = await Promise.all(
      Array.from({ length: 4 }, freePort),
    );
    const state = join(scratch, 'state');
    write(state, byState);
    write(join(root, '.openclaw'), byHome);
    const env = { OPENCLAW_STATE_DIR: state };
    const both = { ...env, OPENCLAW_GATEWAY_PORT: String(byEnvironment) };
    const portOf = async (options: Parameters<typeof startGatewayProcess>[1]) =>
      Number(new URL((await start(options)).url).port);
    expect(await portOf({ env: both, args: ['--port', String(byArgument)] })).toBe(byArgument);
    expect(await portOf({ env: both, args: [] })).toBe(byEnvironment);
    expect(await portOf({ env, args: [] })).toBe(byState);
    expect(await portOf({ args: [] })).toBe(byHome);
  });

  test('ends the start when it is taken', async () => {
    await install(NEW);
    const { port } = new URL((await start()).url);
    await expect(start({ args: ['--port', port] })).rejects.toThrow('EADDRINUSE');
  });

  test('a configuration that cannot be read ends the start with 78', async () => {
    await install(NEW);
    const config = join(scratch, 'openclaw.json');
    writeFileSync(config, '{');
    const { exitCode } = await runOpenclaw(root, ['gateway'], { OPENCLAW_CONFIG_PATH: config });
    expect(exitCode).toBe(78);
  });
});

describe('a behaviour', () => {
  test.each([
    { behaviour: { crashAtStart: true }, code: 1 },
    { behaviour: { exitCode78: true }, code: 78 },
  ])('$behaviour exits with $code, and --version works', async ({ behaviour, code }) => {
    await install(NEW, behaviour);
    const state = join(scratch, 'state');
    const { exitCode } = await runOpenclaw(root, ['gateway'], { OPENCLAW_STATE_DIR: state });
    expect(exitCode).toBe(code);
    expect(existsSync(join(state, 'starts.jsonl'))).toBe(true);
    expect((await runOpenclaw(root, ['--version'])).stdout).toBe(`OpenClaw ${NEW} (test)`);
  });

  test('crashesWhile exits with 1 while the file is there, and only then', async () => {
    const file = join(scratch, 'broken');
    await install(NEW, { crashesWhile: file });
    writeFileSync(file, '');
    expect((await runOpenclaw(root, ['gateway', '--port', '0'])).exitCode).toBe(1);
    rmSync(file);
    expect((await (await start()).get('readyz')).status).toBe(200);
  });

  test('crashAfterMs is ready first', async () => {
    await install(NEW, { crashAfterMs: 1000 });
    const gateway = await start();
    expect((await gateway.get('readyz')).status).toBe(200);
    expect((await gateway.ended).exitCode).toBe(1);
  });

  test('neverReady is alive and not ready', async () => {
    await install(NEW, { neverReady: true });
    const gateway = await start();
    expect((await gateway.get('healthz')).status).toBe(200);
    const body = { ready: false, failing: ['channels'] };
    expect(await gateway.get('readyz')).toMatchObject({ status: 503, body });
  });

  test('failingChannel is ready and names the channel', async () => {
    await install(NEW, { failingChannel: true });
    const body = { ready: true, failing: ['discord'] };
    expect(await (await start()).get('readyz')).toMatchObject({ status: 200, body });
  });

  test('slowStartMs advances step by step and then is ready', async () => {
    await install(NEW, { slowStartMs: 3_000 });
    const gateway = await start();
    const failing = new Set<number>();
    const phases = new Set<unknown>();
    await expect
      .poll(
        async () => {
          const { body: startup } = await gateway.get('startupz');
          phases.add((startup as { phase?: string }).phase);
          const { status, body } = await gateway.get('readyz');
          failing.add((body as { failing: string[] }).failing.length);
          return status;
        },
        { interval: 20, timeout: 10_000 * slowness },
      )
      .toBe(200);
    const counts = [...failing];
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(counts.length).toBeGreaterThan(2);
    expect(phases).toContain('channels');
    expect((await gateway.get('startupz')).body).toMatchObject({ status: 'started' });
  });

  test('answersVersion and printsVersion say another version, each in its place', async () => {
    await install(NEW, { answersVersion: '1.0.0', printsVersion: '2.0.0' });
    const gateway = await start();
    expect((await gateway.get('startupz')).body).toMatchObject({ version: '1.0.0' });
    expect((await gateway.get('work/0')).body).toMatchObject({ core: NEW });
    expect((await runOpenclaw(root, ['--version'])).stdout).toBe('OpenClaw 2.0.0 (test)');
  });

  test('startupz: false is a version without that endpoint', async () => {
    await install(NEW, { startupz: false });
    expect((await (await start()).get('startupz')).status).toBe(404);
  });

  test('ignoreSigterm continues as before', async () => {
    await install(NEW, { ignoreSigterm: true });
    const gateway = await start();
    gateway.kill('SIGTERM');
    expect((await gateway.get('readyz')).status).toBe(200);
    expect((await gateway.get('work/0')).status).toBe(200);
  });

  test('drainForever takes no more work and does not exit', async () => {
    await install(NEW, { drainForever: true });
    const gateway = await start();
    gateway.kill('SIGTERM');
    await expect
      .poll(async () => (await gateway.get('readyz')).body)
      .toMatchObject({ failing: ['draining'] });
    expect((await gateway.get('work/0')).status).toBe(503);
    expect((await gateway.get('healthz')).status).toBe(200);
  });
});

describe('a running gateway whose tree is replaced in place', () => {
  test('misses the chunks it has not loaded yet, and keeps those it has', async () => {
    await install(OLD);
    const gateway = await start();
    await gateway.get(`work/${WORK.hashed + 1}`);
    await replaceInPlace(NEW);
    expect(await gateway.get(`work/${WORK.hashed}`)).toMatchObject({
      status: 500,
      body: { error: 'ERR_MODULE_NOT_FOUND' },
    });
    const body = { core: OLD, chunk: OLD, shared: OLD };
    expect(await gateway.get(`work/${WORK.hashed + 1}`)).toEqual({ status: 200, body });
  });

  test('loads the code of the other version where the file names are the same', async () => {
    await install(OLD);
    const gateway = await start();
    await replaceInPlace(NEW);
    const body = { core: OLD, chunk: NEW, shared: NEW };
    expect(await gateway.get(`work/${WORK.stable}`)).toEqual({ status: 200, body });
  });

  test('misses an export where one module was loaded before and its importer after', async () => {
    await install(OLD);
    const gateway = await start();
    await gateway.get(`work/${WORK.stable}`);
    await replaceInPlace(NEW);
    const { status, body } = await gateway.get(`work/${WORK.importsStable}`);
    expect(status).toBe(500);
    expect(body).toEqual({
      error: 'SyntaxError',
      message: expect.stringContaining('does not provide an export'),
    });
  });

  test('fails even in its own shutdown', async () => {
    await install(OLD);
    const gateway = await start();
    await replaceInPlace(NEW);
    gateway.kill('SIGTERM');
    const { exitCode, stderr } = await gateway.ended;
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/shutdown: Cannot find module .*dist\/shutdown-/);
  });
});
