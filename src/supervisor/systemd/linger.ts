import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';

/**
 * Returns true when a user's systemd runs from boot on, without a login. Otherwise the gateway and a change beside it
 * end with the last session. logind keeps its answer in this file.
 */
export async function lingers(user = userInfo().username): Promise<boolean> {
  return existsSync(`/var/lib/systemd/linger/${user}`);
}
