import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';

/**
 * Whether a user's systemd runs from boot on and without a login, this user's by default. Where it does not, the
 * gateway and a change that runs beside it end with the last session. logind keeps the answer as a file, and says
 * no other thing when it is asked.
 */
export async function lingers(user = userInfo().username): Promise<boolean> {
  return existsSync(`/var/lib/systemd/linger/${user}`);
}
