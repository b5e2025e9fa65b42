import { statSync } from 'node:fs';
import { isWildcard } from '../host/listener.js';
import { type Place, placeOf } from '../host/place.js';
import { environmentOf } from '../host/process.js';
import type { Endpoint, Gateway } from './endpoint.js';

/** Which gateway a process is, read from the kernel. */
export interface Instance extends Place {
  /** User id of the process. */
  user: number;
  /** Address and port of the socket that listens; null where the process's sockets cannot be read. */
  address: string | null;
  port: number | null;
}

/**
 * Reads the instance of a running gateway: of the process that listens, because a wrapper's environment is not its
 * child's. Null when none runs, or its environment may not be read.
 * @throws ReleasesError `home_unknown`
 */
export function instanceOf({ pid, launch }: Gateway, endpoint: Endpoint): Instance | null {
  const process = endpoint.listener ?? pid;
  const user = process === null ? undefined : statSync(`/proc/${process}`, { throwIfNoEntry: false })?.uid;
  if (process === null || user === undefined) return null;
  const env = environmentOf(process);
  if (Object.keys(env).length === 0) return null;
  const heard = endpoint.listener === null ? { address: null, port: null } : endpoint;
  return { ...placeOf({ args: launch.args, env }), user, address: heard.address, port: heard.port };
}

const NAMES = {
  user: 'user',
  profile: 'profile',
  directory: 'state directory',
  config: 'configuration',
  port: 'port',
  address: 'address',
} as const satisfies Record<keyof Instance, string>;

/**
 * Differences as phrases, such as `port 18789 before, 18790 now`. Only a port and an address can be unknown, and an
 * unknown one is no difference.
 */
export function differences(before: Instance, now: Instance): string[] {
  return Object.entries(NAMES).flatMap(([key, name]) => {
    const [then, after] = [before[key as keyof Instance], now[key as keyof Instance]];
    if (then === null || after === null || then === after) return [];
    return [`${name} ${shown(then)} before, ${shown(after)} now`];
  });
}

function shown(value: string | number): string {
  if (value === '') return 'default';
  return typeof value === 'string' && isWildcard(value) ? `${value} (every address)` : String(value);
}
