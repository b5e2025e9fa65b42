import { describe, expect, test, vi } from 'vitest';
import { COMMAND_LINES } from './command-lines.js';
import { adoptHost, type HostRow } from './host.js';
import { SANDBOXES } from './sandboxes.js';

/** Pretends that systemd has started this machine; each host has a systemctl of its own. */
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return { ...fs, existsSync: (path: string) => path === '/run/systemd/system' || fs.existsSync(path) };
});

const TABLES: Record<string, HostRow[]> = {
  'command lines': COMMAND_LINES,
  sandboxes: SANDBOXES,
};

describe.each(Object.entries(TABLES))('%s', (_name, rows) => {
  test.each(rows.map((row) => [row.situation, row] as const))('%s', async (_situation, row) => {
    const { expected } = row;
    const outcome = await adoptHost(row);
    const { shown } = outcome;
    if ('code' in outcome) {
      expect({ ...outcome, message: shown(outcome.message), hint: shown(outcome.hint) }).toMatchObject({
        code: 'code' in expected ? expected.code : 'none',
        message: expect.stringContaining('code' in expected ? (expected.says ?? '') : ''),
        hint: expect.stringContaining('code' in expected ? (expected.hint ?? '') : ''),
      });
      return;
    }
    const { install, start, after, dropIn } = outcome;
    expect({ start: shown(start), code: undefined }).toEqual({
      start: 'start' in expected ? expected.start : '',
      code: 'code' in expected ? expected.code : undefined,
    });
    if (!('start' in expected)) return;
    expect(install.version).toBe(expected.version ?? '2026.5.28');
    expect(after.environment).toMatchObject(expected.environment ?? {});
    for (const line of expected.lines ?? []) expect(shown(dropIn).split('\n')).toContain(line);
    // A drop-in that lacked its reset would add a second command.
    expect(after.commands).toHaveLength(1);
  });
});
