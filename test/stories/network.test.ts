import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/host/port.js';
import { openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { startPrivateRegistry } from '../registry/private.js';
import { startRegistry } from '../registry/registry.js';
import { nameKeys } from '../support/name-keys.js';
import { nodePackage, npmrc, plain, proxyTo } from '../support/network.js';
import { makeWorld } from '../support/world.js';

const OLD = '2026.6.1';
const ARCHIVE = /\.tgz$/;

describe("npm's own configuration files say how a registry is reached:", () => {
  test('a proxy is used, except for the addresses that are excluded', async () => {
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

  /** Registries that only a proxy finds, that only their token opens, and whose authority is unknown. */
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
    await nameKeys(main.registry, join(world.root, 'registry-keys.json'));
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

  test('a release and its Node come through a proxy with tunnels, tokens, a scope of another registry and an authority', async () => {
    const { world, proxy, main, scope, user, cafile, stage } = await privateWorld();
    const { json, exitCode, stderr } = await stage(user, [`cafile=${cafile}`]);
    expect(exitCode, `${JSON.stringify(json)}${stderr}`).toBe(0);
    const release = join(world.root, 'releases', OLD);
    expect(readFileSync(join(release, 'node_modules/@private/part/part.txt'), 'utf8')).toBe('private');
    expect(readdirSync(join(world.root, 'runtimes'))).toContain('node-98.0.0');
    expect(json.notes).not.toContainEqual(expect.stringContaining('signature'));
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
  ])('staging without %s fails, and leaves nothing', async (_, missing, code) => {
    const { world, user, cafile, stage } = await privateWorld();
    const lines = user.filter((line) => !line.startsWith(`${missing}=`));
    const { json, exitCode } = await stage(lines, missing === 'cafile' ? [] : [`cafile=${cafile}`]);
    expect(json).toMatchObject({ error: { code } });
    expect(exitCode).toBeGreaterThan(2);
    expect(readdirSync(join(world.root, 'releases'))).toEqual([]);
    expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
  });
});
