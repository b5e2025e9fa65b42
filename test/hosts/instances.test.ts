import { realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requireSameInstance } from '../../src/change/root-instance.js';
import { toErrorRecord } from '../../src/core/errors.js';
import { placeOf } from '../../src/host/place.js';
import { configuredEndpoint } from '../../src/openclaw/endpoint.js';
import type { Inspection } from '../../src/supervisor/supervisor.js';
import { temporaryDirectory, temporaryRoot, writeTree } from '../support/place.js';
import { CALLERS, INSTANCES } from './instances.js';

/** Makes the home of a gateway's user, with links. */
function homeWith(files: Record<string, string>): string {
  const home = realpathSync(temporaryDirectory('home'));
  const links = Object.entries(files).filter(([, text]) => text.startsWith('-> '));
  writeTree(home, Object.fromEntries(Object.entries(files).filter(([, text]) => !text.startsWith('-> '))));
  for (const [path, text] of links) symlinkSync(text.slice(3), join(home, path));
  return home;
}

const inHome = (home: string, env: Record<string, string>) => ({
  HOME: home,
  ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replace(/^~/, home)])),
});

describe('a gateway is found by its unit and its configuration', () => {
  test.each(INSTANCES.map((row) => [row.situation, row] as const))('%s', (_situation, row) => {
    const { args = ['gateway'], env = {}, files = { '.keep': '' }, expected } = row;
    const home = homeWith(files);
    const launch = { args, env: inHome(home, env) };
    const { url, ...place } = expected;
    expect(configuredEndpoint(launch).url).toBe(url);
    const found = Object.entries(placeOf(launch)).map(([key, value]) => [key, value.replace(home, '~')]);
    expect(Object.fromEntries(found)).toMatchObject(place);
  });
});

describe('a command for the gateway of profile work, whose environment names', () => {
  test.each(CALLERS.map((row) => [row.situation, row.expected, row] as const))(
    '%s, is %s',
    async (_situation, expected, { env }) => {
      const home = homeWith({ '.openclaw-work/openclaw.json': '{"gateway":{"port":4001}}' });
      const launch = { args: ['--profile', 'work', 'gateway'], env: { HOME: home } };
      const gateway: Inspection = {
        ...{ state: 'stopped', pid: null, instance: null, restarts: 0, lastExit: null, launch },
      };
      const answer = await requireSameInstance(temporaryRoot(), async () => gateway, inHome(home, env)).then(
        () => 'accepted',
        (error) => toErrorRecord(error).code,
      );
      expect(answer).toBe(expected);
    },
  );
});
