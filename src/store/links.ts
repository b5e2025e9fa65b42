import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { systemCode } from '../core/errors.js';
import { removeDurably, replaceSymlinkDurably, writeFileDurably } from '../host/durable.js';
import { bootId } from '../host/process.js';
import { checkReleaseId } from './manifest.js';
import type { Root } from './root.js';

/** Starts of an unproven release before the launcher rolls back automatically. */
export const TRIAL_BOOTS = 3;

/** `trial`: one line, `<release id> <boots left> <boot id>`, because a shell reads it. */
export interface Trial {
  id: string;
  boots: number;
  /** Boot of the machine in which the trial began; another boot ends it. Null when the kernel reports none. */
  bootId: string | null;
}

export const TRIAL = /^(\S+) (0|[1-9]\d?)(?: ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))?\n?$/;

function target(link: string): string | null {
  try {
    return basename(readlinkSync(link));
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'EINVAL') return null;
    throw error;
  }
}

export function currentRelease(root: Root): string | null {
  return target(root.current);
}

export function previousRelease(root: Root): string | null {
  return target(root.previous);
}

/** Repoints `current` by one durable rename: a reader sees the old release or the new one. */
export function pointCurrent(root: Root, id: string | null): void {
  point(root.current, id);
}

export function pointPrevious(root: Root, id: string | null): void {
  point(root.previous, id);
}

function point(link: string, id: string | null): void {
  if (target(link) === id) return;
  if (id === null) {
    removeDurably(link);
  } else {
    replaceSymlinkDurably(link, `releases/${checkReleaseId(id)}`);
  }
}

/** Returns the trial, or null. A corrupt trial has no boots left. */
export function readTrial(root: Root): Trial | null {
  let text: string;
  try {
    text = readFileSync(root.trial, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    text = '';
  }
  const [, id, boots, bootId = null] = TRIAL.exec(text) ?? [];
  if (id === undefined) return { id: text.trim().split(/\s/)[0] ?? '', boots: 0, bootId: null };
  return { id, boots: Number(boots), bootId };
}

export function startTrial(root: Root, id: string, boots = TRIAL_BOOTS): void {
  const line = `${checkReleaseId(id)} ${boots}`;
  const inThisBoot = `${line} ${bootId()}`;
  writeFileDurably(root.trial, `${TRIAL.test(inThisBoot) ? inThisBoot : line}\n`);
}

export function endTrial(root: Root): void {
  removeDurably(root.trial);
}
