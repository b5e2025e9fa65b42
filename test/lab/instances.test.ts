import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../src/host/port.js';
import { openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { startRegistry } from '../registry/registry.js';
import { answerIn } from '../support/answer-schema.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { slowness } from '../support/slowness.js';
import { installedMain, npmInstall, TOKEN } from './gateway.js';
import { bootMachine, type Machine, NODE } from './machine.js';
import { identityOf, type Observed, observe } from './observed.js';
import { type Answer, CLI, FIRST, QUICK } from './operator.js';

const GOOD = '2026.6.1';
const BAD = '2026.6.5';
const MOVED = '2026.6.7';

const DEFAULT = 'openclaw-gateway.service';
const WORK = 'openclaw-gateway-work.service';

const tls = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url)), 'utf8');

/**
 * One user has two gateways. The default one listens on an address of its own, and its port is in a file that its
 * configuration includes. The other one is a profile, named on its command line alone, and speaks TLS.
 */
describe('two gateways of one user', () => {
  const atEnd = atEndOfAll();
  let machine: Machine;
  let roots: Record<'default' | 'work', string>;
  let env: Record<string, string>;

  beforeAll(async () => {
    const registry = await startRegistry({ packumentMaxAge: 0 });
    atEnd(() => registry.close());
    for (const each of [tinyDependency(), openclawPackage(FIRST), openclawPackage(GOOD)])
      registry.publish(each);
    registry.publish(openclawPackage(BAD, { crashAtStart: true }));
    registry.publish(openclawPackage(MOVED, { listensOn: '127.0.0.4' }));
    machine = await bootMachine({ atEnd });
    const { home } = machine.claw;
    const data = join(home, '.local/share/openclaw-releases');
    roots = { default: data, work: `${data}-work` };
    env = {
      npm_config_registry: registry.url,
      npm_config_cache: join(home, '.npm'),
      // A candidate would meet the faults of these releases before the trial.
      OPENCLAW_RELEASES_PROBE: 'version',
    };
    await npmInstall(machine, registry, FIRST);
    const auth = { token: TOKEN };
    const files = {
      '.openclaw/openclaw.json': { gateway: { $include: 'parts/gateway.json', auth } },
      '.openclaw/parts/gateway.json': { port: await freePort(), bind: 'custom', customBindHost: '127.0.0.2' },
      '.openclaw-work/openclaw.json': {
        gateway: {
          ...{ port: await freePort(), auth },
          tls: { enabled: true, keyPath: join(home, 'key.pem'), certPath: join(home, 'certificate.pem') },
        },
      },
    };
    for (const [path, content] of Object.entries(files))
      await machine.write(join(home, path), JSON.stringify(content));
    for (const name of ['key', 'certificate']) await machine.write(join(home, `${name}.pem`), tls(name));
    await install(DEFAULT, '', [`Environment=OPENCLAW_STATE_DIR=${join(home, '.openclaw')}`]);
    await install(WORK, '--profile work ');
    for (const unit of [DEFAULT, WORK])
      await until(`${unit} answers`, async () => (await observe(machine, unit)).version === FIRST, 15_000);
  }, 120_000 * slowness);

  async function install(unit: string, options: string, more: string[] = []): Promise<void> {
    const lines = [
      ...['[Unit]', 'Description=OpenClaw Gateway', '[Service]'],
      `ExecStart=${NODE} ${installedMain(machine)} ${options}gateway`,
      ...[
        'Restart=always',
        'RestartSec=0.5',
        'TimeoutStopSec=6',
        'Environment=PATH=/opt/node/bin:/usr/bin:/bin',
      ],
      ...['Environment=A_SECRET=kept', ...more, '[Install]', 'WantedBy=default.target', ''],
    ];
    await machine.write(join(machine.claw.home, '.config/systemd/user', unit), lines.join('\n'));
    await machine.run(`systemctl --user daemon-reload && systemctl --user enable --quiet --now ${unit}`);
  }

  async function ocr(command: string, more: Record<string, string> = {}): Promise<Answer> {
    const { stdout, stderr, exitCode } = await machine.run(`${CLI} ${command} --json`, {
      ...{ env: { ...env, ...more }, reject: false, timeoutMs: 120_000 },
    });
    if (!stdout) throw new Error(`${command} ended with ${exitCode} and printed nothing: ${stderr}`);
    return { exitCode, json: answerIn(command.split(' '), stdout) };
  }

  const both = async () => ({ default: await observe(machine, DEFAULT), work: await observe(machine, WORK) });

  /** Runs a command on one gateway: it is the same afterwards, in the version that is given, and the other one untouched. */
  async function change(
    which: 'default' | 'work',
    command: string,
    expected: { status: string; code?: string; version: string },
  ): Promise<Observed> {
    const other = which === 'default' ? 'work' : 'default';
    const before = await both();
    const { json } = await ocr(command, which === 'work' ? { OPENCLAW_PROFILE: 'work' } : {});
    const after = await both();
    expect(
      { status: json.status, code: json.error?.code, version: after[which].version },
      JSON.stringify(json),
    ).toEqual({ code: undefined, ...expected });
    expect(identityOf(after[which])).toEqual(identityOf(before[which]));
    expect(after[other]).toEqual(before[other]);
    return after[which];
  }

  const VERIFIED = 'package_updated_restart_verified';

  test(
    'adopt takes the gateway on its own address, then the one of the profile with a root of its own',
    async () => {
      const first = await change('default', `adopt ${QUICK}`, { status: VERIFIED, version: FIRST });
      expect(first.listens).toEqual([expect.stringMatching(/^127\.0\.0\.2:/)]);
      const second = await change('work', `adopt ${QUICK}`, { status: VERIFIED, version: FIRST });
      expect(second.state).toBe(join(machine.claw.home, '.openclaw-work'));
      const { stdout } = await machine.run(`readlink ${roots.default}/current ${roots.work}/current`);
      expect(stdout.split('\n')).toEqual([`releases/${FIRST}`, `releases/${FIRST}`]);
    },
    120_000 * slowness,
  );

  test(
    'each is updated, and rolled back from a release that crashes or listens elsewhere, alone',
    async () => {
      await change('default', `update ${GOOD} ${QUICK}`, { status: VERIFIED, version: GOOD });
      await change('default', `update ${BAD} ${QUICK}`, {
        ...{ status: 'rolled_back', code: 'gateway_crashed', version: GOOD },
      });
      await change('work', `update ${GOOD} ${QUICK}`, { status: VERIFIED, version: GOOD });
      await change('work', `update ${MOVED} ${QUICK}`, {
        ...{ status: 'rolled_back', code: 'instance_changed', version: GOOD },
      });
      await change('work', `rollback --yes ${QUICK}`, { status: VERIFIED, version: FIRST });
    },
    240_000 * slowness,
  );

  test(
    'a gateway is not adopted into the root of another profile or another unit',
    async () => {
      const before = await both();
      for (const [command, code] of [
        [`adopt --unit ${WORK} ${QUICK}`, 'another_instance'],
        [`adopt --unit ${WORK} --root ${roots.default} ${QUICK}`, 'another_instance'],
        [`adopt --unit ${DEFAULT} --root ${roots.work} ${QUICK}`, 'another_instance'],
      ]) {
        const { exitCode, json } = await ocr(command ?? '');
        expect({ exitCode, code: json.error?.code }, JSON.stringify(json)).toEqual({ exitCode: 3, code });
      }
      expect(await both()).toEqual(before);
    },
    60_000 * slowness,
  );

  test(
    'a command for one of them is refused on the root of the other, before anything restarts',
    async () => {
      const before = await both();
      const { home } = machine.claw;
      for (const [root, named] of [
        [roots.default, { OPENCLAW_PROFILE: 'work' }],
        [roots.default, { OPENCLAW_STATE_DIR: join(home, '.openclaw-work') }],
        [roots.work, { OPENCLAW_PROFILE: 'default' }],
        [roots.work, { OPENCLAW_CONFIG_PATH: join(home, '.openclaw/openclaw.json') }],
      ] as const)
        for (const command of [`update ${GOOD} ${QUICK}`, 'recover', `adopt --unit ${DEFAULT} ${QUICK}`]) {
          const { exitCode, json } = await ocr(`${command} --root ${root}`, named);
          expect({ exitCode, command, root, named }, JSON.stringify(json)).toMatchObject({ exitCode: 3 });
        }
      expect(await both()).toEqual(before);
    },
    120_000 * slowness,
  );

  test(
    'a gateway that does not answer is not restarted, and its address is named',
    async () => {
      const { pid, listens } = await observe(machine, DEFAULT);
      await machine.run(`kill -STOP ${pid}`);
      try {
        const { exitCode, json } = await ocr(`update ${FIRST} ${QUICK}`);
        expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: 'gateway_silent' });
        expect(json.error.message).toContain(`http://${listens[0]} (where its process ${pid} listens)`);
      } finally {
        await machine.run(`kill -CONT ${pid}`);
      }
      expect((await observe(machine, DEFAULT)).pid).toBe(pid);
    },
    60_000 * slowness,
  );

  test(
    'doctor names the other gateway',
    async () => {
      const { json } = await ocr('doctor');
      const { pid } = await observe(machine, WORK);
      expect(json.gateways).toMatchObject([
        { pid, place: { profile: 'work' }, text: expect.stringContaining(WORK) },
      ]);
    },
    60_000 * slowness,
  );
});
