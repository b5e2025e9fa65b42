import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { exclusive } from '../../src/change/exclusive.js';
import { gcRoots } from '../../src/change/gc-roots.js';
import { newChange, saveChange } from '../../src/ledger/ledger.js';
import { planChange } from '../../src/ledger/plan.js';
import { pointCurrent, pointPrevious, startTrial } from '../../src/store/links.js';
import type { Manifest } from '../../src/store/manifest.js';
import { pin } from '../../src/store/policy.js';
import { quarantine } from '../../src/store/quarantine.js';
import { type Root, rootAt } from '../../src/store/root.js';
import { listing } from '../../src/views/releases.js';
import { overview } from '../../src/views/status.js';
import { copyRoot } from './damage.js';
import { nobody } from './nobody.js';
import { temporaryDirectory } from './place.js';
import { sealTinyRelease } from './release.js';

export const OLD = '2026.5.1';
export const CURRENT = '2026.6.1';
export const NEW = '2026.6.5';

/** A root with something in each file that can be damaged; every test gets a copy of it. */
export interface Model {
  copy(): Root;
  /** The newer one of its changes. */
  change: string;
}

/** Makes the model in an empty directory. */
export async function modelIn(directory: string): Promise<Model> {
  const model = rootAt(join(directory, 'root'));
  let change = '';
  await exclusive({ root: model, supervisor: nobody }, { doing: 'test', recover: true }, () => {});
  for (const id of [OLD, CURRENT, NEW]) await sealReal(model, id);
  pointPrevious(model, OLD);
  pointCurrent(model, CURRENT);
  startTrial(model, CURRENT, 2);
  pin(model, OLD);
  quarantine(model, '2026.7.1', {
    cause: { code: 'gateway_crashed', message: 'm' },
    change: 'c',
    at: '2026-06-01T00:00:00.000Z',
  });
  for (const target of [OLD, CURRENT]) {
    const made = newChange(planChange('update', target), { from: null, previous: null, to: target });
    saveChange(model, Object.assign(made, { status: 'staged', endedAt: made.startedAt }));
    change = made.id;
  }
  const copy = () => rootAt(copyRoot(model.path, join(temporaryDirectory('repair'), 'root')));
  return { change, copy };
}

function sealReal(root: Root, id: string): Promise<Manifest> {
  const openclaw = {
    name: 'openclaw',
    version: id,
    engines: { node: '>=22' },
    openclaw: { schemaVersions: { state: 3, agent: 4 } },
  };
  return sealTinyRelease(root, id, {
    'node_modules/openclaw/package.json': JSON.stringify(openclaw),
    'package-lock.json': JSON.stringify({
      packages: { '': {}, 'node_modules/openclaw': {}, 'node_modules/a': {} },
    }),
  });
}

/** Everything that commands read without the lock, but for what `doctor` asks of the host besides. */
export async function look(root: Root) {
  const status = await overview(root, nobody);
  await listing(root, nobody);
  gcRoots(root);
  return status;
}

/** Names of the files that were moved aside. */
export const asides = (root: Root) =>
  existsSync(join(root.path, 'corrupt'))
    ? readdirSync(join(root.path, 'corrupt')).filter((name) => name !== 'reasons.txt')
    : [];

/** Files by what they are, for a root and its newer change. */
export const WHAT: Record<string, (root: Root, change: string) => string> = {
  ledger: (root, change) => join(root.changes, `${change}.json`),
  'manifest of current': (root) => join(root.releases, CURRENT, 'release.json'),
  'manifest of another': (root) => join(root.releases, OLD, 'release.json'),
  policy: (root) => root.policy,
  trial: (root) => root.trial,
  current: (root) => root.current,
  previous: (root) => root.previous,
};
/** Expects equal bytes under another name, with everything below. */
export function expectSame(
  before: Map<string, string>,
  from: string,
  after: Map<string, string>,
  to: string,
): void {
  for (const [name, content] of before) {
    if (name !== from && !name.startsWith(`${from}/`)) continue;
    expect(after.get(to + name.slice(from.length)), name).toBe(content);
  }
}
