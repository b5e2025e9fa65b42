import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { type Begun, makeWorld, QUICK, type World } from '../support/world.js';

/** Nothing is waited for but what a test asks for. */
const AT_ONCE = [
  '--delay',
  '0',
  '--jitter',
  '0',
  '--minimum-age',
  '0',
  '--soak',
  '0',
  '--between',
  '0',
  '--idle',
  '0',
];

describe('the timer, beside the built-in supervisor', () => {
  const atEnd = atEndOfAll();
  let world: World;

  beforeAll(async () => {
    world = await makeWorld(atEnd);
    world.publish('2026.6.1', { tellsActivity: true });
    await world.start('2026.6.1');
  }, 120_000);

  const enable = (...settings: string[]) =>
    world.ok('timer', 'enable', ...AT_ONCE, '--countdown', '0', ...settings);
  const auto = (...options: string[]) => world.cli('auto', ...QUICK, ...options);
  const listing = () =>
    readdirSync(world.root, { recursive: true, encoding: 'utf8' })
      .filter((name) => !/^(releases|run\.|runtimes)/.test(name))
      .sort();

  /** Begins an automatic update, and waits until its restart is announced. */
  async function announced(): Promise<Begun> {
    const begun = world.begin(['auto', ...QUICK]);
    const waits = async () => (await world.ok('status')).running?.waiting?.restartAt;
    await until('its countdown runs', async () => Boolean(await waits()), 30_000);
    return begun;
  }

  /** Changes OpenClaw's own settings until the test has finished. */
  function openclawIs(update: object): void {
    const path = join(world.path, 'state/openclaw.json');
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(before), update }));
    onTestFinished(() => writeFileSync(path, before));
  }

  test('is off until somebody enables it, and explaining writes nothing', async () => {
    world.publish('2026.6.2', { tellsActivity: true });
    const before = listing();
    const { decision } = await world.ok('auto', '--explain');
    expect(decision).toMatchObject({ verdict: 'no', rule: 'blocked', reason: 'Automatic updates are off.' });
    expect(decision.votes).toHaveLength(18);
    expect(decision.votes).toContainEqual(
      expect.objectContaining({ rule: 'candidate', reason: 'The channel stable offers 2026.6.2.' }),
    );
    expect(listing()).toEqual(before);
    expect(await auto()).toMatchObject({ exitCode: 0, json: { decision: { verdict: 'no' }, changes: [] } });
  }, 60_000);

  test.each([
    [{ auto: { enabled: false } }, 'update.auto.enabled is false'],
    [{ checkOnStart: false }, 'update.checkOnStart is false'],
    [{ channel: 'dev' }, 'there are no releases of it'],
    [{ channel: 'extended-stable' }, 'openclaw-releases update extended-stable'],
  ])(
    'OpenClaw’s own %j keeps it from updating',
    async (update, reason) => {
      await enable();
      openclawIs(update);
      const { json } = await auto();
      expect(json.decision).toMatchObject({
        verdict: 'no',
        rule: 'blocked',
        reason: expect.stringContaining(reason),
      });
      expect((await world.ok('timer', 'status')).blockedBy).toEqual([expect.stringContaining(reason)]);
    },
    60_000,
  );

  test('so does the variable, in the environment of whoever runs it', async () => {
    const { json } = await world.begin(['auto'], { OPENCLAW_NO_AUTO_UPDATE: '1' }).ended;
    expect(json.decision).toMatchObject({
      rule: 'blocked',
      reason: expect.stringContaining('OPENCLAW_NO_AUTO_UPDATE'),
    });
  }, 60_000);

  test('OpenClaw’s channel is kept to, unless another one was set here', async () => {
    openclawIs({ channel: 'beta', auto: { enabled: true } });
    expect(await world.ok('timer', 'status')).toMatchObject({
      settings: { channel: 'beta' },
      channelFrom: 'openclaw',
    });
    expect(await enable('--channel', 'stable')).toMatchObject({
      ...{ settings: { channel: 'stable' }, channelFrom: 'timer' },
      notes: [expect.stringContaining('is beta, and the timer keeps to stable')],
    });
    await enable('--defaults');
  }, 60_000);

  test('a hold keeps away what names no version, and nothing else; it is shown', async () => {
    await enable();
    await world.ok('hold', '2d', '--why', 'exams');
    expect((await auto()).json.decision).toMatchObject({ verdict: 'wait', rule: 'held' });
    const refused = await world.cli('update', ...QUICK);
    expect(refused).toMatchObject({ exitCode: 3, json: { error: { code: 'updates_held' } } });
    expect(refused.json.error.message).toContain('(exams)');
    expect((await world.ok('status')).auto).toMatchObject({ enabled: true, hold: { why: 'exams' } });
    await world.ok('update', '2026.6.2', ...QUICK);
    await world.ok('unhold');
    expect((await auto()).json.decision).toMatchObject({ verdict: 'no', rule: 'candidate' });
  }, 60_000);

  test('stopped in its countdown, an update is not taken again for a day, and stays staged', async () => {
    world.publish('2026.6.3', { tellsActivity: true });
    await enable('--countdown', '60');
    const begun = await announced();
    expect((await auto()).json.decision).toMatchObject({
      verdict: 'wait',
      reason: 'Another run of the timer is at it.',
    });
    await world.ok('stop');
    expect(await begun.ended).toMatchObject({
      exitCode: 4,
      json: {
        changes: [{ status: 'staged' }, { status: 'package_update_failed', facts: { stoppedBy: 'person' } }],
      },
    });
    const { json, exitCode } = await auto();
    expect([exitCode, json.decision]).toMatchObject([0, { verdict: 'wait', version: '2026.6.3' }]);
    expect(json.decision.reason).toContain('2026.6.3 was stopped by hand');
    const until = Date.parse(json.decision.until) - Date.now();
    expect(until / 3_600_000).toBeCloseTo(24, 0);
    expect(await world.version()).toBe('2026.6.2');
    await world.ok('update', '2026.6.3', ...QUICK);
  }, 90_000);

  test('a hold stops one that is announced', async () => {
    world.publish('2026.6.4', { tellsActivity: true });
    await enable('--countdown', '60');
    const begun = await announced();
    const { stopped } = await world.ok('hold');
    expect(stopped).toContain('-update-');
    expect((await begun.ended).json.changes.at(-1)).toMatchObject({ error: { code: 'interrupted' } });
    expect((await auto()).json.decision).toMatchObject({ verdict: 'no', rule: 'held' });
    await world.ok('unhold');
    await world.ok('update', '2026.6.4', ...QUICK);
  }, 90_000);

  test('killed in its countdown, it leaves nothing that the next look does not put right', async () => {
    world.publish('2026.6.4-1', { tellsActivity: true });
    await enable('--countdown', '60');
    const begun = await announced();
    begun.kill('SIGKILL');
    await begun.ended;
    const again = await announced();
    await world.ok('skip-wait');
    const { json, exitCode } = await again.ended;
    expect([exitCode, json.changes]).toMatchObject([
      0,
      [{ status: 'package_updated_restart_verified', warnings: [expect.stringContaining('was undone')] }],
    ]);
    expect(await world.version()).toBe('2026.6.4-1');
    expect(readdirSync(world.root)).not.toContain('auto.run');
  }, 90_000);

  test('a busy gateway is left until the next look, and after the deadline it is not', async () => {
    world.publish('2026.6.5', { tellsActivity: true });
    const busy = join(world.path, 'state/busy');
    writeFileSync(busy, 'embedded-run\nembedded-run\n');
    onTestFinished(() => rmSync(busy, { force: true }));
    await world.ok('stage', '2026.6.5');
    await enable('--deadline', '6s');
    const first = await auto();
    expect(first).toMatchObject({ exitCode: 0, json: { decision: { verdict: 'wait', rule: 'gateway' } } });
    expect(first.json.changes.at(-1)).toMatchObject({ error: { code: 'gateway_busy' } });
    expect(await world.version()).not.toBe('2026.6.5');
    expect((await world.ok('timer', 'status')).announced).toMatchObject({ version: '2026.6.5' });
    const second = await auto();
    expect(second.json.changes.at(-1)).toMatchObject({
      status: 'package_updated_restart_verified',
      facts: { idle: { how: 'deadline', cut: [expect.stringContaining('agent run')] } },
    });
    expect((await world.ok('timer', 'status')).announced).toBe(null);
  }, 90_000);

  test('a release that fails is rolled back and not taken again; the mended one is', async () => {
    world.publish('2026.6.6', { crashAtStart: true });
    await enable('--deadline', '24h');
    expect(await auto()).toMatchObject({ exitCode: 5 });
    expect(await auto()).toMatchObject({
      exitCode: 0,
      json: { decision: { verdict: 'wait', rule: 'quarantined' }, changes: [] },
    });
    expect((await world.ok('timer', 'status')).quarantine).toMatchObject([{ release: '2026.6.6' }]);
    world.publish('2026.6.7');
    expect(await auto()).toMatchObject({ exitCode: 0, json: { decision: { verdict: 'update' } } });
    expect(await world.version()).toBe('2026.6.7');
  }, 90_000);

  test('a registry that does not answer is told of, and left alone for a while', async () => {
    await world.ok('timer', 'enable', '--registry', 'http://127.0.0.1:9/');
    const asked = world.registry.requests.length;
    for (const failures of [1, 1]) {
      const { json, exitCode } = await auto('--registry', 'http://127.0.0.1:9/');
      expect([exitCode, json.decision]).toMatchObject([0, { verdict: 'wait', rule: 'registry' }]);
      expect((await world.ok('status')).auto.trouble).toMatchObject({
        failures,
        error: { code: 'registry_unreachable' },
      });
    }
    const { decision, registry } = await world.ok('auto', '--explain', '--registry', 'http://127.0.0.1:9/');
    expect(decision.reason).toContain('did not answer');
    expect(registry).toMatchObject({ asked: false, known: { tags: { latest: '2026.6.7' } } });
    expect(world.registry.requests).toHaveLength(asked);
  }, 60_000);

  test('what it remembered and cannot be understood is kept, and begun anew', async () => {
    writeFileSync(join(world.root, 'auto.json'), '{"schema":1');
    expect((await world.ok('status')).unreadable).toMatchObject([
      { path: expect.stringContaining('auto.json') },
    ]);
    await auto();
    expect(
      readdirSync(join(world.root, 'unreadable')).filter((name) => name.startsWith('auto.json')),
    ).toHaveLength(1);
    expect((await world.ok('status')).unreadable).toEqual([]);
  }, 60_000);

  test('disabled, it is off, and what was set is kept', async () => {
    await world.ok('timer', 'disable');
    expect(await world.ok('timer', 'status')).toMatchObject({ enabled: false, settings: { delayHours: 0 } });
    expect((await auto()).json.decision).toMatchObject({ rule: 'blocked' });
  }, 60_000);
});
