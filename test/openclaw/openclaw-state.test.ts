import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TOKEN } from '../lab/gateway.js';
import { bootMachine, type Machine } from '../lab/machine.js';
import { atEndOfAll } from '../support/at-end.js';
import { nodeClient } from '../support/node-client.js';
import { type OpenClaw, UNIT } from './openclaw-gateway.js';
import { installOpenClaw } from './openclaw-install.js';
import { keptState, schemaOf, updateBadly } from './openclaw-state.js';
import { beginStory, LONG_MS, NODE_IN_ROOT, type Story } from './openclaw-story.js';

/** 2026.9 accepts nodes of the protocol before its own, and 2026.6 does not. */
const REFUSED =
  'The node kitchen pi (2026.5.7) speaks protocol 3, which 2026.6.1 refuses: update it first, or it stays away.';

// One story: each test begins where the one before it ended.
describe('the state of real OpenClaw behind a wrapper that fetches a secret', () => {
  const atEnd = atEndOfAll();
  let machine: Machine;
  let openclaw: OpenClaw;
  let story: Story;
  const ocr: Story['ocr'] = (...command) => story.ocr(...command);
  const verified: Story['verified'] = (...change) => story.verified(...change);

  beforeAll(async () => {
    machine = await bootMachine({ atEnd });
    openclaw = await installOpenClaw(machine);
    story = beginStory(machine, openclaw);
  }, LONG_MS);

  afterAll(async () => {
    if (story) console.log(await story.account());
  });

  /** Compatibility of these releases with the state of today, as `list` says. */
  async function readsOf(...releases: string[]): Promise<string[]> {
    const { json } = await ocr('list');
    const listed = json.releases as { id: string; stateCompatibility: string }[];
    return releases.map(
      (release) => listed.find(({ id }) => id === release)?.stateCompatibility ?? 'not listed',
    );
  }

  /** Starts the gateway through a script that fetches a secret, as people have it (openclaw#69400). */
  async function startThroughWrapper(): Promise<void> {
    await machine.write(join(machine.claw.home, 'secret'), 'from the vault\n');
    const script = '#!/bin/sh\nFETCHED="$(cat ~/secret)"; export FETCHED\nexec "$@"\n';
    await machine.write(join(machine.claw.home, 'with-secrets'), script);
    await machine.run(
      `chmod +x ~/with-secrets && sed -i "s,^ExecStart=,ExecStart=$HOME/with-secrets ," ~/.config/systemd/user/${UNIT}` +
        ` && systemctl --user daemon-reload && systemctl --user restart ${UNIT}`,
    );
    await openclaw.ready('2026.5.28');
    await expectSecret();
  }

  /** The gateway that runs has what its wrapper has fetched; from the kernel. */
  async function expectSecret(): Promise<void> {
    const { MainPID } = await machine.unit(UNIT, 'user');
    const { stdout } = await machine.run(`tr '\\0' '\\n' </proc/${MainPID}/environ`);
    expect(stdout.split('\n')).toContain('FETCHED=from the vault');
  }

  test(
    'rolled back by hand, a release runs on its own state, and the state with what was said to the newer one is displaced; a node of an old protocol is named before',
    async () => {
      await startThroughWrapper();
      await verified('adopt', '2026.5.28');
      await expectSecret();
      await openclaw.openSession();
      await openclaw.say('To 2026.5.28.');
      await verified('update 2026.6.1', '2026.6.1');
      await verified('update 2026.9.6', '2026.9.6');
      expect((await ocr('show 2026.9.6')).json).toMatchObject({ runtime: NODE_IN_ROOT, fault: null });
      await openclaw.say('To 2026.9.6.');
      expect(await openclaw.said()).toEqual(['To 2026.5.28.', 'To 2026.9.6.']);
      await expectSecret();
      expect(await readsOf('2026.9.6', '2026.6.1', '2026.5.28')).toEqual([
        ...['yes', 'with-snapshot', 'with-snapshot'],
      ]);

      const drilled = await ocr('drill');
      expect(drilled, JSON.stringify(drilled.json)).toMatchObject({
        exitCode: 0,
        json: { status: 'drill_passed', to: '2026.6.1', error: null },
      });
      story.tell(`drill: ${drilled.json.sentence}`);
      expect(await openclaw.version()).toBe('2026.9.6');
      expect(await openclaw.said()).toEqual(['To 2026.5.28.', 'To 2026.9.6.']);

      const pi = nodeClient(
        {
          ...{ url: `http://${openclaw.host}:${openclaw.port}`, token: TOKEN },
          ...{ name: 'kitchen pi', version: '2026.5.7', protocol: 3 },
        },
        atEnd,
      );
      expect(await pi.connect()).toEqual({ ok: true, error: null });
      const { json: planned } = await ocr('update 2026.6.1 --dry-run');
      expect(planned.findings).toContainEqual({
        ...{ code: 'peer_refused', about: 'clients', weight: 'warning', sentence: REFUSED },
      });

      const refused = await ocr('rollback');
      expect(refused).toMatchObject({ exitCode: 3, json: { error: { code: 'confirmation_needed' } } });
      story.tell(`rollback: ${refused.json.error.message}`);
      expect(await openclaw.version()).toBe('2026.9.6');

      const back = await verified('rollback --yes', '2026.6.1');
      expect(back.stateRestored).toMatchObject({ restored: true, release: '2026.6.1' });
      expect(back.warnings).toContain(REFUSED);
      expect(await pi.connect()).toMatchObject({ ok: false, error: { message: 'protocol mismatch' } });
      expect(await openclaw.said()).toEqual(['To 2026.5.28.']);
      const aside = keptState(openclaw, back.stateRestored.aside);
      expect(await schemaOf(openclaw, `${aside}/state/openclaw.sqlite`)).toBe(18);
      expect((await machine.run(`grep -rlF 'To 2026.9.6.' ${aside}`)).stdout).toMatch(/\.sqlite(-wal)?$/m);
    },
    2 * LONG_MS,
  );

  test(
    'the same across three versions at once',
    async () => {
      await openclaw.say('To 2026.6.1.');
      await verified('update 2026.9.6', '2026.9.6');
      expect(await openclaw.said()).toEqual(['To 2026.5.28.', 'To 2026.6.1.']);

      const { stateRestored } = await verified('rollback 2026.5.28 --yes', '2026.5.28');
      expect(stateRestored).toMatchObject({ restored: true, release: '2026.5.28' });
      expect(await openclaw.said()).toContain('To 2026.5.28.');
      expect((await ocr('status')).json).toMatchObject({
        ...{ current: '2026.5.28', previous: '2026.9.6', trial: null, interrupted: [], restore: null },
        gateway: { release: '2026.5.28', restarts: 0, health: { ready: true, version: '2026.5.28' } },
      });
    },
    LONG_MS,
  );

  test(
    'an update that migrates and then does not start: the release from before runs again, on its own state',
    async () => {
      await updateBadly(openclaw, story);
      await expectSecret();
    },
    LONG_MS,
  );

  test('incident-2: through all of it no gateway missed a file of its own', async () => {
    await story.expectNothingMissed();
    expect((await machine.unit(UNIT, 'user')).NRestarts).toBe('0');
  });
});
