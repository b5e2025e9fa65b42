import { existsSync } from 'node:fs';
import { userName } from '../../host/user.js';

/**
 * Returns true when a user's systemd runs from boot on, without a login. Otherwise the gateway and a change beside it
 * end with the last session. logind keeps its answer in this file.
 */
export async function lingers(user = userName()): Promise<boolean> {
  return existsSync(`/var/lib/systemd/linger/${user}`);
}
