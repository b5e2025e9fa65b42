import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Measure } from '../../src/state/snapshot/measure.js';
import type { Snapshot } from '../../src/state/snapshots.js';
import { temporaryDirectory, temporaryRoot, writeTree } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';

const node = await sqliteNode();

function aRequest(files: Record<string, string> = {}) {
  const directory = writeTree(temporaryDirectory('state'), { 'openclaw.json': '{}', ...files });
  const place = { directory, config: null };
  return { root: temporaryRoot(), release: '2026.6.1', change: 'c', place, node };
}

test('an unreadable file is refused, with the command that makes it readable', () => {
  const request = aRequest({
    'mine.json': '',
    'closed/a': '',
    'agents/main/sessions/one.jsonl': '',
    'media/x': '',
  });
  const { directory } = request.place;
  for (const path of ['mine.json', 'closed', 'agents/main/sessions/one.jsonl', 'media'])
    chmodSync(join(directory, path), 0);
  const { measured, error } = withoutPrivileges(request);
  expect(measured.refused).toEqual([
    `"${directory}/closed" cannot be opened by this user (0): chmod u+rwx '${directory}/closed'`,
    `"${directory}/mine.json" cannot be read by this user (0): chmod u+r '${directory}/mine.json'`,
  ]);
  expect(error).toMatchObject({
    code: 'snapshot_refused',
    message: expect.stringContaining('(and 1 more like it)'),
  });
  chownSync(join(directory, 'mine.json'), 65534, 65534);
  expect(withoutPrivileges(request).measured.refused[1]).toContain(
    `sudo chown -R 0 '${directory}/mine.json'`,
  );
});

test('a configuration that this user cannot write is named, and an unreadable one is refused', () => {
  const elsewhere = writeTree(temporaryDirectory('elsewhere'), { 'mine.json': '{}' });
  const config = join(elsewhere, 'mine.json');
  const request = aRequest();
  chmodSync(elsewhere, 0o500);
  const place = { ...request.place, config };
  const { measured } = withoutPrivileges({ ...request, place });
  expect(measured.refused).toEqual([]);
  expect(measured.warnings).toEqual([expect.stringContaining(`"${config}" is where this user cannot write`)]);
  chmodSync(config, 0);
  expect(withoutPrivileges({ ...request, place }).measured.refused).toEqual([
    expect.stringContaining(`chmod u+r '${config}'`),
  ]);
});

interface Said {
  measured: Measure;
  kept?: Snapshot;
  error?: { code: string; message: string };
}

/** The superuser can read everything, unless it gives that up. */
function withoutPrivileges(request: object): Said {
  const caps = '-dac_override,-dac_read_search,-fowner';
  const prefix = [`--bounding-set=${caps}`, `--inh-caps=${caps}`, '--'];
  const program = fileURLToPath(new URL('../fixtures/state/snapshot.mjs', import.meta.url));
  const args = [...prefix, process.execPath, program, JSON.stringify(request)];
  return JSON.parse(execFileSync('setpriv', args, { encoding: 'utf8' }));
}
