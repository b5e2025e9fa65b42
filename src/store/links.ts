import { lstatSync, readlinkSync } from 'node:fs';
import { isAbsent, readPlainFile, UnusableFile } from '../core/bounded-file.js';
import { systemCode } from '../core/errors.js';
import { removeDurably, replaceSymlinkDurably, writeFileDurably } from '../host/durable.js';
import { bootId } from '../host/process.js';
import { checkReleaseId, isReleaseId } from './manifest.js';
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

const TRIAL = /^(\S+) (0|[1-9]\d?)(?: ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))?\n?$/;

const LARGEST_TRIAL = 4096;

const PREFIX = 'releases/';

interface LinkReading {
  id: string | null;
  /** Reason why it is corrupt, to be read after its path. */
  why?: string;
}

/** Reads `current` or `previous`. Only the text `releases/<id>` is ours: the launchers start nothing else. */
export function readLink(path: string): LinkReading {
  let text: string;
  try {
    text = readlinkSync(path);
  } catch (error) {
    if (isAbsent(error)) return { id: null };
    if (systemCode(error) !== 'EINVAL') throw error;
    const isDirectory = lstatSync(path, { throwIfNoEntry: false })?.isDirectory();
    return { id: null, why: isDirectory ? 'is a directory and not a link' : 'is not a link' };
  }
  const id = text.slice(PREFIX.length);
  if (text.startsWith(PREFIX) && isReleaseId(id)) return { id };
  return { id: null, why: `leads to ${JSON.stringify(text)}, which names no release` };
}

function target(link: string): string | null {
  return readLink(link).id;
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
  return examineTrial(root)?.trial ?? null;
}

/** Returns the trial and the reason why its file is corrupt, if it is; null without a trial. */
export function examineTrial(root: Root): { trial: Trial; why: string | null } | null {
  const corrupt = (why: string, id = '') => ({ trial: { id, boots: 0, bootId: null }, why });
  try {
    const text = readPlainFile(root.trial, LARGEST_TRIAL).toString();
    const [, id, boots, bootId = null] = TRIAL.exec(text) ?? [];
    if (id !== undefined) return { trial: { id, boots: Number(boots), bootId }, why: null };
    const [first = ''] = text.trim().split(/\s/);
    return corrupt(first === '' ? 'is empty' : 'does not say what is on trial', first);
  } catch (error) {
    if (error instanceof UnusableFile) return corrupt(error.why);
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** @param boot identifier of the machine's boot as the launcher will see it */
export function startTrial(root: Root, id: string, boots = TRIAL_BOOTS, boot = bootId()): void {
  const line = `${checkReleaseId(id)} ${boots}`;
  const inThisBoot = `${line} ${boot}`;
  writeFileDurably(root.trial, `${TRIAL.test(inThisBoot) ? inThisBoot : line}\n`);
}

export function endTrial(root: Root): void {
  removeDurably(root.trial);
}
