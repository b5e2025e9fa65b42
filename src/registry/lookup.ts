import { execa } from 'execa';
import { type ErrorRecord, fromErrorRecord, ReleasesError } from '../core/errors.js';
import { ownFile } from '../core/own-files.js';
import { untilEnded } from '../host/ending.js';
import { FRUGAL_ENVIRONMENT, LOW_MEMORY_FLAGS } from '../host/memory-flags.js';
import type { ClientOptions, ClientOverrides } from './client.js';
import { interrupted } from './request.js';
import type { Resolved } from './resolve.js';
import type { RuntimeChoice, RuntimeRequest } from './runtime.js';
import type { Spec } from './spec.js';

const WORKER = ownFile('dist/registry/lookup-worker.cjs');

export interface LookupRequest extends Pick<RuntimeRequest, 'hostNode' | 'present'> {
  spec: Spec;
  overrides: ClientOverrides;
  /** Ids of releases that need no Node any more. */
  staged: string[];
}

export interface Lookup {
  options: ClientOptions;
  resolved: Resolved;
  /** The Node, or the reason why there is none; null for a release that is staged. */
  runtime: RuntimeChoice | { error: ErrorRecord } | null;
}

export type LookupAnswer = { found: Lookup } | { error: ErrorRecord };

/**
 * Finds the release that a spec names, its Node, and the options for the registry. Runs in a child process, because
 * npm's libraries and the registry's documents take 60 MB, and the caller lives for minutes.
 * @throws ReleasesError all codes of `loadClientOptions` and `resolveRelease`
 */
export async function lookUp(request: LookupRequest, signal?: AbortSignal): Promise<Lookup> {
  if (signal?.aborted) throw interrupted(signal.reason);
  const child = execa(process.execPath, [...LOW_MEMORY_FLAGS, WORKER], {
    ipc: true,
    reject: false,
    env: FRUGAL_ENVIRONMENT,
    stdin: 'ignore',
    stdout: 'ignore',
    buffer: { ipc: false },
    ...(signal && { cancelSignal: signal, forceKillAfterDelay: 1_000 }),
  });
  // A worker that is dead already is reported below, from its exit status.
  await child.sendMessage({ ...request }).catch(() => {});
  const answer = (await child.getOneMessage().catch(() => null)) as LookupAnswer | null;
  if (answer === null) await untilEnded(child);
  // A worker that has answered may never exit: nodejs/node#54918.
  child.kill('SIGKILL');
  const ended = await child;
  if (signal?.aborted) throw interrupted(signal.reason);
  if (answer && 'found' in answer) return answer.found;
  if (answer) throw fromErrorRecord(answer.error);
  const said = ended.stderr.trim().split('\n').slice(-3).join(' / ');
  throw new ReleasesError(
    'registry_error',
    `The asking process ended early (${ended.signal ?? `code ${ended.exitCode}`}): ${said}`,
    { hint: 'Look for an out-of-memory kill: journalctl -k -e' },
  );
}
