import { execa } from 'execa';
import { ownFile } from '../core/own-files.js';

const SCRIPT = ownFile('layout/candidate/isolated');

/** `mount` and `ip` are where a user's own path does not always lead. */
const PATH = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', ...(process.env.PATH?.split(':') ?? [])].join(':');

const TIMEOUT_MS = 10_000;

/** Namespaces that die with the process that made them; where /proc is masked, as in containers, it stays the host's. */
const NAMESPACES = ['--mount', '--net', '--pid', '--fork', '--kill-child'];
const LADDER = [[...NAMESPACES, '--mount-proc'], NAMESPACES];

/** What a process in isolation finds at a path of this host, under that path. */
export interface Binding {
  from: string;
  at: string;
  writable: boolean;
}

/** Whose a process in isolation is; another one than this process's own only where this is the superuser's. */
export interface Identity {
  uid: number;
  gid: number;
}

export type Isolation = { available: true; namespaces: string[] } | { available: false; why: string };

/**
 * Whether a process can be started here that can change nothing of this host and reach no network, found out by
 * starting one. Nothing is worked around: a host that forbids user namespaces, or has no way to bring up a loopback
 * device, has no isolation.
 */
export async function isolation(identity: Identity = ownIdentity()): Promise<Isolation> {
  if (process.platform !== 'linux') return { available: false, why: 'There are namespaces on Linux only.' };
  let why = '';
  for (const namespaces of LADDER) {
    const [file, ...args] = isolated({ namespaces, identity, bindings: [], command: ['true'] });
    const result = await execa(file, args, { ...isolatedOptions(), reject: false, timeout: TIMEOUT_MS });
    if (!result.failed) return { available: true, namespaces };
    why ||= result.stderr.trim().split('\n').at(-1) || result.shortMessage || '';
  }
  return { available: false, why: `${why}.`.replace(/\.\.$/, '.') };
}

export interface IsolatedCommand {
  /** As `isolation` found them to work here. */
  namespaces: string[];
  identity: Identity;
  /** At most seven. */
  bindings: Binding[];
  command: string[];
}

/** The command line that starts a command in isolation; it ends with 125 where that fails. */
export function isolated({
  namespaces,
  identity,
  bindings,
  command,
}: IsolatedCommand): [string, ...string[]] {
  // The superuser needs no namespace of users to make the others, and where there is one it would own no file.
  const users = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  // What lies inside of another one comes after it.
  const inOrder = bindings.toSorted((a, b) => a.at.length - b.at.length);
  const bound = inOrder.flatMap(({ from, at, writable }) => [writable ? 'rw' : 'ro', from, at]);
  const script = [SCRIPT, String(identity.uid), String(identity.gid), ...bound, '--', ...command];
  return ['unshare', ...users, ...namespaces, '--', '/bin/sh', ...script];
}

/** With what such a command line is to be run: what the isolated command is to know must be told to it otherwise. */
export function isolatedOptions() {
  return { cwd: '/', env: { PATH, LC_ALL: 'C' }, extendEnv: false } as const;
}

/** These are empty in isolation. */
const HIDDEN = ['/tmp', '/var/tmp', '/dev/shm', '/run'];

/** Those of `paths` that would be hidden, or covered by what is bound to `place`, to be shown there as they are. */
export function shown(paths: string[], place: string): Binding[] {
  const hidden = paths.filter((path) => [...HIDDEN, place].some((above) => path.startsWith(`${above}/`)));
  return [...new Set(hidden)].map((path) => ({ from: path, at: path, writable: false }));
}

function ownIdentity(): Identity {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}
