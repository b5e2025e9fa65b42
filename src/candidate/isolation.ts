import { ownFile } from '../core/own-files.js';
import { exec } from '../host/exec.js';

const SCRIPT = ownFile('layout/candidate/isolated');

/** `mount` and `ip` are often not on a user's own PATH. */
const PATH = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', ...(process.env.PATH?.split(':') ?? [])].join(':');

/** Environment of that command line. Secrets go to the command another way. */
export const ISOLATED_ENV = { PATH, LC_ALL: 'C' };

const TIMEOUT_MS = 10_000;

/**
 * Namespaces that die with their first process. The second try keeps the host's /proc, which containers mask. Mounts are
 * private, as `unshare` makes them: with `slave` a disk that the host mounts meanwhile, also an automount, would be writable.
 */
const NAMESPACES = ['--mount', '--net', '--pid', '--fork', '--kill-child'];
const LADDER = [[...NAMESPACES, '--mount-proc'], NAMESPACES];

export interface Binding {
  from: string;
  at: string;
  writable: boolean;
}

export type Isolation = { available: true; namespaces: string[] } | { available: false; why: string };

/** Works around nothing: without user namespaces, or a way to bring up loopback, there is no isolation. */
export async function isolation(): Promise<Isolation> {
  if (process.platform !== 'linux') return { available: false, why: 'There are namespaces on Linux only.' };
  let why = '';
  for (const namespaces of LADDER) {
    const [file, ...args] = isolated({ namespaces, bindings: [], command: ['true'] });
    const result = await exec(file, args, { env: ISOLATED_ENV, timeoutMs: TIMEOUT_MS });
    if (result.ok) return { available: true, namespaces };
    why ||= result.stderr.trim().split('\n').at(-1) || result.how;
  }
  return { available: false, why: `${why}.`.replace(/\.\.$/, '.') };
}

export interface IsolatedCommand {
  namespaces: string[];
  /** At most seven. */
  bindings: Binding[];
  command: string[];
}

/** The command line exits with 125 where isolation fails. */
export function isolated({ namespaces, bindings, command }: IsolatedCommand): [string, ...string[]] {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  // Root can make the other namespaces without a user namespace, in which it would own no file.
  const users = uid === 0 ? [] : ['--user', '--map-root-user'];
  // Binds outer directories before inner ones.
  const inOrder = bindings.toSorted((a, b) => a.at.length - b.at.length);
  const bound = inOrder.flatMap(({ from, at, writable }) => [writable ? 'rw' : 'ro', from, at]);
  const script = [SCRIPT, String(uid), String(gid), ...bound, '--', ...command];
  return ['unshare', ...users, ...namespaces, '--', '/bin/sh', ...script];
}

const HIDDEN = ['/tmp', '/var/tmp', '/dev/shm', '/run'];

/** Binds, at their own path, the `paths` that isolation or the binding on `place` would hide. */
export function shown(paths: string[], place: string): Binding[] {
  const hidden = paths.filter((path) => [...HIDDEN, place].some((above) => path.startsWith(`${above}/`)));
  return [...new Set(hidden)].map((path) => ({ from: path, at: path, writable: false }));
}
