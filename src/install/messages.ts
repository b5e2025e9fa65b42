import type { ErrorRecord } from '../core/errors.js';
import type { ClientOptions } from '../registry/client.js';
import type { Similar } from './process/reuse.js';

/** The Node that the release runs on; `node` is absolute. */
export interface ReleaseRuntime {
  node: string;
  version: string;
}

/** What the worker is told to do, over IPC and never on its command line: `options` hold credentials. */
export type Order = InstallOrder | UnpackOrder;

export interface InstallOrder {
  kind: 'install';
  /** Absolute; all that is written lies below it. */
  directory: string;
  version: string;
  integrity: string;
  tarball: string;
  runtime: ReleaseRuntime;
  allowScripts: string[];
  lockfile: string | null;
  similar: Similar | null;
  options: ClientOptions;
}

export interface UnpackOrder {
  kind: 'unpack';
  /** `name@version` */
  spec: string;
  integrity: string;
  /** Absolute; all that is written lies below it. */
  directory: string;
  options: ClientOptions;
}

export interface InstallProgress {
  phase: 'resolve' | 'unpack' | 'scripts';
  done?: number;
  total?: number;
}

export interface InstallReport {
  /** sha256 of `package-lock.json`, in hex. */
  lockfileDigest: string;
  /** Packages in the tree, OpenClaw itself among them. */
  packages: number;
  /** Names of the packages whose install scripts ran, in that order. */
  ranScripts: string[];
  /** Names of the packages that have install scripts which did not run, sorted. */
  skippedScripts: string[];
}

/** What the worker says: any number of `progress`, then one of the others. */
export type Answer =
  | { type: 'progress'; progress: InstallProgress }
  | { type: 'done'; report: InstallReport | null }
  | { type: 'failed'; error: ErrorRecord };
