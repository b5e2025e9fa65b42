import { escapeQuoted, quoteArgument, quoteProgram } from '../host/systemd/unit-template.js';
import type { InstalledOpenClaw } from './package.js';

/** Command of a unit, split where the launcher takes the place of Node and OpenClaw. */
export interface GatewayCommand {
  /** Text before, with systemd's prefix signs. */
  before: string;
  /** Text after: arguments of the gateway, and what a shell does next. */
  after: string;
  /** Spelling of the launcher between them. */
  place: 'program' | 'argument' | 'unexpanded-argument' | 'text' | 'unexpanded-text';
  /** The Node, as the process finds it; null when OpenClaw's program finds its own. */
  node: string | null;
  /** Options of Node, as the unit spells them. */
  nodeOptions: string[];
  /** Global options of OpenClaw that stand before `gateway`, as the unit spells them. */
  options: string[];
  /** Null when its files are gone, or a shim names none. */
  install: InstalledOpenClaw | null;
  searchPath: string;
}

/** Command line that starts a launcher in the place of OpenClaw. @throws ReleasesError `root_invalid` */
export function commandWith(command: GatewayCommand, launcher: string): string {
  const { before, after, place, nodeOptions, options } = command;
  const words = [
    spell(launcher, place),
    ...(nodeOptions.length > 0 ? ['--node-options', ...nodeOptions, '--'] : []),
    ...options,
  ];
  return before + words.join(' ') + after;
}

function spell(launcher: string, place: GatewayCommand['place']): string {
  if (place === 'program') return quoteProgram(launcher);
  if (place === 'argument') return quoteArgument(launcher);
  if (place === 'unexpanded-argument') return `"${escapeQuoted(launcher)}"`;
  const plain = /^[\w./@:+-]+$/.test(launcher) ? launcher : `'${launcher.replaceAll("'", "'\\''")}'`;
  // Both kinds of quotes may surround it.
  const text = escapeQuoted(plain).replaceAll("'", "\\'");
  return place === 'text' ? text.replaceAll('$', '$$$$') : text;
}
