import type { Count } from '../core/scalars.js';
import type { ClientOptions } from '../registry/client.js';
import type { Share } from '../store/policy.js';
import type { KeptRelease } from './process/reuse.js';

/** Node of the release; `node` is an absolute path. */
export interface ReleaseRuntime {
  node: string;
  version: string;
}

/** Orders for the worker; `options` hold credentials. */
export type Order = InstallOrder | UnpackOrder;

export interface InstallOrder {
  kind: 'install';
  /** Absolute; the worker writes only below it. */
  directory: string;
  version: string;
  integrity: string;
  tarball: string;
  runtime: ReleaseRuntime;
  allowScripts: string[];
  lockfile: string | null;
  /** False for a lockfile that an operator named. */
  isOwnLockfile: boolean;
  /** Absolute path of an installed OpenClaw whose packages are wanted, where there is no lockfile. */
  installed: string | null;
  /** Releases whose packages are taken before any download; the first that has one gives it. */
  kept: readonly KeptRelease[];
  share: Share;
  options: ClientOptions;
}

export interface UnpackOrder {
  kind: 'unpack';
  /** `name@version` */
  spec: string;
  integrity: string;
  /** Absolute; the worker writes only below it. */
  directory: string;
  options: ClientOptions;
}

export interface InstallProgress {
  phase: 'resolve' | 'unpack' | 'scripts';
  done?: number;
  total?: number;
  /** Fetched so far. */
  bytes?: number;
}

export interface InstallReport {
  /** sha256 of `package-lock.json`, in hex. */
  lockfileDigest: string;
  /** Number of packages in the tree, with OpenClaw. */
  packages: Count;
  /** Packages whose install scripts ran, in that order. */
  ranScripts: string[];
  /** Packages whose install scripts did not run, sorted. */
  skippedScripts: string[];
  /** Bytes in blocks that are shared with kept releases. */
  sharedBytes?: Count;
}

export interface InstallResult extends InstallReport {
  /** Packages that only SHA-1 proves, as `name@version`, sorted. */
  weakChecksums: string[];
  /** True when the packages are those of the installed OpenClaw that the order names. */
  asInstalled: boolean;
}
