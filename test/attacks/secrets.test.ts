import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { isolation } from '../../src/candidate/isolation.js';
import { type Behaviour, openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import type { PackageFiles } from '../registry/tarball.js';
import { writeTree } from '../support/place.js';
import { installPlugin } from '../support/plugin.js';
import { slowness } from '../support/slowness.js';
import { CLI, makeWorld, QUICK, type World } from '../support/world.js';

const OLD = '2026.6.1';
/** Prints all that it knows when it starts, and ends. */
const TALKATIVE = '2026.6.2';
/** Works; its tools print what they know about a plugin. */
const NEW = '2026.6.3';

/** Some forty commands, one after the other. */
const LIMIT_MS = 180_000 * slowness;

/** One secret for each place that can hold one. The short one has a character that no checksum has. */
const CANARIES = {
  unit: 'canary-of-the-unit',
  unnamed: 'canary-without-a-name-1',
  database: 'canary-of-a-database',
  short: 'q~7Z',
  gateway: 'canary-of-the-gateway',
  provider: 'canary-of-a-provider',
  nested: 'canary-in-a-list',
  webhook: 'canary-of-a-webhook',
  dotenv: 'canary-of-dot-env',
  credential: 'canary-of-credentials',
  profile: 'canary-of-a-profile',
  npmrc: 'canary-of-npmrc',
  registry: 'canary-of-the-registry',
  proxy: 'canary-of-a-proxy',
  flag: 'canary-of-the-flag',
};

const UNIT_ENVIRONMENT = {
  SERVICE_API_KEY: CANARIES.unit,
  MY_PLAIN: CANARIES.unnamed,
  DB_URL: `postgres://me:${CANARIES.database}@127.0.0.1/x`,
  SHORT_KEY: CANARIES.short,
};

/** Goes to the top of a program of a release. */
const TELL_ALL = `import { readFileSync as readSecret } from 'node:fs';
const known = () => [
  ...${JSON.stringify(Object.keys(UNIT_ENVIRONMENT))}.map((name) => process.env[name]),
  ...['openclaw.json', '.env', 'credentials/oauth.json', 'agents/main/agent/auth-profiles.json'].map((file) =>
    readSecret(process.env.OPENCLAW_STATE_DIR + '/' + file, 'utf8').trim(),
  ),
].join(' | ');
`;

/** A version whose file begins or is changed like this. */
function edited(
  version: string,
  behaviour: Behaviour,
  path: string,
  edit: (text: string) => string,
): PackageFiles {
  const pkg = openclawPackage(version, behaviour);
  const file = pkg.files[path];
  const change = typeof file === 'string' ? edit(file) : { ...file, text: edit(String(file?.text)) };
  return { ...pkg, files: { ...pkg.files, [path]: change as string } };
}

/** A registry that only this user and this password open. */
async function closedRegistry(
  user: string,
  password: string,
): Promise<Registry & { refused(): number; breakDown(): void }> {
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  let target = '';
  let refused = 0;
  let broken = false;
  const front = createServer((incoming, outgoing) => {
    if (incoming.headers.authorization !== expected) {
      refused++;
      outgoing.writeHead(401).end('{"error":"Who are you?"}');
      return;
    }
    if (broken) {
      // npm's libraries name the whole address for this one.
      outgoing.writeHead(418, { 'content-type': 'application/json' }).end('{"error":"teapot"}');
      return;
    }
    const onward = request(new URL(incoming.url ?? '', target), { headers: incoming.headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 0, response.headers);
      response.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    onward.end();
  }).listen(0, '127.0.0.1');
  await once(front, 'listening');
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}/`;
  const registry = await startRegistry({ packumentMaxAge: 0, origin: url });
  target = registry.url;
  onTestFinished(async () => {
    front.closeAllConnections();
    front.close();
    await registry.close();
  });
  return {
    ...registry,
    url,
    refused: () => refused,
    breakDown() {
      broken = true;
    },
  };
}

function leaksIn(text: string): string[] {
  return Object.values(CANARIES).filter(
    (canary) =>
      text.includes(canary) ||
      text.includes(Buffer.from(canary).toString('base64')) ||
      text.includes(Buffer.from(`claw:${canary}`).toString('base64')),
  );
}

/** Files of the root and of npm's cache with a secret in them, but for copies of the state and noise. */
function filesWithLeaks({ root, path }: Pick<World, 'root' | 'path'>): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const directory of [root, join(path, 'npm-cache')].filter(existsSync)) {
    for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
      if (/^(states\/[^/]+\/files|ballast)(\/|$)/.test(name)) continue;
      const file = join(directory, name);
      if (!statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
      const leaks = leaksIn(readFileSync(file, 'latin1'));
      if (leaks.length > 0) found[relative(path, file)] = leaks;
    }
  }
  return found;
}

/** Command lines with a secret that any process had, as every user of the machine can read them. */
function watchCommandLines(): { stop(): string[] } {
  const seen = new Set<string>();
  const look = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (leaksIn(line).length > 0) seen.add(line.replaceAll('\0', ' '));
      } catch {
        // It has ended.
      }
    }
  };
  const timer = setInterval(look, 20);
  return {
    stop() {
      clearInterval(timer);
      look();
      return [...seen];
    },
  };
}

async function closedWorld(): Promise<{
  world: World;
  registry: Awaited<ReturnType<typeof closedRegistry>>;
}> {
  const world = await makeWorld();
  const registry = await closedRegistry('claw', CANARIES.registry);
  const state = world.env.OPENCLAW_STATE_DIR ?? '';
  writeTree(state, {
    'openclaw.json': JSON.stringify({
      gateway: { port: world.port, auth: { token: CANARIES.gateway } },
      models: { providers: { one: { apiKey: CANARIES.provider } } },
      channels: {
        chat: { tokens: [{ deep: CANARIES.nested }], webhook: `https://me:${CANARIES.webhook}@127.0.0.1/` },
      },
    }),
    '.env': `PLAIN_NAME=${CANARIES.dotenv}\n`,
    'credentials/oauth.json': JSON.stringify({ access: CANARIES.credential }),
    'agents/main/agent/auth-profiles.json': JSON.stringify({ profiles: { a: { key: CANARIES.profile } } }),
  });
  const proxy = `http://me:${CANARIES.proxy}@127.0.0.1:1/`;
  writeFileSync(
    join(world.env.HOME ?? '', '.npmrc'),
    `//elsewhere.invalid/:_authToken=${CANARIES.npmrc}\nproxy=${proxy}\nnoproxy=127.0.0.1\n`,
  );
  const address = registry.url.replace('//', `//claw:${CANARIES.registry}@`);
  Object.assign(world.env, { npm_config_registry: address, HTTP_PROXY: proxy, NO_PROXY: '127.0.0.1' });
  registry.publish(tinyDependency());
  registry.publish(openclawPackage(OLD));
  registry.publish(
    edited(TALKATIVE, {}, 'openclaw.mjs', (text) =>
      text.replace(
        '\n',
        `\n${TELL_ALL}if (process.argv[2] === 'gateway') throw new Error('cannot start: ' + known());\n`,
      ),
    ),
  );
  registry.publish(
    edited(NEW, { plugins: { refuses: { chat: 'no' } } }, 'dist/plugins.js', (text) =>
      `${TELL_ALL}${text}`.replace('$' + '{refuses[id]}', '$' + '{known()}'),
    ),
  );
  return { world, registry };
}

