import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from './place.js';

const program = (name: string) => fileURLToPath(new URL(`../fixtures/sqlite/${name}.cjs`, import.meta.url));
const env = { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' };

/** Runs SQL on a database, which is made when it is not there; answers the first row of the last statement. */
export function sql(node: string, database: string, ...statements: string[]): Record<string, unknown> | null {
  return JSON.parse(
    execFileSync(node, [program('execute'), database, ...statements], { env, encoding: 'utf8' }),
  );
}

/** Runs SQL in a process that is killed before it can put its database in order. */
export function sqlAndDie(node: string, database: string, ...statements: string[]): void {
  const { signal, stderr } = spawnSync(node, [program('execute'), database, ...statements], {
    env: { ...env, KILLED: '1' },
    encoding: 'utf8',
  });
  if (signal !== 'SIGKILL') throw new Error(`It was not killed: ${stderr}`);
}

/**
 * Starts a process that uses a database until the test ends.
 * @param name `writer` commits all the time, `holder` keeps it locked
 * @returns its pid, once it does so
 */
export async function useDatabase(
  node: string,
  name: 'writer' | 'holder',
  database: string,
): Promise<number> {
  const child = spawn(node, [program(name), database], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const [said] = await Promise.race([once(child.stdout, 'data'), ended]);
  if (String(said) !== 'ready\n' || child.pid === undefined)
    throw new Error(`The ${name} ended at once: ${said}`);
  return child.pid;
}

/** A Node that has SQLite and does not wait for a locked database, where the product waits for ten seconds. */
export function impatient(node: string): string {
  const path = join(temporaryDirectory('node'), 'node');
  writeFileSync(path, `#!/bin/sh\nexec '${node}' --require '${program('impatient')}' "$@"\n`, {
    mode: 0o755,
  });
  return path;
}
