import { existsSync } from 'node:fs';
import { userName } from '../user.js';

/**
 * Returns true when a user's systemd runs from boot on, without a login; otherwise the gateway and a change beside it end
 * with the last session. Null without logind, which keeps its answer in this file.
 */
export function lingers(user = userName()): boolean | null {
  if (!existsSync('/run/systemd/users')) return null;
  return existsSync(`/var/lib/systemd/linger/${user}`);
}
