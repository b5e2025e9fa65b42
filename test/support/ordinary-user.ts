import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './place.js';

/** A user without any rights, to be tried where the tests are the superuser's. */
export const ORDINARY = 65_534;

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** A way to start a program without the rights of the superuser. */
export interface OrdinaryUser {
  /** Beginning of its command line; empty where the tests are not the superuser's. */
  command: string[];
  /** Path where it finds this checkout, which may be below a directory that others may not enter. */
  checkout: string;
}

/** The checkout has a second place for that program alone, until the test ends. */
export function ordinaryUser(uid = ORDINARY): OrdinaryUser {
  if (process.getuid?.() !== 0) return { command: [], checkout: CHECKOUT };
  const checkout = temporaryDirectory('checkout');
  chmodSync(checkout, 0o755);
  const mounted = 'mount --bind "$0" "$1" && shift && exec "$@"';
  const drop = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--'];
  // A filesystem that another test unmounts must not live on in this one's copy.
  const apart = ['unshare', '--mount', '--propagation', 'slave'];
  return { command: [...apart, 'sh', '-c', mounted, CHECKOUT, checkout, ...drop], checkout };
}

/** Options that start a program as a user whom permissions bind, as they do not bind root; none for other users. */
export function asOrdinary(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: ORDINARY, gid: ORDINARY } : {};
}
