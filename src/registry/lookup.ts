import { type ErrorRecord, ReleasesError } from '../core/errors.js';
import { ownFile } from '../core/own-files.js';
import { FRUGAL_ENVIRONMENT, LOW_MEMORY_FLAGS } from '../host/memory-flags.js';
import { askWorker } from '../host/worker.js';
import type { ClientOptions, ClientOverrides } from './client.js';
import type { LocalNode, RuntimeChoice } from './node-choice.js';
import type { Resolved } from './resolve.js';
import type { Spec } from './spec.js';

const WORKER = ownFile('dist/registry/lookup-worker.cjs');

export interface LookupRequest {
  spec: Spec;
  overrides: ClientOverrides;
  nodes: LocalNode[];
  staged: string[];
}

export interface Lookup {
  options: ClientOptions;
  resolved: Resolved;
  /** The Node, or the reason why there is none; null for a release that is staged. */
  runtime: RuntimeChoice | { error: ErrorRecord } | null;
}

/** A Node alone, for a release that is here. */
export interface NodeRequest extends Pick<LookupRequest, 'overrides' | 'nodes'> {
  engines: string | null;
}

export interface NodeLookup {
  options: ClientOptions;
  runtime: RuntimeChoice;
}

/**
 * Finds the release that a spec names, its Node, and the options for the registry. Runs in a child process, because
 * npm's libraries and the registry's documents take 60 MB, and the caller lives for minutes.
 * @throws ReleasesError all codes of `loadClientOptions` and `resolveRelease`
 */
export function lookUp<R extends LookupRequest | NodeRequest>(
  request: R,
  signal?: AbortSignal,
): Promise<R extends NodeRequest ? NodeLookup : Lookup> {
  return askWorker(request, {
    command: [process.execPath, ...LOW_MEMORY_FLAGS, WORKER],
    env: { ...process.env, ...FRUGAL_ENVIRONMENT },
    signal,
    died: (how, said) =>
      new ReleasesError('registry_error', `The asking process ended early (${how}): ${said}`, {
        hint: 'Look for an out-of-memory kill: journalctl -k -e',
      }),
  });
}
