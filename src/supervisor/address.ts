import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';

/** The socket's name in the root. */
export const SOCKET_NAME = 'run.sock';

/** `sun_path` has 108 bytes, the last one NUL (unix(7)). */
const LONGEST = 107;

/** A path by which the socket of a root can be bound and reached, good until it is closed. */
export interface Address {
  path: string;
  close(): void;
}

/**
 * The socket's address. A path that does not fit is reached through an open descriptor of its directory: the
 * kernel resolves /proc/self/fd/<n> to the directory itself, however long its name is.
 * @throws the system error of `open` when the root is not there
 */
export function openAddress(root: string): Address {
  const path = join(root, SOCKET_NAME);
  if (Buffer.byteLength(path) <= LONGEST) return { path, close: () => {} };
  const fd = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${fd}/${SOCKET_NAME}`, close: () => closeSync(fd) };
}
