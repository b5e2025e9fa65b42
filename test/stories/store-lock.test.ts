import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bootId } from '../../src/host/process.js';
import type { Root } from '../../src/store/root.js';
import { startHolder } from '../fixtures/lock/harness.js';
import { temporaryDirectory, temporaryRoot } from '../support/place.js';

/** An identity that no process ever had: this pid, with a start that was not its own. */
const dead = (n: number) => `${process.pid}.${n}.${bootId()}`;

/** Files of the lock and of its breaking in the root. */
const left = (root: Root) => readdirSync(root.path).filter((name) => name.startsWith('lock'));

const LOCKED = (pid: number) => ({
  code: 'locked',
  message: expect.stringMatching(new RegExp(`process ${pid} since \\d{4}-`)),
});

test('one of eight processes that find a dead lock at once gets it, a hundred times', async () => {
  const root = temporaryRoot();
  const stamps = temporaryDirectory();
  const processes = await Promise.all(Array.from({ length: 8 }, () => startHolder(root)));
  const winners = new Set<number>();
  for (let round = 1; round <= 100; round++) {
    // Somebody may have died while breaking it, too.
    if (round % 10 === 0) {
      symlinkSync(dead(round), root.lock);
      await (await startHolder(root, 'kill before break lock', join(stamps, `${round}`))).tell('take');
    } else if (round % 10 === 5) mkdirSync(root.lock);
    else symlinkSync(dead(round), root.lock);
    const said = await Promise.all(processes.map((one) => one.tell('take')));
    const winner = processes[said.findIndex((answer) => answer?.held)];
    expect(said.filter((answer) => answer?.held)).toHaveLength(1);
    for (const answer of said) if (!answer?.held) expect(answer).toMatchObject(LOCKED(winner?.pid ?? -1));
    winners.add(winner?.pid ?? -1);
    expect(await winner?.tell('release')).toEqual({ held: false });
    expect(left(root)).toEqual([]);
  }
  expect(winners.size).toBeGreaterThan(1);
});
