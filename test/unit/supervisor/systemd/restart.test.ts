import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { restartUnit } from '../../../../src/supervisor/systemd/restart.js';

/** A pid above the range of Linux. */
const NOBODYS_PID = 2 ** 22 + 1;

const answers = vi.hoisted(() => ({ before: '', after: '' }));

vi.mock('../../../../src/host/systemd/systemctl.js', async (original) => {
  let refused = false;
  return {
    ...(await original<object>()),
    systemctl: async (_: string, verb: string) => {
      const answer = { ok: true, killed: false, stdout: '', stderr: '' };
      if (verb === 'show') return { ...answer, stdout: refused ? answers.after : answers.before };
      if (verb === 'reset-failed') refused = false;
      if (verb !== 'restart') return answer;
      refused = true;
      return { ...answer, ok: false, stderr: 'Interactive authentication required.' };
    },
  };
});

/** A user whom a unit of the system runs as restarts it by ending its process, if there is one. */
describe('a user who may not ask for a restart, in a crash loop', () => {
  const unit = (state: string, pid: number, invocation: string) =>
    `LoadState=loaded\nActiveState=${state}\nSubState=x\nRestart=always\nMainPID=${pid}\nInvocationID=${invocation}`;
  const address = { scope: 'system', unit: 'openclaw-gateway.service' } as const;

  function asUser(before: string, after: string): void {
    vi.spyOn(process, 'getuid').mockReturnValue(1000);
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    Object.assign(answers, { before, after });
  }

  test('succeeds when the next start is there already', async () => {
    asUser(unit('active', NOBODYS_PID, 'before'), unit('active', NOBODYS_PID, 'after'));
    expect(await restartUnit(address)).toMatchObject({ instance: 'after', killed: false });
  });

  test('is refused when the unit has given up', async () => {
    asUser(unit('active', NOBODYS_PID, 'before'), unit('failed', 0, 'before'));
    await expect(restartUnit(address)).rejects.toMatchObject({
      code: 'restart_failed',
      message: expect.stringContaining('Interactive authentication required.'),
    });
  });
});
