import { beforeAll, describe, expect, test } from 'vitest';
import { openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { installGateway, npmInstall } from './gateway.js';
import { bootMachine, type Machine } from './machine.js';

const VERSION = '2026.5.28';

describe('a gateway on a machine', () => {
  let machine: Machine;
  let registry: Registry;
  const atEnd = atEndOfAll();
  beforeAll(async () => {
    registry = await startRegistry();
    atEnd(() => registry.close());
    registry.publish(tinyDependency());
    registry.publish(openclawPackage(VERSION));
    machine = await bootMachine({ atEnd });
    await npmInstall(machine, registry, VERSION);
  });

  test.each(['user', 'system'] as const)(
    'runs as a %s unit, answers, and is started again',
    async (scope) => {
      const gateway = await installGateway(machine, { scope, name: `${scope}-gateway`, restartSec: 0.2 });
      await gateway.ready(VERSION);
      const first = await gateway.show();
      expect(first).toMatchObject({ KillMode: 'control-group', TimeoutStopUSec: '30s', NRestarts: '0' });
      expect(first.Description).toBe(`OpenClaw Gateway (v${VERSION})`);
      expect((await machine.run(`ps -o user= -p ${first.MainPID}`)).stdout).toBe('claw');

      await gateway.systemctl('kill', '--signal=KILL');
      await until('it was restarted', async () => (await gateway.show()).NRestarts === '1');
      await gateway.ready(VERSION);
      expect((await gateway.show()).InvocationID).not.toBe(first.InvocationID);
      expect(await gateway.journal()).toContain(`listening on ${gateway.url}/`);
      await gateway.systemctl('disable', '--quiet', '--now');
      expect(await gateway.get('/healthz')).toBeNull();
    },
  );

  test('runs what its agent asks for below itself, until a restart ends both', async () => {
    const gateway = await installGateway(machine, { name: 'agent-gateway' });
    await gateway.ready(VERSION);
    const { MainPID } = await gateway.show();
    const told = await gateway.asAgent(
      'echo $PPID "[$NODE_OPTIONS]" $OPENCLAW_SYSTEMD_UNIT; cat /proc/self/cgroup; exit 3',
    );
    expect(told).toMatchObject({ exitCode: 3, stderr: '' });
    expect(told?.stdout).toContain(`${MainPID} [] ${gateway.unit}\n`);
    expect(told?.stdout).toMatch(/^0::.*\/agent-gateway.service$/m);

    const sleeping = gateway.asAgent('sleep 61.25');
    await until('it sleeps', async () => (await asleep()) !== '');
    await gateway.systemctl('restart');
    expect(await sleeping).toBeNull();
    expect(await asleep()).toBe('');
    await gateway.ready(VERSION);
    expect((await gateway.starts()).at(-1)).toMatchObject({ version: VERSION });
  });

  test('is there again after a reboot', async () => {
    const gateway = await installGateway(machine, { name: 'rebooted-gateway' });
    await gateway.ready(VERSION);
    await machine.reboot();
    await gateway.ready(VERSION);
    expect(await gateway.show()).toMatchObject({ ActiveState: 'active', NRestarts: '0' });
  });

  async function asleep(): Promise<string> {
    return (await machine.run('pgrep -f "sleep 61.2[5]"', { reject: false })).stdout;
  }
});
