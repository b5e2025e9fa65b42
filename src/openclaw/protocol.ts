import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readPlainFile } from '../core/bounded-file.js';
import { ifPossible } from '../core/if-possible.js';
import { compareVersions, isVersion } from '../core/version.js';

/** Versions of the gateway's protocol: that of a release itself, and the lowest that its gateway accepts. */
export interface Protocol {
  current: number;
  client: number;
  /** Lowest version of a node, which may be older than other clients. */
  node: number;
}

export interface KnownProtocol {
  version: string;
  current: number;
}

/** Versions before and after the one change of the protocol so far, and OpenClaw's first version. */
const PAST: readonly KnownProtocol[] = [
  { version: '2026.1.29', current: 3 },
  { version: '2026.5.7', current: 3 },
  { version: '2026.5.12', current: 4 },
];

const FILE = /^version-[\w-]+\.m?js$/;
const LARGEST_FILE = 2 ** 16;

/**
 * Reads the protocol of a release from its program, as the package states it nowhere else.
 * @returns null where no file tells
 */
export function readProtocol(packageDirectory: string): Protocol | null {
  const directory = join(packageDirectory, 'dist');
  const names = ifPossible(() => readdirSync(directory).filter((name) => FILE.test(name))) ?? [];
  for (const name of names) {
    const text = ifPossible(() => readPlainFile(join(directory, name), LARGEST_FILE).toString()) ?? '';
    const current = constantIn(text, 'PROTOCOL_VERSION');
    if (current === null) continue;
    const client = constantIn(text, 'MIN_CLIENT_PROTOCOL_VERSION') ?? current;
    return { current, client, node: constantIn(text, 'MIN_NODE_PROTOCOL_VERSION') ?? client };
  }
  return null;
}

function constantIn(text: string, name: string): number | null {
  const [, value] = new RegExp(`\\b${name} = (\\d+)\\b`).exec(text) ?? [];
  return value === undefined ? null : Number(value);
}

/**
 * Finds the protocol of a version from known ones: it never falls, so a version between two of one protocol has it.
 * @returns null where they do not decide
 */
export function protocolAt(version: string | null, known: readonly KnownProtocol[]): number | null {
  if (!isVersion(version)) return null;
  const points = [...PAST, ...known].filter((point) => isVersion(point.version));
  const order = (point: KnownProtocol) => compareVersions(point.version, version);
  const least = Math.max(...points.filter((point) => order(point) <= 0).map(({ current }) => current));
  const most = Math.min(...points.filter((point) => order(point) >= 0).map(({ current }) => current));
  return least === most ? least : null;
}

/** Returns true where a switch changes nothing for a client: the target accepts all that the other release accepts. */
export function acceptsAsMuch(to: Protocol, from: Protocol): boolean {
  return to.current === from.current && to.client <= from.client && to.node <= from.node;
}

/** Answer of a release to a client that speaks a protocol. */
export function admission(
  speaks: number | null,
  role: 'client' | 'node',
  to: Protocol,
): 'accepted' | 'limited' | 'refused' | 'unknown' {
  // A newer client may speak an older protocol, too.
  if (speaks === null || speaks > to.current) return 'unknown';
  if (speaks < to[role]) return 'refused';
  return role === 'node' && speaks < to.current ? 'limited' : 'accepted';
}
