import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join } from 'node:path';
import type { Word } from '../host/systemd/unit-file.js';

export interface GatewayCommand {
  /** The Node as the unit spells it; null when the program finds its own. */
  node: string | null;
  nodeOptions: string[];
  /** The script or program: OpenClaw's own, or a wrapper around it. */
  entry: string;
  /** Arguments as the unit spells them, without the word `gateway`; null when that word is missing. */
  rest: string[] | null;
}

const WITH_VALUE = new Set([
  '-r',
  '--require',
  '--import',
  '--loader',
  '--experimental-loader',
  '-C',
  '--conditions',
]);

export function readCommand(words: Word[], searchPath: string): GatewayCommand | null {
  let at = 0;
  const value = () => words[at]?.value ?? '';
  // systemd's prefixes, such as `|` and `+`, select how to run and not what.
  const first = () => (at === 0 ? value().replace(/^[-@:+!|]+/, '') : value());
  if (basename(first()) === 'env') {
    at++;
    while (/^[A-Za-z_]\w*=/.test(value()) || value() === '-S') at++;
  }
  let node: string | null = null;
  const nodeOptions: string[] = [];
  if (isNode(first(), searchPath)) {
    node = first();
    at++;
    while (value().startsWith('-')) {
      if (WITH_VALUE.has(value())) nodeOptions.push(words[at++]?.value ?? '');
      nodeOptions.push(value());
      at++;
    }
  }
  const entry = first();
  if (!entry) return null;
  const args = words.slice(at + 1);
  const gateway = args.findIndex((word) => word.value === 'gateway');
  // Global options may stand on either side of `gateway`.
  const rest =
    gateway < 0 ? null : [...args.slice(0, gateway), ...args.slice(gateway + 1)].map(({ raw }) => raw);
  return { node, nodeOptions, entry, rest };
}

function isNode(program: string, searchPath: string): boolean {
  if (/^node(js)?(-?\d+)?$/.test(basename(program))) return true;
  const found = findProgram(program, searchPath);
  if (!found) return false;
  return basename(realpathSync(found)) === 'node';
}

/** Finds a program as `execvp` does, but only by absolute paths. */
export function findProgram(name: string, searchPath: string): string | null {
  return findPrograms(name, searchPath)[0] ?? null;
}

export function findPrograms(name: string, searchPath: string): string[] {
  if (name.includes('/')) return isAbsolute(name) && isProgram(name) ? [name] : [];
  return searchPath
    .split(delimiter)
    .filter(isAbsolute)
    .map((directory) => join(directory, name))
    .filter(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
