import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Root } from '../../../src/store/root.js';
import type { Glance, Inspection, Supervisor } from '../../../src/supervisor/supervisor.js';
import { inspectThroughCache } from '../../../src/views/gateway-cache.js';
import { nobody } from '../../support/nobody.js';
import { temporaryRoot } from '../../support/place.js';

const START: Inspection = {
  ...{ state: 'running', pid: 42, instance: 'this start', restarts: 3, lastExit: null },
  launch: { args: ['gateway', '--token', 'secret', '--port', '18790'], env: { HOME: '/home/claw' } },
};
const SEEN: Glance = { pid: 42, instance: 'this start', env: { HOME: '/home/claw' } };

describe('a gateway seen through its cache', () => {
  let root: Root;
  let asked: number;

  beforeEach(() => {
    root = temporaryRoot();
    asked = 0;
  });

  const path = () => join(root.path, 'gateway-cache.json');

  function look(seen: Glance | null = SEEN, found = START) {
    const inspect = () => {
      asked++;
      return Promise.resolve(found);
    };
    const supervisor: Supervisor = { ...nobody, kind: 'systemd', inspect, peek: () => seen };
    return inspectThroughCache(root, supervisor);
  }

  test('is inspected once for each of its starts', async () => {
    expect(await look()).toEqual(START);
    const again = await look({ ...SEEN, env: { HOME: '/home/claw', OPENCLAW_PROFILE: 'work' } });
    expect(again).toEqual({
      ...{ pid: 42, state: 'running', restarts: 3 },
      launch: { args: ['--port', '18790'], env: { HOME: '/home/claw', OPENCLAW_PROFILE: 'work' } },
    });
    expect(asked).toBe(1);
  });

  test.each<[what: string, seen: Glance | null]>([
    ['was started again', { ...SEEN, instance: 'the next start' }],
    ['is ending, and a program of its unit runs in its place', { ...SEEN, pid: 43 }],
    ['cannot be seen', null],
  ])('is inspected again when it %s', async (_what, seen) => {
    await look();
    expect(await look(seen)).toEqual(START);
    expect(asked).toBe(2);
  });

  test('is inspected again when its cached inspection is corrupt', async () => {
    await look();
    writeFileSync(path(), '{');
    await look();
    expect(asked).toBe(2);
    await look();
    expect(asked).toBe(2);
  });

  test('is cached with the port of its arguments, and without its environment', async () => {
    await look();
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toMatchObject({
      ...{ schema: 1, pid: 42, instance: 'this start', restarts: 3, port: '18790' },
    });
  });

  test('is not cached when another start was seen, or none', async () => {
    await look({ ...SEEN, instance: 'the next start' });
    await look(null);
    await look(SEEN, { ...START, pid: null, instance: null, state: 'stopped' });
    expect(existsSync(path())).toBe(false);
  });

  test('is absent without a supervisor', async () => {
    expect(await inspectThroughCache(root, { ...nobody, kind: 'systemd' })).toBeNull();
  });

  test('is not inspected, nor cached, where its supervisor has recorded this start', async () => {
    expect(await look({ ...SEEN, start: { restarts: 4, port: null } })).toEqual({
      ...{ pid: 42, state: 'running', restarts: 4 },
      launch: { args: [], env: SEEN.env },
    });
    expect(asked).toBe(0);
    expect(existsSync(path())).toBe(false);
  });
});
