import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/host/port.js';
import { openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { startPrivateRegistry } from '../registry/private.js';
import { type CountingProxy, startProxy } from '../registry/proxy.js';
import { startRegistry } from '../registry/registry.js';
import type { PackageFiles } from '../registry/tarball.js';
import { until } from '../support/place.js';
import { makeWorld, type World } from '../support/world.js';

const OLD = '2026.6.1';
const NEW = '2026.6.5';
const ARCHIVE = /\.tgz$/;

function plain(name: string, version: string, files: PackageFiles['files'] = {}): PackageFiles {
  return { name, version, files: { 'package.json': JSON.stringify({ name, version }), ...files } };
}

/** A Node that says another version, and is the one of this process besides. */
function nodePackage(version: string): PackageFiles {
  const name = `node-${process.platform}-${process.arch}`;
  const text = `#!/bin/sh\n[ "$1" = --version ] && [ $# = 1 ] && exec echo v${version}\nexec '${process.execPath}' "$@"\n`;
  return plain(name, version, { 'bin/node': { text, mode: 0o755 } });
}

function npmrc(world: World, ...lines: string[]): void {
  writeFileSync(join(world.path, 'home/.npmrc'), `${lines.join('\n')}\n`);
}

async function proxyTo(hosts: Record<string, string> = {}): Promise<CountingProxy> {
  const proxy = await startProxy(hosts);
  onTestFinished(() => proxy.close());
  return proxy;
}

/** A world in which all that is asked for is counted. */
async function countedWorld() {
  const world = await makeWorld();
  const proxy = await proxyTo();
  npmrc(world, `proxy=${proxy.url}`);
  const taken = () => proxy.seen.splice(0);
  const archives = (all: CountingProxy['seen']) =>
    all.flatMap(({ request }) => /([^/]+)\.tgz$/.exec(request)?.[1] ?? []).sort();
  return { world, taken, archives };
}

describe('nothing is downloaded twice:', () => {
  const depends = (kept: string) => ({
    dependencies: { 'tiny-dep': '^1.0.0', kept, changing: '*' },
  });

  test('of the next release only what differs, and documents only when they have changed', async () => {
    const { world, taken, archives } = await countedWorld();
    for (const name of ['kept', 'changing']) world.registry.publish(plain(name, '1.0.0'));
    world.publish(OLD, depends('1.0.0'));
    await world.ok('stage', OLD);
    const first = taken();
    expect(archives(first)).toEqual(['changing-1.0.0', 'kept-1.0.0', `openclaw-${OLD}`, 'tiny-dep-1.0.0']);
    world.registry.publish(plain('changing', '1.1.0'));
    world.publish(NEW, depends('1.0.0'));
    await world.ok('stage', NEW);
    const second = taken();
    expect(archives(second)).toEqual(['changing-1.1.0', `openclaw-${NEW}`]);
    const whole = second.filter(({ request, status }) => status === 200 && !ARCHIVE.test(request));
    expect(whole.map(({ request }) => new URL(request.slice(4)).pathname).sort()).toEqual([
      '/changing/latest',
      `/openclaw/${NEW}`,
    ]);
    for (const all of [first, second]) {
      const asked = all.map(({ request }) => request);
      expect(asked).toEqual([...new Set(asked)]);
    }
  });

  test('of a release that was here before nothing at all, and of one that is here not even a question', async () => {
    const { world, taken } = await countedWorld();
    world.publish(OLD);
    await world.ok('stage', OLD);
    taken();
    await world.ok('stage', OLD);
    expect(taken()).toEqual([]);
    await world.ok('prune', '--keep', '0');
    expect(readdirSync(join(world.root, 'releases'))).toEqual([]);
    await world.ok('stage', OLD);
    const again = taken();
    expect(again.filter(({ status }) => status !== 304)).toEqual([]);
    expect(again.length).toBeGreaterThan(0);
  });

  test('of one whose staging was killed only what had not come, also the Node that it brings', async () => {
    const { world, taken, archives } = await countedWorld();
    const names = ['first', 'second', 'third', 'last'];
    for (const name of names) world.registry.publish(plain(name, '1.0.0'));
    world.registry.publish(nodePackage('98.0.0'));
    const dependencies = Object.fromEntries(['tiny-dep', ...names].map((name) => [name, '^1.0.0']));
    world.publish(OLD, { dependencies, engines: '>=98' });
    world.registry.fault({ kind: 'slow', match: /last-1\.0\.0\.tgz$/, delayMs: 60_000 });
    const staging = world.begin(['stage', OLD]);
    const unpacked = (name: string) =>
      readdirSync(join(world.root, 'staging')).some((change) =>
        existsSync(join(world.root, 'staging', change, 'release/node_modules', name, 'package.json')),
      );
    await until(
      'all but one are in their places',
      () =>
        existsSync(join(world.root, 'staging')) &&
        ['openclaw', 'tiny-dep', 'first', 'second', 'third'].every(unpacked),
    );
    staging.kill('SIGKILL');
    await staging.ended;
    world.registry.clearFaults();
    const before = taken();
    expect(archives(before)).toContain(`node-${process.platform}-${process.arch}-98.0.0`);
    expect(await world.ok('stage', OLD)).toMatchObject({ facts: { to: OLD } });
    const after = taken();
    expect(archives(after)).toEqual(['last-1.0.0']);
    expect((await world.ok('verify', OLD)).differences).toEqual([]);
    expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
  });
});

describe("npm's own configuration files say how a registry is reached:", () => {
  test('a proxy, and what goes past it', async () => {
    const world = await makeWorld();
    world.publish(OLD);
    const dead = `http://127.0.0.1:${await freePort()}/`;
    npmrc(world, `proxy=${dead}`);
    const refused = await world.cli('stage', OLD);
    expect(refused.json).toMatchObject({ error: { code: 'registry_unreachable' } });
    npmrc(world, `proxy=${dead}`, 'noproxy=localhost,127.0.0.1');
    await world.ok('stage', OLD);
  });

  const HOST = 'registry.invalid';
  const SCOPE_HOST = 'scope.invalid';
  const TOKEN = 'token-of-the-registry';
  const SCOPE_TOKEN = 'token-of-the-scope';

  /** Registries that only a proxy finds, that only their token opens, and whose authority nobody knows. */
  async function privateWorld() {
    const world = await makeWorld();
    const start = async (host: string, token: string) => {
      const registry = await startRegistry({ packumentMaxAge: 0, origin: `https://${host}/` });
      onTestFinished(() => registry.close());
      const front = await startPrivateRegistry(registry, { token });
      onTestFinished(() => front.close());
      return { registry, front };
    };
    const main = await start(HOST, TOKEN);
    const scope = await start(SCOPE_HOST, SCOPE_TOKEN);
    const proxy = await proxyTo({ [`${HOST}:443`]: main.front.url, [`${SCOPE_HOST}:443`]: scope.front.url });
    main.registry.publish(tinyDependency());
    main.registry.publish(nodePackage('98.0.0'));
    scope.registry.publish(plain('@private/part', '1.0.0', { 'part.txt': 'private' }));
    main.registry.publish(
      openclawPackage(OLD, {
        engines: '>=98',
        dependencies: { 'tiny-dep': '^1.0.0', '@private/part': '^1.0.0' },
      }),
    );
    const cafile = join(world.path, 'authorities.pem');
    writeFileSync(cafile, readFileSync(main.front.cafile));
    const globalconfig = join(world.path, 'global-npmrc');
    const user = [
      `registry=https://${HOST}/`,
      `@private:registry=https://${SCOPE_HOST}/`,
      `https-proxy=${proxy.url}`,
      `//${HOST}/:_authToken=${TOKEN}`,
      `//${SCOPE_HOST}/:_authToken=${SCOPE_TOKEN}`,
    ];
    delete world.env.npm_config_registry;
    const stage = async (lines: string[], global: string[]) => {
      npmrc(world, ...lines);
      writeFileSync(globalconfig, `${global.join('\n')}\n`);
      const answer = await world.begin(['stage', OLD], { npm_config_globalconfig: globalconfig }).ended;
      for (const secret of [TOKEN, SCOPE_TOKEN])
        expect(`${answer.stdout}${answer.stderr}`).not.toContain(secret);
      return answer;
    };
    return { world, proxy, main, scope, user, cafile, stage };
  }

  test('a proxy with tunnels, tokens, a scope of another registry and an authority, for the release and its Node', async () => {
    const { world, proxy, main, scope, user, cafile, stage } = await privateWorld();
    const { json, exitCode, stderr } = await stage(user, [`cafile=${cafile}`]);
    expect(exitCode, `${JSON.stringify(json)}${stderr}`).toBe(0);
    const release = join(world.root, 'releases', OLD);
    expect(readFileSync(join(release, 'node_modules/@private/part/part.txt'), 'utf8')).toBe('private');
    expect(readdirSync(join(world.root, 'runtimes'))).toEqual(['node-98.0.0']);
    expect(json).toMatchObject({ facts: { resolved: { signature: 'verified' } } });
    expect(new Set(proxy.tunnels.map(({ to }) => to))).toEqual(new Set([`${HOST}:443`, `${SCOPE_HOST}:443`]));
    expect(proxy.seen).toEqual([]);
    expect([main.front.refused(), scope.front.refused()]).toEqual([0, 0]);
    expect(main.registry.requests.filter((request) => ARCHIVE.test(request))).toHaveLength(3);
    expect(scope.registry.requests.filter((request) => ARCHIVE.test(request))).toHaveLength(1);
    for (const file of readdirSync(join(world.root, 'changes')))
      expect(readFileSync(join(world.root, 'changes', file), 'utf8')).not.toContain(TOKEN);
  });

  test.each([
    ['the proxy', 'https-proxy', 'registry_unreachable'],
    ['the token', `//${HOST}/:_authToken`, 'registry_error'],
    ['the token of the scope', `//${SCOPE_HOST}/:_authToken`, 'registry_error'],
    ['the registry of the scope', '@private:registry', 'install_failed'],
    ['the authority', 'cafile', 'registry_unreachable'],
  ])('without %s it fails, and nothing is left', async (_, missing, code) => {
    const { world, user, cafile, stage } = await privateWorld();
    const lines = user.filter((line) => !line.startsWith(`${missing}=`));
    const { json, exitCode } = await stage(lines, missing === 'cafile' ? [] : [`cafile=${cafile}`]);
    expect(json).toMatchObject({ error: { code } });
    expect(exitCode).toBeGreaterThan(2);
    expect(readdirSync(join(world.root, 'releases'))).toEqual([]);
    expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
  });
});
