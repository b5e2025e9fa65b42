import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { startRegistry } from '../registry/registry.js';
import { answerIn } from '../support/answer-schema.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { installGateway, type LabGateway, npmInstall } from './gateway.js';
import { keepLook, lookBlindly, runningIn } from './looked.js';
import { bootMachine, type Machine, NODE, REPOSITORY } from './machine.js';
import { rememberInstance } from './observed.js';
import { openedAs, startedAs, TRACE } from './trace.js';

const CLI = `${NODE} ${join(REPOSITORY, 'dist/cli/main.cjs')}`;
const QUICK = '--settle 0.5 --ready-timeout 3';

describe('a gateway that is a unit of the system, with a user of its own', () => {
  const atEnd = atEndOfAll();
  let machine: Machine;
  let gateway: LabGateway;
  let env: Record<string, string>;
  let root: string;

  beforeAll(async () => {
    const registry = await startRegistry({ packumentMaxAge: 0 });
    atEnd(() => registry.close());
    registry.publish(tinyDependency());
    for (const version of ['2026.5.28', '2026.6.1']) registry.publish(openclawPackage(version));
    registry.publish(openclawPackage('2026.6.5', { crashAtStart: true }));
    machine = await bootMachine({ atEnd });
    root = join(machine.claw.home, 'releases');
    await machine.run(`mkdir ${root}`);
    env = {
      npm_config_registry: registry.url,
      npm_config_cache: '/tmp/npm-cache-$USER',
      OPENCLAW_RELEASES_ROOT: root,
    };
    await npmInstall(machine, registry, '2026.5.28');
    gateway = await installGateway(machine, { scope: 'system', restartSec: 0.5 });
    await gateway.ready('2026.5.28');
  }, 120_000);

  async function ocr(command: string, as: 'claw' | 'root') {
    const cache = { npm_config_cache: `/tmp/npm-cache-${as}` };
    const { exitCode, stdout, stderr } = await machine.run(`${CLI} ${command} --json`, {
      ...{ as, reject: false, timeoutMs: 120_000 },
      env: { ...env, ...cache },
    });
    if (!stdout) throw new Error(`${command} ended with ${exitCode} and printed nothing: ${stderr}`);
    return { exitCode, json: answerIn(command.split(' '), stdout) };
  }

  /** Runs a command as root under strace; also returns what root's own processes did. */
  async function traced(command: string) {
    const trace = '/tmp/trace';
    const { stdout } = await machine.run(`${TRACE} -o ${trace} ${CLI} ${command} --json`, {
      ...{ as: 'root' as const, reject: false, timeoutMs: 240_000, env },
    });
    const { stdout: text } = await machine.run(`cat ${trace}; rm ${trace}`, { as: 'root' });
    return {
      json: JSON.parse(stdout),
      opened: openedAs(0, machine.claw.home, text),
      started: [...new Set(startedAs(0, text))],
      openedByOwner: openedAs(machine.claw.uid, machine.claw.home, text),
    };
  }

  /** Runs a command where the environment names no root directory. */
  async function withoutRoot(command: string, as: 'root' | 'claw' = 'root') {
    const { OPENCLAW_RELEASES_ROOT: _, ...rest } = env;
    return machine.run(`${CLI} ${command}`, {
      ...{ as, reject: false, timeoutMs: 120_000 },
      env: { ...rest, npm_config_cache: `/tmp/npm-cache-${as}` },
    });
  }

  async function units(): Promise<string> {
    const { stdout } = await machine.run(
      'cd /etc/systemd/system && find . -type f -exec sha256sum {} + -o -type l -printf "%p -> %l\\n" | sort',
      { as: 'root' },
    );
    return stdout;
  }

  test('root that names no root directory acts for the user of the unit; a root directory of root is refused', async () => {
    const own = join(machine.claw.home, '.local/share/openclaw-releases');
    const planned = await withoutRoot('adopt --system --dry-run');
    expect(planned.exitCode, planned.stderr).toBe(0);
    expect(planned.stdout).toContain(`${own}/bin/gateway`);
    expect(planned.stderr).toContain(`for ${own}.`);
    const shown = await withoutRoot('adopt --system --dry-run --json');
    expect(shown.stderr).toContain(`As claw, the user of ${gateway.unit}, for ${own}.`);
    expect((await withoutRoot('adopt --system --help')).stderr).toBe('');
    expect((await withoutRoot('list')).stderr, 'without --system').toBe('');
    const silent = await machine.run(`PATH=/ ${CLI} adopt --system --json`, { as: 'root', reject: false });
    expect(JSON.parse(silent.stdout).error).toMatchObject({ code: 'supervisor_failed' });
    expect(silent.stderr, 'without an answer of systemd it is for nobody').toBe('');
    const setup = await withoutRoot('setup --yes', 'claw');
    expect(setup.stdout).toContain(`The systemd unit ${gateway.unit} (system) runs`);
    expect(setup.stdout).toContain('sudo openclaw-releases adopt --system');
    for (const command of ['adopt --system', 'adopt --system --dry-run']) {
      const refused = await withoutRoot(`${command} --root /root/releases`);
      expect(refused, command).toMatchObject({ exitCode: 3 });
      expect(refused.stderr, command).toContain('[root_not_owned]');
      expect(refused.stderr, command).toContain('runs as claw');
    }
    const { stdout } = await machine.run(
      `find ${own} /root/releases /root/.local/share/openclaw-releases -maxdepth 0`,
      {
        ...{ as: 'root', reject: false },
      },
    );
    expect(stdout, 'nothing is left of them').toBe('');
  });

  test('root adopts it, its user updates and rolls back, root leaves it as it was', async () => {
    const before = await units();
    const expectOutside = await rememberInstance(machine, gateway);
    const adopted = await ocr(`adopt --system ${QUICK}`, 'root');
    expect(adopted.json, JSON.stringify(adopted.json.error)).toMatchObject({
      status: 'package_updated_restart_verified',
      to: '2026.5.28',
    });
    const { stdout: foreign } = await machine.run(`find ${root} ! -user claw`, { as: 'root' });
    expect(foreign, 'everything belongs to the user').toBe('');
    expect(await ocr('status', 'root')).toMatchObject({ json: { gateway: { release: '2026.5.28' } } });
    await keepLook(machine, gateway, root);
    for (const as of ['claw', 'root'] as const) {
      expect(runningIn(await lookBlindly(machine, 'list', { root, as })), `as ${as}`).toEqual(['2026.5.28']);
    }

    const updated = await ocr(`update 2026.6.1 ${QUICK}`, 'claw');
    expect(updated.json, JSON.stringify(updated.json.error)).toMatchObject({
      status: 'package_updated_restart_verified',
      to: '2026.6.1',
    });
    await expectOutside('2026.6.1');
    const tried = await ocr(`update 2026.6.5 ${QUICK}`, 'claw');
    expect(tried.json).toMatchObject({ status: 'package_update_failed', error: { code: 'probe_failed' } });
    const broken = await ocr(`update 2026.6.5 --probe version ${QUICK}`, 'claw');
    expect(broken.json).toMatchObject({
      status: 'rolled_back',
      error: { code: 'gateway_crashed' },
      undoError: null,
    });
    expect(await ocr(`rollback ${QUICK}`, 'claw')).toMatchObject({
      json: { status: 'package_updated_restart_verified', to: '2026.5.28' },
    });
    await gateway.ready('2026.5.28');

    const left = await ocr(`unadopt --system ${QUICK}`, 'root');
    expect(left.json, JSON.stringify(left.json.error)).toMatchObject({ ok: true });
    expect(await units()).toBe(before);
    await gateway.ready('2026.5.28');
    await expectOutside('2026.5.28');
  }, 180_000);

  test('root adopts, updates, rolls back and leaves it without opening a file of the user', async () => {
    const before = await units();
    const control = `sh -c 'echo >${root}/control; rm ${root}/control'`;
    const shown = await machine.run(`${TRACE} -o /tmp/control ${control}; cat /tmp/control`, { as: 'root' });
    expect(openedAs(0, machine.claw.home, shown.stdout), 'the trace shows what root opens').toHaveLength(2);
    const story = [
      [`adopt --system ${QUICK}`, '2026.5.28'],
      [`update 2026.6.1 ${QUICK}`, '2026.6.1'],
      ['list', undefined],
      ['status', undefined],
      [`rollback ${QUICK}`, '2026.5.28'],
      [`unadopt --system ${QUICK}`, undefined],
    ] as const;
    for (const [command, to] of story) {
      const ran = await traced(command);
      if (to) expect(ran.json, JSON.stringify(ran.json.error)).toMatchObject({ to });
      expect(ran.openedByOwner.length, `${command}: the trace is read`).toBeGreaterThan(0);
      expect(ran.opened, command).toEqual([]);
      expect(
        ran.started.filter((path) => path.startsWith(machine.claw.home)),
        command,
      ).toEqual([]);
    }
    expect(await units()).toBe(before);
    expect((await machine.run('ls -A /var/lib/openclaw-releases', { as: 'root' })).stdout).toBe('');
    await gateway.ready('2026.5.28');
  }, 400_000);

  test('root enables a timer of the system; it runs as the user of the gateway, and nothing is left of it', async () => {
    expect(await ocr(`adopt --system ${QUICK}`, 'root')).toMatchObject({ exitCode: 0 });
    const before = await units();
    const registry = env.npm_config_registry;
    expect((await ocr('timer enable --system', 'claw')).json.error).toMatchObject({ code: 'usage' });
    const enabled = await ocr(`timer enable --system --registry ${registry}`, 'root');
    expect(enabled.json, JSON.stringify(enabled.json.error)).toMatchObject({
      host: { kind: 'systemd', scope: 'system', service: 'openclaw-releases-auto.service' },
    });
    await machine.run('systemctl start openclaw-releases-auto.service', { as: 'root' });
    expect(await machine.journal('openclaw-releases-auto.service')).toMatch(/(wait|no) \d+\.\d+\.\d+.*: /);
    const owners = await machine.run(`find ${root} -not -user claw`, { as: 'root' });
    expect(owners.stdout).toBe('');
    expect((await ocr('timer status', 'claw')).json).toMatchObject({
      enabled: true,
      next: expect.stringMatching(/^2/),
      last: { verdict: expect.stringMatching(/wait|no/) },
    });
    expect(await ocr('timer disable --system', 'root')).toMatchObject({ exitCode: 0 });
    expect(await units()).toBe(before);
    expect(await ocr(`unadopt --system ${QUICK}`, 'root')).toMatchObject({ exitCode: 0 });
  }, 120_000);

  test('without lingering its user makes a change in the session, and from inside the gateway none', async () => {
    expect(await ocr(`adopt --system ${QUICK}`, 'root')).toMatchObject({ exitCode: 0 });
    await machine.run('loginctl disable-linger claw', { as: 'root' });
    const manager = `user@${machine.claw.uid}.service`;
    await until('its systemd has ended', async () => {
      const { stdout } = await machine.run(`systemctl is-active ${manager}`, { as: 'root', reject: false });
      return stdout.trim() === 'inactive';
    });
    const expectOutside = await rememberInstance(machine, gateway);
    const update = `${CLI} update 2026.6.1 ${QUICK}`;
    const updated = await machine.run(update, { reject: false, timeoutMs: 120_000, env });
    expect(updated.stderr).toContain('Made in this session');
    expect(updated.exitCode, updated.stderr).toBe(0);
    await expectOutside('2026.6.1');

    const variables = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
    await gateway.asAgent(`env ${variables.join(' ')} ${CLI} rollback ${QUICK} --json >/tmp/inside.json`);
    const inside = JSON.parse(await machine.read('/tmp/inside.json'));
    expect(inside.error).toMatchObject({
      code: 'supervisor_not_found',
      hint: expect.stringContaining('loginctl enable-linger claw'),
    });
    expect(await gateway.version()).toBe('2026.6.1');
    expect(await ocr(`rollback ${QUICK}`, 'claw')).toMatchObject({ json: { to: '2026.5.28' } });
    await machine.run('loginctl enable-linger claw', { as: 'root' });
    expect(await ocr(`unadopt --system ${QUICK}`, 'root')).toMatchObject({ exitCode: 0 });
  }, 240_000);
});
