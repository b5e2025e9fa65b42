import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { glanceAtUnit } from '../../../../src/supervisor/systemd/glance.js';
import { temporaryDirectory, writeTree } from '../../../support/place.js';
import { AS_SYSTEMD, idleProcess } from '../../../support/process.js';

const UNIT = 'openclaw-gateway.service';
const uid = process.getuid?.();
const GROUPS = {
  system: `system.slice/${UNIT}`,
  user: `user.slice/user-${uid}.slice/user@${uid}.service/app.slice/${UNIT}`,
};
const { INVOCATION_ID } = AS_SYSTEMD;

/** A hierarchy with these processes in this group. */
function hierarchy(pids: number[], group = GROUPS.user): string {
  const text = pids.map((pid) => `${pid}\n`).join('');
  return writeTree(temporaryDirectory('cgroup'), { [`${group}/cgroup.procs`]: text });
}

const look = (mount: string) => glanceAtUnit({ scope: 'user', unit: UNIT }, [mount]);

describe('the main process of a unit, without asking systemd', () => {
  test.each(['user', 'system'] as const)('is the process that a %s manager started', async (scope) => {
    const main = await idleProcess({
      ...AS_SYSTEMD,
      HOME: '/home/claw',
      OPENCLAW_PROFILE: 'work',
      TOKEN: 'x',
    });
    const child = await idleProcess({ ...AS_SYSTEMD, SYSTEMD_EXEC_PID: String(main) });
    const mount = hierarchy([child, main], GROUPS[scope]);
    // Hosts with two hierarchies: the first has no such group.
    const mounts = [join(mount, 'none'), temporaryDirectory('cgroup'), mount];
    expect(glanceAtUnit({ scope, unit: UNIT }, mounts)).toEqual({
      pid: main,
      instance: INVOCATION_ID,
      env: { HOME: '/home/claw', OPENCLAW_PROFILE: 'work' },
    });
    const other = scope === 'user' ? 'system' : 'user';
    expect(glanceAtUnit({ scope: other, unit: UNIT }, mounts)).toBeNull();
    expect(glanceAtUnit({ scope, unit: 'another.service' }, mounts)).toBeNull();
  });

  test('is the gateway below a wrapper that stays, and no child of the gateway', async () => {
    const main = await idleProcess({ ...AS_SYSTEMD, TOKEN: 'x' });
    const of = { ...AS_SYSTEMD, SYSTEMD_EXEC_PID: String(main), OPENCLAW_RELEASES_RELEASE: '/r/releases/1' };
    const gateway = await idleProcess({ ...of, OPENCLAW_GATEWAY_PORT: '1' });
    expect(look(hierarchy([gateway, main]))).toMatchObject({
      pid: gateway,
      env: { OPENCLAW_GATEWAY_PORT: '1' },
    });
  });

  test('is not known while systemd has started two, as for a reload', async () => {
    const [main, reload] = [await idleProcess(AS_SYSTEMD), await idleProcess(AS_SYSTEMD)];
    expect(look(hierarchy([main, reload]))).toBeNull();
    expect(look(hierarchy([main]))).toMatchObject({ pid: main });
  });

  test.each<[string, Record<string, string>]>([
    ['of an older systemd, which tells no pid', { INVOCATION_ID }],
    ['without an id of its start', { SYSTEMD_EXEC_PID: 'its own' }],
    ['that systemd did not start', {}],
    ['that has the pid of another', { ...AS_SYSTEMD, SYSTEMD_EXEC_PID: '1' }],
  ])('is none %s', async (_what, env) => {
    expect(look(hierarchy([await idleProcess(env)]))).toBeNull();
  });

  test('is none where nothing runs, or the process is gone, or is of another namespace', () => {
    expect(look(hierarchy([]))).toBeNull();
    expect(look(hierarchy([2 ** 22 + 1, 0]))).toBeNull();
    expect(look(temporaryDirectory('cgroup'))).toBeNull();
    expect(glanceAtUnit({ scope: 'user', unit: 'openclaw-no-such-unit.service' })).toBeNull();
  });
});
