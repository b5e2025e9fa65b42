import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { failedChange } from '../replay/bundle.js';
import type { Failure } from '../replay/failures.js';
import { replay, whyNoReplay } from '../replay/replay.js';
import { atEndOfAll } from '../support/at-end.js';
import { nameKeys } from '../support/name-keys.js';
import { writeTree } from '../support/place.js';
import { stateOf } from '../support/state.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

const GOOD = '2026.6.1';
const CANARY = 'canary-of-the-token';

const atEnd = atEndOfAll();
let world: World;
let relapse: string;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  relapse = join(world.path, 'relapse');
  writeTree(stateOf(world), {
    'openclaw.json': JSON.stringify({ gateway: { port: world.port, auth: { token: CANARY } } }),
  });
  world.publish(GOOD, { tellsActivity: true, crashesWhile: relapse });
  await world.start(GOOD, '--stop-timeout', '2');
  await nameKeys(world.registry, join(world.root, 'registry-keys.json'));
});

interface Row extends Failure {
  name: string;
  code: string;
  status?: string;
  kind?: 'update' | 'stage' | 'switch';
  /** The release from before does not start again either. */
  relapses?: boolean;
}

const failed = { status: 'package_update_failed' };

const ROWS: Row[] = [
  { name: 'crashes at start', behaviour: { crashAtStart: true }, code: 'gateway_crashed' },
  {
    name: 'crashes while it settles',
    behaviour: { crashAfterMs: 100 },
    code: 'gateway_crashed',
  },
  { name: 'does not accept the state', behaviour: { exitCode78: true }, code: 'gateway_crashed' },
  { name: 'is never ready', behaviour: { neverReady: true }, code: 'gateway_not_ready' },
  {
    name: 'lacks a channel',
    behaviour: { tellsActivity: true, failingChannel: true },
    code: 'gateway_worse',
  },
  {
    name: 'lacks a credential',
    behaviour: { tellsActivity: true, lacksCredential: true },
    code: 'gateway_worse',
  },
  { name: 'answers with another version', behaviour: { answersVersion: '2026.1.1' }, code: 'wrong_version' },
  { name: 'fails, switched to', behaviour: { crashAtStart: true }, code: 'gateway_crashed', kind: 'switch' },
  { ...failed, name: 'fails in preinstall', behaviour: { failPreinstall: true }, code: 'lifecycle_failed' },
  {
    ...failed,
    name: 'prints another version',
    behaviour: { printsVersion: '2026.1.1' },
    code: 'probe_failed',
  },
  {
    ...failed,
    name: 'needs a Node that nobody has',
    behaviour: { engines: '>=99' },
    code: 'node_unavailable',
  },
  {
    ...failed,
    name: 'has a wrong digest',
    fault: 'wrong-integrity',
    code: 'integrity_mismatch',
    kind: 'stage',
  },
  { ...failed, name: 'has a wrong signature', fault: 'wrong-signature', code: 'signature_invalid' },
  { ...failed, name: 'is not in the registry', absent: true, code: 'version_not_found' },
  {
    name: 'crashes, as the one before it does now',
    behaviour: { crashAtStart: true },
    code: 'gateway_crashed',
    status: 'rollback_failed',
    relapses: true,
  },
];

test.each(ROWS.map((row, index) => ({ ...row, version: `2026.7.${index + 1}` })))(
  'a replay of an update to a release that $name ends as the report says',
  async ({ version, behaviour, fault, absent, code, status = 'rolled_back', kind = 'update', relapses }) => {
    if (!absent) world.publish(version, behaviour);
    if (kind === 'switch') await world.ok('stage', version);
    if (fault) world.registry.fault({ kind: fault, match: /openclaw/ });
    if (relapses) writeFileSync(relapse, '');
    onTestFinished(() => {
      world.registry.clearFaults();
      rmSync(relapse, { force: true });
    });
    const options = kind === 'stage' ? [] : QUICK;
    const { json } = await world.cli(kind, version, ...options);
    expect(json).toMatchObject({ status, error: { code } });

    const file = join(world.path, `${version}.md`);
    await world.ok('report', '--output', file);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain(CANARY);
    const change = failedChange(text, null);
    expect(whyNoReplay(change)).toBeNull();
    const { recorded, replayed } = await replay(change, onTestFinished);
    expect(recorded).toMatchObject({ status, error: code });
    expect(replayed).toEqual(recorded);
  },
);

test('a failure that comes from the host is not replayed, and a text that is no report is refused', async () => {
  world.publish('2026.8.1', { printsVersion: '2026.1.1' });
  await world.cli('update', '2026.8.1', ...QUICK);
  const { stdout } = await world.cli('report');
  const change = failedChange(stdout, null);
  const error = { code: 'restart_failed' as const, message: 'The supervisor did not answer.' };
  expect(whyNoReplay({ ...change, error })).toContain('"restart_failed" comes from the host');
  expect(() => failedChange('hello', null)).toThrow('openclaw-releases report --output FILE');
  expect(() => failedChange(stdout, '99')).toThrow('no change 99');
});
