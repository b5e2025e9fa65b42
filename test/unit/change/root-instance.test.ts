import { spawn } from 'node:child_process';
import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { requireSameInstance } from '../../../src/change/root-instance.js';
import { newChange, saveChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import type { Root } from '../../../src/store/root.js';
import type { Inspection } from '../../../src/supervisor/supervisor.js';
import { temporaryRoot } from '../../support/place.js';

let root: Root;
let home: string;

beforeEach(() => {
  root = temporaryRoot();
  home = realpathSync(root.path);
});

/** A gateway of profile work; it is stopped without a pid. */
function gateway(pid: number | null): Inspection {
  const launch = { args: ['--profile', 'work', 'gateway', '--port', '4001'], env: { HOME: home } };
  return { state: 'running', pid, instance: 'x', restarts: 0, lastExit: null, launch };
}

function running(): Inspection {
  const child = spawn('/bin/sleep', ['60'], { env: { HOME: home }, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return gateway(child.pid ?? null);
}

const check = (env: Record<string, string>, found: Inspection | null) =>
  requireSameInstance(root, async () => found, { HOME: home, ...env });

describe.each([
  ['runs', running],
  ['is stopped', () => gateway(null)],
])('the gateway of profile work %s', (_title, found) => {
  test.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['its profile', { OPENCLAW_PROFILE: 'work' }],
    ['its state directory', { OPENCLAW_STATE_DIR: '~/.openclaw-work' }],
    ['its state directory by a link', { OPENCLAW_STATE_DIR: '~/link' }],
    ['its configuration', { OPENCLAW_CONFIG_PATH: '~/.openclaw-work/openclaw.json' }],
  ])('an environment that names %s is accepted', async (_what, env) => {
    mkdirSync(join(home, '.openclaw-work'));
    symlinkSync('.openclaw-work', join(home, 'link'));
    await check(env, found());
  });

  test.each<[string, Record<string, string>]>([
    ['another profile', { OPENCLAW_PROFILE: 'play' }],
    ['the default profile', { OPENCLAW_PROFILE: 'default' }],
    ['another state directory', { OPENCLAW_STATE_DIR: '/srv/state' }],
    ['another configuration', { OPENCLAW_CONFIG_PATH: '/etc/openclaw.json' }],
    ['its profile and another state directory', { OPENCLAW_PROFILE: 'work', OPENCLAW_STATE_DIR: '/srv' }],
  ])('an environment that names %s is refused, and the hint says how to ask', async (_what, env) => {
    await expect(check(env, found())).rejects.toMatchObject({
      code: 'another_instance',
      message: expect.stringContaining(`is for the gateway of profile work with its state in ${home}`),
      hint: expect.stringMatching(/^env -u OPENCLAW_\w+ .* --root /),
      untouched: 'Nothing was changed.',
    });
  });
});

test('a stopped gateway is known by its configured port', async () => {
  await check({ OPENCLAW_GATEWAY_PORT: '4001' }, gateway(null));
  await expect(check({ OPENCLAW_GATEWAY_PORT: '4002' }, gateway(null))).rejects.toMatchObject({
    code: 'another_instance',
  });
});

test('a stopped gateway is known by the last change, because its unit may not tell its environment', async () => {
  const change = newChange(planChange('switch', '2026.6.1'), { from: null, previous: null, to: '2026.6.1' });
  change.facts.instance = {
    ...{ user: 1, profile: '', directory: '/srv/state', config: '/srv/state/openclaw.json' },
    ...{ port: 4003, address: '127.0.0.1' },
  };
  saveChange(root, change);
  await check({ OPENCLAW_STATE_DIR: '/srv/state', OPENCLAW_GATEWAY_PORT: '4003' }, gateway(null));
  await expect(check({ OPENCLAW_PROFILE: 'work' }, gateway(null))).rejects.toMatchObject({
    code: 'another_instance',
  });
});

test('without a supervisor there is no gateway to restart, so any environment is accepted', async () => {
  await check({ OPENCLAW_PROFILE: 'play' }, null);
});