test(
  'secrets of the gateway, of npm and of addresses are in no output, no record and no command line',
  async () => {
    const { world, registry } = await closedWorld();
    const outputs = new Map<string, string>();
    const type = async (words: string[], input?: string) => {
      const { stdout, stderr, exitCode } = await execa(world.node, [CLI, ...words], {
        ...{ env: world.env, extendEnv: false, reject: false, timeout: 120_000 },
        ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
      });
      const text = `${stdout}\n${stderr}`;
      outputs.set(words.join(' '), text);
      return { text, exitCode };
    };
    const watched = watchCommandLines();
    await type(['stage', OLD]);
    installPlugin(world.env.OPENCLAW_STATE_DIR ?? '', '1.0.0', join(world.root, 'releases', OLD));
    await world.ok('switch', OLD, '--no-restart');
    const supervisor = await world.superviseWith(UNIT_ENVIRONMENT);
    await type(['timer', 'enable']);

    // A candidate needs namespaces, which not every host has. There the trial is what fails.
    const boots = (await isolation()).available;
    const tried = await type(['update', TALKATIVE, '--probe', 'boot']);
    expect(tried, tried.text).toMatchObject({ exitCode: 4, text: expect.stringContaining('probe_failed') });
    if (boots) expect(tried.text).toContain('cannot start: … | …');
    const failed = await type(['update', TALKATIVE, '--probe', 'version', ...QUICK]);
    expect(failed, failed.text).toMatchObject({ exitCode: 5 });
    const updated = await type(['update', NEW, ...QUICK]);
    expect(updated, updated.text).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining('Failed to update chat: …'),
    });

    for (const look of [
      ...['list', 'status', 'history', 'timer explain', 'timer status', 'report', 'check'].flatMap((one) => [
        one,
        `${one} --json`,
      ]),
      ...['doctor', 'verify', 'recover', `show ${OLD}`, 'timer run', 'status --follow'],
      ...['rollback --dry-run', 'update latest --dry-run'],
    ]) {
      await type(look.split(' '));
    }
    for (const method of ['update.status', 'releases.list', 'releases.history', 'releases.status'])
      await type(['rpc', method], '{"params":{},"caller":{"scopes":["operator.read"]}}');
    registry.breakDown();
    for (const look of ['stage latest', 'timer explain', 'status'])
      expect((await type(look.split(' '))).text).toContain('teapot');
    const onCommandLines = watched.stop();
    await type(['stage', 'latest', '--registry', `http://me:${CANARIES.flag}@127.0.0.1:1/`]);
    await type(['timer', 'enable', '--registry', `http://127.0.0.1:1/?token=${CANARIES.flag}`, '--json']);
    outputs.set(
      'run',
      supervisor
        .stderr()
        .split('\n')
        .filter((line) => line.startsWith('openclaw-releases:'))
        .join('\n'),
    );

    expect(registry.refused()).toBe(0);
    const leaking = [...outputs].map(([words, text]) => [words, leaksIn(text)] as const);
    expect(leaking.filter(([, leaks]) => leaks.length > 0)).toEqual([]);
    expect(filesWithLeaks(world)).toEqual({});
    expect(onCommandLines).toEqual([]);
  },
  LIMIT_MS,
);

