import { copyFileSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { recordText } from '../../src/core/record.js';
import { type Change, listChanges } from '../../src/ledger/ledger.js';
import { changePath } from '../../src/store/change-files.js';
import { MANIFEST_FILE, type Manifest, releaseDirectory } from '../../src/store/manifest.js';
import { prepareRoot, type Root, rootAt } from '../../src/store/root.js';
import { DIGESTS_FILE } from '../../src/store/tree.js';
import { corruptFiles } from '../../src/views/corrupt.js';
import { sealTinyRelease } from '../support/release.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

/** Changes of a minute, so that none is before its time. */
const MINUTE = 60_000;

export interface Size {
  releases: number;
  changes: number;
}

/** A world whose gateway runs, after one update, and what that wrote into the ledger. */
export async function updatedWorld(atEnd: (clean: () => unknown) => void): Promise<[World, Change[]]> {
  const world = await makeWorld(atEnd);
  for (const version of ['2026.1.1', '2026.1.2']) world.publish(version);
  await world.start('2026.1.1');
  await world.ok('update', '2026.1.2', ...QUICK);
  return [world, listChanges(rootAt(world.root))];
}

/**
 * Grows a new or existing root to this size: sealed releases of one file each, and a ledger of copies of real changes
 * that lie a minute apart, in the past.
 */
export async function growRoot(path: string, size: Size, templates: readonly Change[]): Promise<void> {
  const root = rootAt(path);
  prepareRoot(root);
  const there = readdirSync(root.releases).length;
  const first = await sealTinyRelease(root, '2025.1.0');
  for (let at = there + 1; at < size.releases; at++) copyRelease(root, first, `2025.1.${at}`);
  const now = Date.now() - size.changes * MINUTE;
  for (let at = listChanges(root).length; at < size.changes; at++) {
    const template = templates[at % templates.length];
    if (!template) throw new Error('There is no change to make copies of.');
    const startedAt = new Date(now + at * MINUTE).toISOString();
    const id = `${startedAt.replace(/[-:.]/g, '')}-${template.plan.kind}-${at.toString(16).padStart(4, '0')}`;
    const change: Change = { ...template, id, startedAt };
    writeFileSync(changePath(root, id), recordText(change), { mode: 0o600 });
  }
  if (there === 0) {
    symlinkSync('releases/2025.1.0', root.current);
    symlinkSync('releases/2025.1.1', root.previous);
  }
  const [corrupt] = corruptFiles(root);
  if (corrupt)
    throw new Error(`${corrupt.path} ${corrupt.why}, so a look at this root would count something else.`);
}

/** Skips the wait for the disk that sealing is. */
function copyRelease(root: Root, sealed: Manifest, id: string): void {
  const [from, to] = [releaseDirectory(root, sealed.id), releaseDirectory(root, id)];
  mkdirSync(dirname(join(to, sealed.main)), { recursive: true });
  for (const path of [sealed.main, DIGESTS_FILE]) copyFileSync(join(from, path), join(to, path));
  for (const link of ['main', 'node']) symlinkSync(readlinkSync(join(from, link)), join(to, link));
  const manifest: Manifest = { ...sealed, id, version: id, spec: id };
  writeFileSync(join(to, MANIFEST_FILE), recordText(manifest));
}
