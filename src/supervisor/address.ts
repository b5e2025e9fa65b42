import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';

export const SOCKET_NAME = 'run.sock';

/** `sun_path` has 108 bytes, the last one NUL (unix(7)). */
const LONGEST = 107;

export interface Address {
  path: string;
  close(): void;
}

/**
 * Reaches a long path through an open descriptor of its directory: the kernel resolves /proc/self/fd/<n> to it.
 * @throws system error of `open` when the root does not exist
 */
export function openAddress(root: string): Address {
  const path = join(root, SOCKET_NAME);
  if (Buffer.byteLength(path) <= LONGEST) return { path, close: () => {} };
  const fd = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${fd}/${SOCKET_NAME}`, close: () => closeSync(fd) };
}
