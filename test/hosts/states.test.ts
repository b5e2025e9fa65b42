import { realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { previewSnapshot, stateBytes } from '../../src/change/steps/snapshot.js';
import { toErrorRecord } from '../../src/core/errors.js';
import type { Context } from '../../src/ledger/context.js';
import { newChange } from '../../src/ledger/ledger.js';
import { type ChangeKind, planChange } from '../../src/ledger/plan.js';
import { measureState } from '../../src/state/snapshot/measure.js';
import { rootAt } from '../../src/store/root.js';
import { temporaryDirectory, writeTree } from '../support/place.js';
import { type Kernel, STATES, type StateRow } from './states.js';

const OVERLAY = 0x794c7630;
const FOREIGN = 4711;

/** The answers of the row that runs; `at` makes its paths absolute. */
const kernel = vi.hoisted(() => ({
  says: {} as Kernel,
  at: (path: string) => path,
  fail(code: string): never {
    throw Object.assign(new Error(code), { code });
  },
  has(paths: string[] | undefined, path: string, below: boolean): boolean {
    return (paths ?? [])
      .map((one) => this.at(one))
      .some((one) => path === one || (below && path.startsWith(`${one}/`)));
  },
}));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const { W_OK } = fs.constants;
  const told = (path: string, stats: import('node:fs').Stats | undefined) => {
    if (!stats) return stats;
    const { elsewhere, foreign } = kernel.says;
    const dev = kernel.has(elsewhere, path, true) ? stats.dev + 1 : stats.dev;
    const uid = kernel.has(foreign, path, false) ? FOREIGN : stats.uid;
    return Object.assign(Object.create(stats), { dev, uid });
  };
  return {
    ...fs,
    lstatSync: (path: string, options: object) => told(path, fs.lstatSync(path, options) as never),
    statSync: (path: string, options: object) => told(path, fs.statSync(path, options) as never),
    statfsSync: (path: string) => ({ ...fs.statfsSync(path), ...(kernel.says.overlay && { type: OVERLAY }) }),
    accessSync(path: string, mode: number) {
      if ((mode & W_OK) !== 0 && kernel.has(kernel.says.unwritable, path, true)) kernel.fail('EACCES');
      fs.accessSync(path, mode & ~W_OK);
    },
    rmdirSync(path: string) {
      const [, code] =
        Object.entries(kernel.says.unremovable ?? {}).find(([at]) => kernel.at(at) === path) ?? [];
      if (code !== undefined) kernel.fail(code);
      fs.rmdirSync(path);
    },
    readFileSync(path: string, options: never) {
      if (path !== '/proc/self/mountinfo') return fs.readFileSync(path, options);
      const lines = ['/', ...(kernel.says.mounts ?? []).map((at) => kernel.at(at))];
      return lines.map((at, id) => `${id} 1 8:1 / ${at} rw - ext4 /dev/sda rw\n`).join('');
    },
  };
});

const FILES = { 'openclaw.json': '{}', 'credentials/token': 'secret', 'agents/main/agent/x': 'x' };

beforeEach(() => {
  kernel.says = {};
});

/** Makes the state of a row, and a change of its gateway. */
function hostOf(row: StateRow) {
  const home = realpathSync(temporaryDirectory('host'));
  const directory = join(home, 'state');
  const files = Object.entries({ ...FILES, ...row.files });
  const isLink = ([, text]: [string, string]) => text.startsWith('-> ');
  writeTree(directory, Object.fromEntries(files.filter((entry) => !isLink(entry))));
  for (const [path, text] of files.filter(isLink)) symlinkSync(text.slice(3), join(directory, path));
  const root = rootAt(writeTree(join(home, row.root ?? 'root'), { 'staging/.keep': '' }));
  const config = row.config === undefined ? null : join(home, row.config);
  if (config !== null) writeTree(dirname(config), { 'openclaw.json': '{}' });
  const place = { directory, config };
  kernel.at = (path) => (path.startsWith('~') ? join(home, path.slice(2)) : join(directory, path));
  const context = (kind: ChangeKind): Context => {
    const change = newChange(planChange(kind, '2026.9.6'), {
      from: '2026.6.1',
      previous: null,
      to: '2026.9.6',
    });
    change.facts.place = place;
    return { root, change } as unknown as Context;
  };
  return { root, place, context };
}

describe('what can be rolled back with', () => {
  test.each(STATES.map((row) => [row.situation, row] as const))('%s', (_situation, row) => {
    const { root, place, context } = hostOf(row);
    kernel.says = row.kernel;
    const { expected } = row;
    const adopt = () => stateBytes(context('adopt'));
    const update = () => stateBytes(context('update'));
    const preview = () => previewSnapshot(context('update'));
    if (typeof expected === 'object' && 'refused' in expected) {
      // Each before anything is downloaded or stopped.
      for (const refuse of [adopt, update, preview]) {
        const { code, message } = toErrorRecord(caught(refuse));
        expect([code, message]).toEqual(['snapshot_refused', expect.stringContaining(expected.refused)]);
      }
      return;
    }
    const { bytes, copied } = measureState(place, root);
    const whole = typeof expected === 'string' ? (expected === 'copies' ? bytes : 0) : null;
    const some = typeof expected === 'string' ? [] : expected.copies;
    const texts: Record<string, string> = { ...FILES, ...row.files };
    expect(copied).toBe(whole ?? some.reduce((sum, path) => sum + (texts[path] ?? '').length, 0));
    expect(adopt()).toBe(0);
    expect(update()).toBe(bytes + copied);
    expect(preview()).toMatch(
      copied > 0 ? /a restore would copy [\d.]+ [KM]?i?B twice/ : /while the gateway runs$/,
    );
  });
});

function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
