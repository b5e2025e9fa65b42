import { expect, test } from 'vitest';
import { pm2File, pm2Lines } from '../../../src/adopt/pm2.js';
import type { Sighting } from '../../../src/adopt/supervisor-kind.js';

const RUN = '/usr/bin/openclaw-releases run';
const DUMP = '/home/u/.pm2/dump.pm2';

function seen(env: Record<string, string> = {}): Sighting {
  return { gateway: 7, args: [], directory: '/', env: { HOME: '/home/u', ...env }, groups: [] };
}

/** Lines where `pm2 save` wrote these arguments for the service `claw`. */
function lines(args: unknown, env?: Record<string, string>): string[] {
  const dump = JSON.stringify([
    { name: 'other', args: ['gateway', '--port', '1'] },
    { name: 'claw', args },
  ]);
  return pm2Lines('claw', RUN, seen(env), (path) => (path === DUMP ? dump : null));
}

const appOf = (text: string[]) => JSON.parse(/\{ apps: \[(.*)\] \};$/.exec(text.at(-1) ?? '')?.[1] ?? '');

test('the file for pm2 is in the home directory of the gateway', () => {
  expect(pm2File(seen())).toBe('/home/u/openclaw-releases.config.js');
});

test('the file for pm2 has the arguments of the gateway, as pm2 saved them', () => {
  const text = lines(['gateway', '--port', '2']);
  expect(text).toHaveLength(1);
  expect(appOf(text)).toMatchObject({
    script: '/usr/bin/openclaw-releases',
    args: ['run', '--replace', '--', '--port', '2'],
    stop_exit_codes: [69, 78],
  });
});

test.each([
  ['a secret argument', ['gateway', '--token', 'hunter2']],
  ['no list of words', 'gateway --port 2'],
])('the file for pm2 leaves the arguments to the operator with %s', (_, args) => {
  const text = lines(args);
  expect(text[0]).toContain('pm2 describe shows them');
  expect(text.join()).not.toMatch(/hunter2|--port/);
  expect(appOf(text).args).toEqual(['run', '--replace']);
});

test('the file for pm2 has the variables of OpenClaw, and names the secret ones alone', () => {
  const text = lines(['gateway'], { OPENCLAW_PROFILE: 'work', OPENCLAW_GATEWAY_TOKEN: 'hunter2', LANG: 'C' });
  expect(text.join()).not.toContain('hunter2');
  expect(text[0]).toBe('// Set these in your shell before pm2 start: OPENCLAW_GATEWAY_TOKEN');
  expect(appOf(text).env).toEqual({ OPENCLAW_PROFILE: 'work' });
});
