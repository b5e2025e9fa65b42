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
  /** Identifiers of releases that need no Node any more. */
  staged: string[];
}

export interface Lookup {
  options: ClientOptions;
  resolved: Resolved;
  /** Null for a release that is staged; else the Node for it, or why there is none. */
  runtime: RuntimeChoice | { error: ErrorRecord } | null;
}

export type LookupAnswer = { found: Lookup } | { error: ErrorRecord };

/**
 * Finds the one release that a spec names, the Node for it, and how the registry is reached. In a process of its own,
 * since npm's libraries and what the registry says of a package take 60 MB, and whoever asks lives on for minutes.
 * @throws ReleasesError what `loadClientOptions` and `resolveRelease` throw
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
  // One that is gone already is told from how it ended.
  await child.sendMessage({ ...request }).catch(() => {});
  const answer = (await child.getOneMessage().catch(() => null)) as LookupAnswer | null;
  if (answer === null) await untilEnded(child);
  // One that has answered may never end by itself: nodejs/node#54918.
  child.kill('SIGKILL');
  const ended = await child;
  if (signal?.aborted) throw interrupted(signal.reason);
  if (answer && 'found' in answer) return answer.found;
  if (answer) throw fromErrorRecord(answer.error);
  const said = ended.stderr.trim().split('\n').slice(-3).join(' / ');
  throw new ReleasesError(
    'registry_error',
    `The asking process ended early (${ended.signal ?? `code ${ended.exitCode}`}): ${said}`,
    { hint: 'Look for an out-of-memory kill: journalctl -k -e', untouched: 'Nothing was changed.' },
  );
}
