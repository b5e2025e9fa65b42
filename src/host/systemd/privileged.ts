import { type ErrorRecord, fromErrorRecord, ReleasesError } from '../../core/errors.js';
import type { Answer } from './systemctl.js';

/** Set where the superuser's process, which started this one as the owner of the root, listens on its channel. */
export const PRIVILEGED = 'OPENCLAW_RELEASES_PRIVILEGED';

/** Requests for what the owner of a root may not do; `cli/as-owner` starts the owner's process and answers. */
export type PrivilegedRequest =
  | { does: 'systemctl'; args: string[] }
  | { does: 'fit-sandbox' | 'revert-unit' | 'remove-unit' }
  | FilesRequest
  | { does: 'apply-unit' | 'align-unit'; version: string }
  | { does: 'enable-timer'; registry: string | null; offsetMs: number }
  | { does: 'disable-timer' };

/** About files of a supervisor other than systemd. */
export interface FilesRequest {
  does: 'plan-files' | 'write-files' | 'find-files' | 'restore-files';
}

export type PrivilegedReply = { id: number } & ({ answer: Answer } | { error: ErrorRecord });

/** Verbs that the owner of a system unit may not use. */
const VERBS = new Set(['daemon-reload', 'kill', 'reset-failed', 'restart', 'start', 'stop', 'thaw']);

const isStarted = process.env[PRIVILEGED] === '1' && process.send !== undefined;
// Programs that this process starts have another channel, or none.
delete process.env[PRIVILEGED];

const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: unknown) => void }>();
let lastId = 0;

if (isStarted) {
  process.on('message', receive);
  process.once('disconnect', leave);
  process.channel?.unref();
}

/** True in the process of a root's owner that the superuser has started, for a unit of the system. */
export function hasPrivilegedParent(): boolean {
  return isStarted && process.connected;
}

export function needsPrivilege(args: readonly string[]): boolean {
  return VERBS.has(args[0] ?? '');
}

/** Options of `systemctl` that a job may have. */
const OPTIONS = ['--no-block', '--kill-whom=main', '--kill-who=main', '--signal=SIGKILL'];

/** True for arguments of `systemctl` that are a job of this unit alone. */
export function isJobOf(unit: string, args: readonly string[]): boolean {
  const options = args.slice(1, -2);
  return (
    needsPrivilege(args) &&
    args.length > 2 &&
    args.at(-2) === '--' &&
    args.at(-1) === unit &&
    options.every((word) => OPTIONS.includes(word))
  );
}

/** @throws ReleasesError `usage` when the superuser has not started this process, `interrupted` when that one has ended */
export function requirePrivilegedParent(): void {
  if (!isStarted) {
    throw new ReleasesError('usage', 'Only root may change units of the system.', {
      hint: 'the same command with sudo, and with --root and the root directory of the gateway',
    });
  }
  if (!process.connected) throw ended();
}

/** @throws ReleasesError as `requirePrivilegedParent`, and as the superuser's process answers */
export async function askPrivileged(request: PrivilegedRequest): Promise<Answer> {
  requirePrivilegedParent();
  return new Promise((resolve, reject) => {
    const id = ++lastId;
    waiting.set(id, { resolve, reject });
    process.channel?.ref();
    process.send?.({ id, request });
  });
}

function receive(message: unknown): void {
  const reply = message as PrivilegedReply;
  const asked = waiting.get(reply.id);
  if (!asked) return;
  waiting.delete(reply.id);
  if (waiting.size === 0) process.channel?.unref();
  if ('answer' in reply) asked.resolve(reply.answer);
  else asked.reject(fromErrorRecord(reply.error));
}

/** The command then ends as if its terminal had gone. */
function leave(): void {
  for (const { reject } of waiting.values()) reject(ended());
  waiting.clear();
  process.kill(process.pid, 'SIGHUP');
}

function ended(): ReleasesError {
  return new ReleasesError('interrupted', 'The process of root that this command needs has ended.', {
    hint: 'sudo openclaw-releases recover',
  });
}
