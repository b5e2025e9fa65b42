import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootMachine, type Machine } from '../lab/machine.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { UNIT } from './openclaw-gateway.js';
import { installOpenClaw, type OpenClawWithAgent } from './openclaw-install.js';
import { beginStory, LONG_MS, NODE_IN_ROOT, type Story } from './openclaw-story.js';

const VERIFIED = 'package_updated_restart_verified';

// One story: each test begins where the one before it ended.
describe('real OpenClaw under systemd --user', () => {
  const atEnd = atEndOfAll();
  let machine: Machine;
  let openclaw: OpenClawWithAgent;
  let story: Story;
  const ocr: Story['ocr'] = (...command) => story.ocr(...command);
  const verified: Story['verified'] = (...change) => story.verified(...change);
  let before: string[];

  beforeAll(async () => {
    machine = await bootMachine({ atEnd });
    openclaw = await installOpenClaw(machine);
    story = beginStory(machine, openclaw);
  }, LONG_MS);

  afterAll(async () => {
    if (story) console.log(await story.account());
  });

  /** Everything in claw's home, apart from OpenClaw's state, caches, and the root of releases, which `unadopt` keeps. */
  async function listing(): Promise<string[]> {
    const skipped = ['./.openclaw', './.cache', './.local/share/openclaw-releases'];
    const waysThere = ['./.local', './.local/share'];
    const { stdout } = await machine.run(
      [
        `cd ~ && find . \\( -path ${skipped.join(' -o -path ')} \\) -prune -o`,
        `! -path ${waysThere.join(' ! -path ')} -printf '%M %u %p -> %l\\n' \\( ! -type f -o -exec sha256sum {} + \\)`,
        '| sort',
      ].join(' '),
      { timeoutMs: 120_000 },
    );
    return stdout.split('\n');
  }

  test(
    '2026.5.28 as npm installed it is adopted, updated from an outside shell, and rolled back',
    async () => {
      const plain = await openclaw.outageDuring(async () => {
        await machine.run(`systemctl --user restart ${UNIT}`);
        await openclaw.ready('2026.5.28');
      });
      story.tell(`a plain restart: ${(plain.outageMs / 1000).toFixed(1)} s without an answer`);
      before = await listing();
      expect((await ocr('adopt --dry-run')).json).toMatchObject({
        ok: true,
        install: { version: '2026.5.28' },
      });
      expect(await listing()).toEqual(before);

      await verified('adopt', '2026.5.28');
      expect((await machine.unit(UNIT, 'user')).Description).not.toMatch(/\d{4}\.\d/);
      const updated = await verified('update 2026.6.1', '2026.6.1');
      expect(updated.steps).toContainEqual(
        expect.objectContaining({
          name: 'restart',
          note: expect.stringMatching(/^announced to the gateway;/),
        }),
      );
      expect((await ocr('show 2026.6.1')).json).toMatchObject({ runtime: NODE_IN_ROOT, fault: null });
      await verified('rollback', '2026.5.28');
    },
    LONG_MS,
  );

  test(
    "incident-1: the same update, asked for inside the gateway's own cgroup",
    async () => {
      const where = await openclaw.asAgent('cat /proc/self/cgroup');
      expect(where?.stdout).toMatch(new RegExp(`/${UNIT}$`, 'm'));
      expect((await machine.unit(UNIT, 'user')).KillMode).toBe('control-group');
      const env = Object.entries(openclaw.env).map(([name, value]) => `${name}='${value}'`);
      const { done: last, outageMs } = await openclaw.outageDuring(async () => {
        // Ended with the gateway, so it answers nothing.
        await openclaw.asAgent(`env ${env.join(' ')} ${story.command} update 2026.6.1 --settle 3`);
        let status = (await ocr('status')).json;
        await until(
          'the change has its verdict',
          async () => {
            status = (await ocr('status')).json;
            return status.running === null && status.last.kind === 'update';
          },
          60_000,
        );
        return status.last;
      });
      story.note('update 2026.6.1, from inside', last, outageMs);
      expect(last).toMatchObject({ status: VERIFIED, from: '2026.5.28', to: '2026.6.1' });
      expect(await openclaw.version()).toBe('2026.6.1');
    },
    LONG_MS,
  );

  test(
    'unadopt: the unit starts what it started before, and every file is as it was',
    async () => {
      await verified('unadopt', '2026.5.28');
      expect((await machine.unit(UNIT, 'user')).ExecStart).toContain('/.npm-global/');
      expect(await listing()).toEqual(before);
    },
    LONG_MS,
  );

  test('incident-2: through all of it no gateway missed a file of its own', async () => {
    await story.expectNothingMissed();
    expect(await machine.journal(UNIT)).toContain('received SIGTERM; restarting');
    expect((await machine.unit(UNIT, 'user')).NRestarts).toBe('0');
  });
});
