import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bootCandidate, type CandidateRequest } from '../../src/candidate/candidate.js';
import { isolated, isolation } from '../../src/candidate/isolation.js';
import { commandLineOf, environmentOf, processIds } from '../../src/host/process.js';
import { digestTree } from '../../src/store/tree.js';
import type { Behaviour } from '../registry/gateway-package.js';
import { bootAsOrdinary, layOutMiniature } from '../support/candidate.js';
import { ORDINARY } from '../support/ordinary-user.js';
import { removeDirectory, temporaryDirectory, until, writeTree } from '../support/place.js';
import { slowness } from '../support/slowness.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { makeWorld, QUICK } from '../support/world.js';

const VERSION = '2026.6.1';
const TOKEN = 'very-secret-token';
const PORT = 19_555;
/** Long enough for a start beside other work: a candidate that does not answer yet names nothing. */
const NEVER_READY_MS = 5000 * slowness;
const CURIOUS = new URL('../fixtures/candidate/curious.mjs', import.meta.url);

interface Host {
  path: string;
  release: string;
  request: CandidateRequest;
}

/** A live state, a copy of it, and a release in miniature to start on it. */
function makeHost(behaviour: Behaviour = {}): Host {
  const path = temporaryDirectory('candidate');
  const live = writeTree(join(path, 'home/its state'), {
    'openclaw.json': JSON.stringify({ gateway: { port: PORT, auth: { token: TOKEN } } }),
    'agents/main/sessions/1.jsonl': '{}\n',
  });
  const copy = join(path, 'copy');
  cpSync(live, copy, { recursive: true });
  const release = join(path, 'root/releases', VERSION);
  layOutMiniature(release, VERSION, behaviour);
  const request: CandidateRequest = {
    node: process.execPath,
    main: join(release, 'node_modules/openclaw/openclaw.mjs'),
    copy: { directory: copy, config: null },
    place: { directory: live, config: null },
    launch: { args: [], env: { HOME: join(path, 'home'), OPENCLAW_STATE_DIR: live } },
    timeoutMs: 20_000,
  };
  return { path, release, request };
}

const SUPERUSER = process.getuid?.() === 0;

/** A directory that anybody can write, outside of those that are hidden in isolation. */
function makeHome(): string {
  const home = mkdtempSync(fileURLToPath(new URL('../../.home-', import.meta.url)));
  chmodSync(home, 0o777);
  onTestFinished(() => removeDirectory(home));
  return home;
}

const digestOf = async (directory: string) => (await digestTree(directory)).digest;
const naming = (text: string) => processIds().filter((pid) => commandLineOf(pid).includes(text));
const mountsBelow = (path: string) =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(path));