test('archives with a secret in their address are fetched, and the secret is kept nowhere', async () => {
  const world = await makeWorld();
  world.publish(OLD);
  const front = createServer(async ({ url = '' }, outgoing) => {
    if (url.includes('.tgz') && !url.endsWith(`?token=${CANARIES.flag}`)) {
      outgoing.writeHead(403).end();
      return;
    }
    const answer = await fetch(new URL(url, world.registry.url));
    const body = Buffer.from(await answer.arrayBuffer());
    const own = `http://127.0.0.1:${(front.address() as AddressInfo).port}/`;
    const text = () =>
      body.toString().replaceAll(world.registry.url, own).replaceAll('.tgz"', `.tgz?token=${CANARIES.flag}"`);
    outgoing.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    outgoing.end(url.includes('.tgz') ? body : text());
  }).listen(0, '127.0.0.1');
  await once(front, 'listening');
  onTestFinished(() => {
    front.closeAllConnections();
    front.close();
  });
  world.env.npm_config_registry = `http://127.0.0.1:${(front.address() as AddressInfo).port}/`;
  const first = await world.cli('stage', OLD);
  expect(first, first.stdout).toMatchObject({ exitCode: 0 });
  const lockfile = join(world.root, 'releases', OLD, 'package-lock.json');
  world.env.OPENCLAW_RELEASES_ROOT = join(world.path, 'other');
  world.env.npm_config_cache = join(world.path, 'other-cache');
  const again = await world.cli('stage', OLD, '--lockfile', lockfile);
  expect(again, again.stdout).toMatchObject({ exitCode: 0 });
  expect(leaksIn(first.stdout + first.stderr + again.stdout + again.stderr)).toEqual([]);
  for (const root of [world.root, join(world.path, 'other')])
    expect(filesWithLeaks({ root, path: root })).toEqual({});
});
