import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Registry } from '../registry/registry.js';

/** Names the keys that a registry signs with as an operator does: its answer goes into `registry-keys.json` of a root. */
export async function nameKeys({ url }: Pick<Registry, 'url'>, file: string): Promise<void> {
  const answer = await fetch(`${url}-/npm/v1/keys`);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, await answer.text());
}
