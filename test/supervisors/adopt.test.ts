import { describe, expect, test } from 'vitest';
import { OF_A_START } from '../lab/observed.js';
import { until } from '../support/place.js';
import { bootHost, type Host, type HostOptions } from './host.js';
import { filesOf } from './recipe.js';
import { chain, GATEWAY, LONG, RUN, those } from './story.js';
import { SUPERVISED, type Supervised } from './supervised.js';

const supervisors: Record<string, Supervised> = SUPERVISED;

/** The recipe as it was before: it starts OpenClaw. */
function before(text: string): string {
  return text
    .replace('openclaw-releases run --replace', 'openclaw gateway')
    .replace(/openclaw-releases('?,?\n\s*args: |\ncommand_args=)(['"])run --replace/, 'openclaw$1$2gateway');
}

/** Boots a host on which a supervisor runs OpenClaw itself. */
async function hostWithOpenClaw(
  name: string,
  options: HostOptions = {},
): Promise<Supervised & { host: Host }> {
  const supervised = supervisors[name] as Supervised;
  const recipe = Object.entries(filesOf(supervised.chapter)).map(([path, text]) => [path, before(text)]);
  const files = { ...Object.fromEntries(recipe), ...supervised.files?.() };
  const host = await bootHost({ ...options, files });
  host.publish('2026.6.1');
  const npm = ['npm', 'install', '--global', '--prefix', '/usr/local', 'openclaw@2026.6.1'];
  await host.run(['env', `npm_config_registry=${host.registry.url}`, 'npm_config_cache=/run/npm', ...npm]);
  await host.run(supervised.boot);
  await host.run(supervised.start, { reject: false });
  await ready(host);
  return { host, ...supervised };
}

async function ready(host: Host): Promise<void> {
  const answers = async () => (await host.get('/readyz'))?.status === 200;
  await until('OpenClaw is ready', answers, 40_000);
}

/** Content, mode and owner of each file, and which is not there. */
function look(host: Host, paths: string[]): Promise<string> {
  const script = 'for file; do stat -c "%a %u:%g %n" "$file"; sha256sum "$file"; done 2>&1';
  return host.run(['sh', '-c', script, 'sh', ...paths], { reject: false });
}

/** User and variables of the gateway that runs, from the kernel; it answers on the port that its state has configured. */
async function identityOf(host: Host) {
  const [gateway] = those(host, GATEWAY);
  const proc = `/proc/${gateway?.pid}`;
  const variables = (await host.run(['cat', `${proc}/environ`])).split('\0');
  return {
    user: await host.run(['stat', '-c', '%u', proc]),
    variables: variables
      .filter((one) => /^(HOME|USER|OPENCLAW_)/.test(one) && !OF_A_START.test(one.split('=')[0] ?? ''))
      .sort(),
  };
}

async function stage(host: Host, version: string): Promise<void> {
  await host.ok('stage', version);
  await host.ok('switch', version, '--no-restart');
}

async function type(host: Host, commands: string[]): Promise<void> {
  for (const command of commands) await host.run(['sh', '-c', command]);
}

const pathsOf = ({ changes, additions }: { changes: { path: string }[]; additions: { path: string }[] }) => [
  ...new Set([...changes, ...additions].map(({ path }) => path)),
];

/** Writes the lines, has the supervisor read them, and puts the files back. */
async function thereAndBack(
  { host, chapter, parent }: Supervised & { host: Host },
  paths: string[],
  commands: string[],
): Promise<void> {
  const then = await look(host, paths);
  const before = await identityOf(host);
  expect(await host.ok('adopt', '--write')).toMatchObject({ supervisor: chapter, commands });
  await type(host, commands);
  // A supervisor may answer before OpenClaw has ended, which has the same version.
  await until('run has started', () => those(host, RUN).length === 1);
  await chain(host, parent, '2026.6.1');
  expect(await identityOf(host)).toEqual(before);
  expect((await host.cli('adopt')).json.error.message).toContain('openclaw-releases run runs process');
  expect(await look(host, paths)).not.toBe(then);

  expect(await host.ok('unadopt')).toMatchObject({ supervisor: chapter, commands });
  expect(await look(host, paths)).toBe(then);
  await type(host, commands);
  await until('run has ended', () => those(host, RUN).length === 0);
  await ready(host);
  expect(those(host, GATEWAY)).toHaveLength(1);
  expect(await identityOf(host)).toEqual(before);
}

test.each(Object.keys(supervisors))(
  'adopt names %s, writes run into its files where it has some, and unadopt puts them back',
  LONG,
  async (name) => {
    const found = await hostWithOpenClaw(name);
    const { host, chapter, parent, stop } = found;
    const refused = await host.cli('adopt');
    expect(refused).toMatchObject({ exitCode: 3, json: { error: { code: 'supervisor_not_found' } } });
    expect(refused.json.error.message).toContain(`${chapter} runs process`);
    const { supervisor, version } = await host.ok('adopt', '--dry-run');
    expect(supervisor).toMatchObject({ name: chapter, service: 'openclaw' });
    const { additions, commands } = supervisor;

    expect((await host.cli('adopt', '--write')).json.error).toMatchObject({ code: 'no_current' });
    await stage(host, version);
    if (name === 'pm2') {
      // pm2 keeps its services in no file for people: the lines are for a new one.
      expect((await host.cli('adopt', '--write')).json.error).toMatchObject({ code: 'supervisor_file' });
      const before = await identityOf(host);
      for (const { path, lines } of additions) await host.write(path, `${lines.join('\n')}\n`);
      await type(host, commands);
      await chain(host, parent, '2026.6.1');
      expect(await identityOf(host)).toEqual(before);
    } else {
      await thereAndBack(found, pathsOf(supervisor), commands);
    }
    await host.run(stop);
  },
);

describe('a gateway of another user, whose supervisor is of root', () => {
  const uid = 4321;
  const RECORDS = '/var/lib/openclaw-releases';
  const asClaw = (host: Host, ...words: string[]) =>
    host.run(
      ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', 'openclaw-releases', ...words],
      { reject: false },
    );

  test.each(Object.keys(supervisors).filter((name) => name !== 'pm2'))(
    'root adopts what %s runs, and gives it back',
    LONG,
    async (name) => {
      const found = await hostWithOpenClaw(name, { uid });
      const { host, chapter, stop } = found;
      const { supervisor } = await host.ok('adopt', '--dry-run');
      expect(supervisor).toMatchObject({ name: chapter, service: 'openclaw', user: 'claw' });
      await stage(host, '2026.6.1');
      const refused = JSON.parse(await asClaw(host, 'adopt', '--write', '--json'));
      expect(refused.error).toMatchObject({
        code: 'supervisor_file',
        hint: expect.stringContaining('sudo '),
      });
      await thereAndBack(found, pathsOf(supervisor), supervisor.commands);
      await host.run(stop);
      const nothing = JSON.parse(await asClaw(host, 'unadopt', '--json'));
      expect(nothing.error).toMatchObject({
        hint: expect.stringContaining('sudo openclaw-releases unadopt'),
      });
      expect(await host.run(['find', RECORDS, '-type', 'f'])).toBe('');
    },
  );
});
