import type { StatePlace } from './place.js';
import type { StateVersions } from './versions.js';

/** `states/<name>/state.json`: a state that was kept. Written last, so a directory that has it is a whole one. */
export interface KeptState {
  schema: 1;
  name: string;
  /** A `snapshot` is a copy; `set-aside` is what was live and was moved away when another one was put back. */
  kind: 'snapshot' | 'set-aside';
  /** The release whose state it is. */
  release: string;
  /** The change that kept it. */
  change: string;
  /** ISO 8601: when copying began. What was written after it may be missing. */
  at: string;
  place: StatePlace;
  /** Null where they could not be read. */
  versions: StateVersions | null;
  /** Paths in the state directory that were `left` besides those that always are; see `leftOf`. None when absent. */
  left?: string[];
  /** Files and links, history not counted. */
  files: number;
  /** Of these files. */
  bytes: number;
  /** How long the copy took; milliseconds. */
  ms?: number;
}
