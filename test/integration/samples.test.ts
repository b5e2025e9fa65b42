import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { STEP_TITLES } from '../../src/ledger/plan.js';
import { linesOfSvg } from '../recording/svg.js';
import { sampledLines, skeleton } from '../support/sample.js';
import { CLI, makeWorld, QUICK } from '../support/world.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Steps and results of an adoption take systemd: a lab test looks at them. */
const OF_SYSTEMD = [STEP_TITLES['find-install'], STEP_TITLES.attach, STEP_TITLES.detach];
const isOfSystemd = (line: string) =>
  OF_SYSTEMD.some((title) => line.includes(title)) || /another origin|What was there before/.test(line);

test('the samples of the README and the recording say what the commands print today', async () => {
  const world = await makeWorld();
  for (const version of ['2026.6.1', '2026.6.2']) world.publish(version);
  const printed: string[] = [];
  const run = async (...args: string[]) => {
    const { all } = await execa(world.node, [CLI, ...args], {
      env: { ...world.env, COLUMNS: '200', LANG: 'C.UTF-8' },
      ...{ extendEnv: false, all: true },
    });
    printed.push(`$ openclaw-releases ${args.join(' ')}`, ...all.split('\n'));
  };
  await run('stage', '2026.6.1');
  await run('switch', '2026.6.1', '--no-restart');
  await world.supervise();
  await run('update', ...QUICK);
  await run('rollback', ...QUICK);
  const real = new Set(printed.map(skeleton));
  const recorded = linesOfSvg(read('docs/pictures/update.svg')).filter((line) =>
    /^[✔–] |\[\w+\]$/.test(line),
  );
  const samples = sampledLines(read('README.md')).filter((line) => !isOfSystemd(line));
  expect([recorded.length > 15, samples.length > 10]).toEqual([true, true]);
  const stale = [...recorded, ...samples].filter((line) => !real.has(skeleton(line)));
  expect(stale, printed.join('\n')).toEqual([]);
});