describe('a candidate', () => {
  it('becomes ready on a copy that it finds at the place of the live state, which stays as it is', async () => {
    const { path, request } = makeHost();
    const before = await digestOf(request.place.directory);
    const report = await bootCandidate(request);
    expect(report).toMatchObject({ ready: true, version: VERSION, failing: [], exit: null });
    expect(report.said).toContain('listening on');
    expect(await digestOf(request.place.directory)).toBe(before);
    expect(mountsBelow(path)).toEqual([]);
    const starts = readFileSync(join(request.copy.directory, 'starts.jsonl'), 'utf8');
    expect(starts.trim().split('\n')).toHaveLength(1);
    expect(naming(path)).toEqual([]);
  });

  it('that refuses the state is reported with its exit code and its last words', async () => {
    const { request } = makeHost({ exitCode78: true });
    const report = await bootCandidate(request);
    expect(report).toMatchObject({ ready: false, exit: { code: 78, signal: null } });
    expect(report.said).toContain('written by a newer version');
  });

  it('that never becomes ready is ended in time, and the report says what is not ready', async () => {
    const { path, request } = makeHost({ neverReady: true });
    const report = await bootCandidate({ ...request, timeoutMs: NEVER_READY_MS });
    expect(report).toMatchObject({ ready: false, failing: ['channels'], exit: null });
    expect(report.readyMs).toBeGreaterThanOrEqual(NEVER_READY_MS);
    expect(naming(path)).toEqual([]);
  });

  it('has a configuration file of its own where the live one lies outside of the state', async () => {
    const { path, request } = makeHost();
    const config = join(path, 'home/elsewhere.json');
    const copied = join(path, 'elsewhere.json');
    writeFileSync(config, '{"gateway": {"port": 1}}');
    writeFileSync(copied, JSON.stringify({ gateway: { port: PORT, auth: { token: TOKEN } } }));
    const report = await bootCandidate({
      ...request,
      copy: { ...request.copy, config: copied },
      place: { ...request.place, config },
      launch: {
        args: [],
        env: { ...request.launch.env, OPENCLAW_CONFIG_PATH: config },
      },
    });
    expect(report).toMatchObject({ ready: true, version: VERSION });
    expect(report.said).toContain(`127.0.0.1:${PORT}/`);
    expect(readFileSync(config, 'utf8')).toBe('{"gateway": {"port": 1}}');
  });

  it('ends with the process that started it, however that ends', async () => {
    const { path, request } = makeHost({ neverReady: true });
    const script = `
      const { bootCandidate } = await import(${JSON.stringify(new URL('../../dist/candidate/candidate.js', import.meta.url).href)});
      await bootCandidate(${JSON.stringify({ ...request, timeoutMs: 60_000 })});`;
    const starter = execa(process.execPath, ['--input-type=module', '-e', script], { reject: false });
    const started = join(request.copy.directory, 'starts.jsonl');
    await until('the candidate has been started', () => existsSync(started));
    starter.kill('SIGKILL');
    await starter;
    await until('nothing of it is left', () => naming(path).length === 0);
  });

  it('ends when it is not wanted any more', async () => {
    const { path, request } = makeHost({ neverReady: true });
    const wanted = new AbortController();
    const booting = bootCandidate({ ...request, signal: wanted.signal, timeoutMs: 60_000 });
    const started = join(request.copy.directory, 'starts.jsonl');
    await until('the candidate has been started', () => existsSync(started));
    wanted.abort();
    await expect(booting).rejects.toMatchObject({ code: 'interrupted' });
    expect(naming(path)).toEqual([]);
  });

  it.each(['its own user', 'an ordinary user'])(
    'leaves its compile cache, to be found when the release is in its place, as %s',
    async (who) => {
      const { path, release: at, request } = makeHost();
      const [staged, cache] = [join(path, 'root/staging/x/release'), join(path, 'root/cache/x')];
      for (const directory of [join(staged, '..'), cache]) mkdirSync(directory, { recursive: true });
      renameSync(at, staged);
      mkdirSync(at);
      // A path that the other user may read.
      const node = join(path, 'runtime/bin/node');
      cpSync(await sqliteNode(), node);
      const main = join(staged, relative(at, request.main));
      const warm = { ...request, node, main, warming: { release: staged, at, cache } };
      const report = who === 'its own user' ? await bootCandidate(warm) : await bootAsOrdinary(warm, path);

      expect(report).toMatchObject({ ready: true, version: VERSION, exit: null });
      expect(readdirSync(at)).toEqual([]);
      renameSync(staged, at);
      const env = { NODE_COMPILE_CACHE: cache, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
      // The cache of one user is not another's.
      const user = `${who === 'an ordinary user' && SUPERUSER ? ORDINARY : process.getuid?.()}`;
      const started = ['--reuid', user, '--', node, request.main, '--version'];
      const { stderr } = await execa('setpriv', started, { env });
      expect(stderr).toMatch(/cache for (ESM )?\S*openclaw\.mjs was accepted/);
    },
  );

  it('is refused with a hint when there is no such copy', async () => {
    const { request } = makeHost();
    rmSync(request.copy.directory, { recursive: true });
    await expect(bootCandidate(request)).rejects.toMatchObject({ code: 'probe_failed', hint: /./ });
  });

  it.each(['its own user', 'an ordinary user'])('that is curious reaches nothing, as %s', async (who) => {
    const { path, release, request } = makeHost();
    cpSync(CURIOUS, join(release, 'node_modules/openclaw/openclaw.mjs'));
    const elsewhere = join(path, 'elsewhere');
    mkdirSync(elsewhere);
    const home = makeHome();
    const server = createServer().listen(0, '127.0.0.1');
    const local = createServer().listen(join(path, 'a.sock'));
    onTestFinished(() => {
      server.close();
      local.close();
    });
    await until('both servers listen', () => server.listening && local.listening);
    const address = server.address();
    const outside = typeof address === 'object' && address ? address.port : 0;
    const marker = `left-behind-${process.pid}-${outside}`;
    const errand = { elsewhere, home, port: PORT, outside, socket: join(path, 'a.sock'), marker };
    const before = await digestOf(request.place.directory);
    const env = {
      ...request.launch.env,
      OPENCLAW_TEST_ERRAND: JSON.stringify(errand),
      OPENCLAW_GATEWAY_TOKEN: TOKEN,
      NOTIFY_SOCKET: '/run/notify',
      OPENCLAW_RELEASES_ROOT: path,
    };
    const curious = { ...request, launch: { args: [], env } };
    const report =
      who === 'its own user' ? await bootCandidate(curious) : await bootAsOrdinary(curious, path);

    expect(report).toMatchObject({ ready: true, version: '1.0.0' });
    expect(report.said).toBe('my token is …, and hello');
    const attempts = JSON.parse(readFileSync(join(request.copy.directory, 'attempts.json'), 'utf8'));
    const { environment, ...rest } = attempts;
    expect(rest).toEqual({
      state: 'written',
      elsewhere: expect.stringMatching(/^(EROFS|ENOENT)$/),
      // It is in this checkout, which may be below a directory that only its owner may enter.
      home: expect.stringMatching(who === 'its own user' ? /^EROFS$/ : /^(EROFS|ENOENT|EACCES)$/),
      temporary: 'written',
      loopback: 'ECONNREFUSED',
      internet: 'ENETUNREACH',
      socket: 'ENOENT',
      user: SUPERUSER && who !== 'its own user' ? ORDINARY : process.getuid?.(),
      group: SUPERUSER && who !== 'its own user' ? ORDINARY : process.getgid?.(),
    });
    expect(environment).toContain('OPENCLAW_SKIP_CHANNELS');
    expect(environment).not.toContain('NOTIFY_SOCKET');
    expect(environment).not.toContain('OPENCLAW_RELEASES_ROOT');
    expect(await digestOf(request.place.directory)).toBe(before);
    expect(existsSync('/tmp/written')).toBe(false);
    expect(naming(marker)).toEqual([]);
    expect([...readdirSync(elsewhere), ...readdirSync(home)]).toEqual([]);
  });
});

describe('isolation', () => {
  it('says why it is not available, as in a container without rights', async () => {
    const script = `
      const { isolation } = await import(${JSON.stringify(new URL('../../dist/candidate/isolation.js', import.meta.url).href)});
      console.log(JSON.stringify(await isolation()));`;
    const powerless = ['--bounding-set=-all', '--inh-caps=-all', '--', process.execPath];
    const { stdout } = await execa('setpriv', [...powerless, '--input-type=module', '-e', script]);
    expect(JSON.parse(stdout)).toEqual({ available: false, why: expect.stringContaining('not permitted') });
  });
});

describe('a command in isolation', () => {
  it('cannot write to a disk that the host mounts meanwhile', async () => {
    const path = temporaryDirectory('isolated');
    const [copy, place] = [join(path, 'copy'), join(path, 'place')];
    for (const directory of [copy, place]) mkdirSync(directory);
    // Not hidden in isolation, and mounted in namespaces of the test alone.
    const late = '/srv';
    const found = await isolation();
    const waits = `until [ -e ${place}/go ]; do sleep 0.02; done`;
    const command = isolated({
      namespaces: found.available ? found.namespaces : [],
      bindings: [{ from: copy, at: place, writable: true }],
      command: ['/bin/sh', '-c', `touch ${place}/started; ${waits}; touch ${late}/written`],
    });
    // As on a host with systemd, where mounts are shared.
    const host = `mount --make-rshared /
      "$@" & while [ ! -e ${copy}/started ] && kill -0 $!; do sleep 0.02; done
      mount -t tmpfs tmpfs ${late}; touch ${copy}/go; wait $!; ls -A ${late}`;
    const { stdout, stderr } = await execa('unshare', [
      '--mount',
      '--',
      '/bin/sh',
      '-c',
      host,
      'sh',
      ...command,
    ]);
    expect(stdout).toBe('');
    expect(stderr).toContain('Read-only file system');
  });
});

describe('a release that ends while it gives way to all else', () => {
  it('is tried once more without giving way, on a new copy of the state', async () => {
    const world = await makeWorld(onTestFinished, {
      node: await sqliteNode(),
      env: { OPENCLAW_RELEASES_PROBE: 'auto' },
    });
    world.publish('2026.5.28');
    world.publish('2026.6.1', { refusesToWait: true });
    world.publish('2026.6.2', { exitCode78: true });
    await world.start('2026.5.28');
    const { steps } = await world.ok('update', '2026.6.1', ...QUICK);
    const probe = steps.find(({ name }: { name: string }) => name === 'probe');
    expect(probe.note).toMatch(/ready on a copy of the state after/);
    expect(await world.version()).toBe('2026.6.1');
    // A release that ends even then, ends.
    const failed = await world.cli('update', '2026.6.2', ...QUICK);
    expect(failed.json.error).toMatchObject({ code: 'probe_failed', message: expect.stringContaining('78') });
  });
});

describe('the compile cache of a candidate', () => {
  it('is what its gateway starts with, and is removed when the release was not sealed, or its owner was killed', async () => {
    const world = await makeWorld(onTestFinished, {
      node: await sqliteNode(),
      env: { OPENCLAW_RELEASES_PROBE: 'auto' },
    });
    for (const version of ['2026.5.28', '2026.6.1']) world.publish(version);
    world.publish('2026.7.1', { crashAtStart: true });
    world.publish('2026.7.2', { neverReady: true });
    await world.start('2026.5.28');
    const cache = join(world.root, 'cache');
    await world.ok('update', '2026.6.1', ...QUICK);
    expect(await world.version()).toBe('2026.6.1');
    const { gateway } = await world.ok('status');
    expect(environmentOf(gateway.pid).NODE_COMPILE_CACHE).toBe(join(cache, '2026.6.1'));
    expect(readdirSync(join(cache, '2026.6.1'))).toHaveLength(1);
    expect(statSync(join(cache, '2026.6.1')).mode & 0o777).toBe(0o700);

    const nothingLeft = () => {
      expect(readdirSync(cache)).toEqual(['2026.6.1']);
      expect(readdirSync(join(world.root, 'releases'))).toEqual(['2026.5.28', '2026.6.1']);
    };
    const failed = await world.cli('update', '2026.7.1', ...QUICK);
    expect(failed.json.error.code).toBe('probe_failed');
    nothingLeft();

    const killed = world.begin(['update', '2026.7.2', ...QUICK]);
    await until('it is tried', () => existsSync(join(cache, '2026.7.2')));
    killed.kill('SIGKILL');
    await killed.ended;
    await world.ok('recover');
    nothingLeft();
  });
});
