import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeLeftovers } from '../../../src/store/stale-temp.js';
import { temporaryRoot } from '../../support/place.js';

test('temporary files of dead writers are removed, those of living ones and files of others stay', () => {
  const root = temporaryRoot();
  const dead = spawnSync(process.execPath, ['--version']).pid;
  const gone = [`.policy.json.${dead}-0123456789ab.tmp`, `.trial.${dead}`];
  const stays = [
    `.current.${process.pid}`,
    '.keep',
    `.policy.json.${process.pid}-0123456789ab.tmp`,
    `x.${dead}`,
  ];
  for (const name of [...gone, ...stays]) writeFileSync(join(root.path, name), '');
  mkdirSync(root.plugin);
  const below = [
    join(root.changes, `.c.json.${dead}-0123456789ab.tmp`),
    join(root.plugin, `.index.js.${dead}-0123456789ab.tmp`),
  ];
  for (const path of below) writeFileSync(path, '');
  removeLeftovers(root);
  const left = readdirSync(root.path);
  expect(left).toEqual(expect.arrayContaining(stays));
  for (const name of gone) expect(left).not.toContain(name);
  expect([...readdirSync(root.changes), ...readdirSync(root.plugin)]).toEqual([]);
});
