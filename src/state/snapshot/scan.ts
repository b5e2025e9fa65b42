import { constants, existsSync, lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shellWord } from '../../core/shell-word.js';
import { databaseOfSideFile, mayBeDatabase, readDatabaseHeader } from '../databases.js';
import { isOfConfig, type RootPlace, type StatePlace } from '../place.js';
import type { SnapshotScope } from '../snapshots.js';
import { copyTest, mayAccess, stuckTest, whyClosed } from '../stuck.js';
import { type Found, leftOf, walkState } from '../walk.js';
import { judgeLink } from './links.js';

/** Content of a copy of a state, and the reasons against one. Paths are relative to the state directory. */
export interface Survey {
  left: string[];
  directories: Found[];
  files: Found[];
  databases: Found[];
  links: Found[];
  history: Found[];
  /** Files and databases, with their side files. */
  bytes: number;
  historyBytes: number;
  /** Part of `bytes` that a restore copies; the rest gets a second name. */
  copied: number;
  /** Sentences: reasons for no copy, with the command to type. */
  refused: string[];
  /** Sentences: content that a copy would lack. */
  warnings: string[];
}

/** Surveys a whole state, or only its configuration. Writes nothing. */
export function surveyState(place: StatePlace, root?: RootPlace, scope: SnapshotScope = 'all'): Survey {
  const left = leftOf(place, root);
  const survey: Survey = {
    ...{ left, directories: [], files: [], databases: [], links: [], history: [] },
    ...{ bytes: 0, historyBytes: 0, copied: 0, refused: [], warnings: [] },
  };
  const why = existsSync(place.directory) ? whyClosed(place) : null;
  if (why !== null) survey.refused.push(why);
  const whyStuck = stuckTest(place);
  const isCopied = root ? copyTest(root, place) : () => false;
  for (const found of walkState(place.directory, left)) {
    if (scope !== 'all' && !isOfConfig(place, found.path)) continue;
    look(place, found, survey);
    const stuck = found.scope === 'state' && !found.closed ? whyStuck(found) : null;
    if (stuck !== null) survey.refused.push(stuck);
    if (found.scope === 'state' && found.kind === 'file' && isCopied(found))
      survey.copied += found.stats.size;
  }
  if (place.config !== null) lookAtConfig(place.config, survey);
  return survey;
}

function look(place: StatePlace, found: Found, survey: Survey): void {
  const { path, kind, scope, stats } = found;
  const absolute = join(place.directory, path);
  if (kind === 'unnameable') survey.refused.push(unnameable(absolute));
  else if (kind === 'other')
    survey.warnings.push(`${JSON.stringify(path)} is neither a file nor a directory, and is left out.`);
  else if (kind === 'directory') {
    if (found.closed) survey.refused.push(closed(absolute, 'rwx'));
    survey.directories.push(found);
  } else if (kind === 'link') {
    const problem = judgeLink(place, path, survey.left);
    if (problem) survey[problem.kind === 'refused' ? 'refused' : 'warnings'].push(problem.sentence);
    // A link under history has no content to lose.
    if (scope === 'state') survey.links.push(found);
  } else if (scope === 'history') {
    survey.history.push(found);
    survey.historyBytes += stats.size;
  } else if (databaseOfSideFile(absolute) !== null) survey.bytes += stats.size;
  else {
    if (found.closed) survey.refused.push(closed(absolute, 'r'));
    survey.bytes += stats.size;
    const isDatabase = mayBeDatabase(stats.size) && readDatabaseHeader(absolute) !== null;
    survey[isDatabase ? 'databases' : 'files'].push(found);
  }
}

function lookAtConfig(config: string, survey: Survey): void {
  const stats = lstatSync(config, { throwIfNoEntry: false });
  if (!stats) return;
  survey.bytes += stats.size;
  if (!mayAccess(config, constants.R_OK)) survey.refused.push(closed(config, 'r'));
  // A restore would rename over it. A gateway that cannot write here has no way to change it either.
  if (!mayAccess(dirname(config), constants.W_OK | constants.X_OK)) {
    survey.warnings.push(
      `${JSON.stringify(config)} is where this user cannot write: going back leaves it as it is.`,
    );
  }
}

function closed(path: string, needed: string): string {
  const uid = process.getuid?.();
  const own = lstatSync(path, { throwIfNoEntry: false })?.uid === uid;
  const type = own ? `chmod u+${needed} ${shellWord(path)}` : `sudo chown -R ${uid} ${shellWord(path)}`;
  return `${JSON.stringify(path)} cannot be ${needed === 'r' ? 'read' : 'opened'} by this user (${uid}): ${type}`;
}

function unnameable(path: string): string {
  return `${JSON.stringify(path)} has a name that is not UTF-8: rename it or move it out of the state directory.`;
}
