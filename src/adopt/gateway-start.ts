import { realpathSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import type { Word } from '../host/systemd/command-line.js';
import { type InstalledOpenClaw, openClawStartedBy } from './package.js';
import { findProgram } from './program.js';

export interface Scan {
  searchPath: string;
  directory: string;
  /** OpenClaw's file may be told by its name: it was accepted before and is gone, or this process may not open it. */
  isNameEnough: boolean;
  /** Opens no file. */
  isBlind: boolean;
}

export interface Start {
  from: number;
  /** Index of the first word after `gateway`. */
  to: number;
  node: string | null;
  nodeOptions: string[];
  options: string[];
  install: InstalledOpenClaw | null;
}

/** systemd looks for a program without a path here and nowhere else. */
const SYSTEMD_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const NODE_OPTIONS_WITH_VALUE = new Set([
  '-r',
  '--require',
  '--import',
  '--loader',
  '--experimental-loader',
  '-C',
  '--conditions',
  '--env-file',
  '--title',
]);

const OPTIONS_WITH_VALUE = new Set(['--profile', '--log-level', '--container']);

/** Finds the only start of OpenClaw's gateway among words. */
export function findOnly(
  words: Word[],
  scan: Scan,
  isProgramFirst: boolean,
): Start | 'several' | 'no gateway' | null {
  const starts: Start[] = [];
  let openClaw = false;
  for (let at = 0; at < words.length; at++) {
    const start = startAt(
      words,
      at,
      isProgramFirst && at === 0 ? { ...scan, searchPath: SYSTEMD_PATH } : scan,
    );
    if (start === null) continue;
    openClaw = true;
    if (start.to === 0) continue;
    starts.push(start);
    at = start.to - 1;
  }
  if (starts.length > 1) return 'several';
  return starts[0] ?? (openClaw ? 'no gateway' : null);
}

/** `to` is 0 where OpenClaw starts without `gateway`. */
function startAt(words: Word[], from: number, scan: Scan): Start | null {
  const value = (at: number) => words[at]?.value ?? '';
  let at = from;
  let node: string | null = null;
  const nodeOptions: string[] = [];
  if (isNode(value(at), scan.searchPath)) {
    node = findProgram(value(at), scan.searchPath) ?? value(at);
    for (at++; value(at).startsWith('-') || /^\$\w+$/.test(value(at)); at++) {
      if (value(at) === '--') {
        at++;
        break;
      }
      nodeOptions.push(words[at]?.raw ?? '');
      if (NODE_OPTIONS_WITH_VALUE.has(value(at))) nodeOptions.push(words[++at]?.raw ?? '');
    }
  }
  const entry = node === null ? (findProgram(value(at), scan.searchPath) ?? value(at)) : value(at);
  const install =
    entry === '' || scan.isBlind
      ? null
      : openClawStartedBy(isAbsolute(entry) ? entry : join(scan.directory, entry));
  if (
    !install &&
    !(scan.isNameEnough && /\/openclaw(?:\/dist\/\w+\.m?js|(?:\/openclaw)?\.mjs|)$/.test(entry))
  )
    return null;
  const options: string[] = [];
  for (at++; value(at).startsWith('-'); at++) {
    options.push(words[at]?.raw ?? '');
    if (OPTIONS_WITH_VALUE.has(value(at))) options.push(words[++at]?.raw ?? '');
  }
  const to = value(at) === 'gateway' ? at + 1 : 0;
  return { from, to, node, nodeOptions, options, install: install === 'shim' ? null : install };
}

function isNode(program: string, searchPath: string): boolean {
  if (/^node(js)?(-?\d+)?$/.test(basename(program))) return true;
  const found = findProgram(program, searchPath);
  return found !== null && basename(realpathSync(found)) === 'node';
}
