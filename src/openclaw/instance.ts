import { isLoopback, isWildcard } from '../host/listener.js';
import { type Place, placeOf } from '../host/place.js';
import { environmentOf, userOf } from '../host/process.js';
import { type Endpoint, endpointsOf, type Gateway } from './endpoint.js';

/** Which gateway a process is, read from the kernel. */
export interface Instance extends Place {
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
export function instanceOf(gateway: Gateway, endpoint: Endpoint): Instance | null {
  const { pid, launch } = gateway;
  const process = endpoint.listener ?? pid;
  const user = process === null ? null : userOf(process);
  if (process === null || user === null) return null;
  const env = environmentOf(process);
  if (Object.keys(env).length === 0) return null;
  const place = { ...placeOf({ args: launch.args, env }), user };
  if (endpoint.listener === null) return { ...place, address: null, port: null };
  // The likeliest of its sockets: which of them answers first changes with the load.
  const first = endpointsOf(gateway).find(
    ({ listener, port }) => listener !== null && port === endpoint.port,
  );
  return { ...place, address: (first ?? endpoint).address, port: endpoint.port };
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
    if (key === 'address' && areAlike(String(then), String(after))) return [];
    return [`${name} ${shown(then)} before, ${shown(after)} now`];
  });
}

/** A program that listens on `localhost`, or everywhere, has a socket for IPv4 and one for IPv6, and opens one first. */
function areAlike(one: string, other: string): boolean {
  return [isLoopback, isWildcard].some((kind) => kind(one) && kind(other));
}

function shown(value: string | number): string {
  if (value === '') return 'default';
  return typeof value === 'string' && isWildcard(value) ? `${value} (every address)` : String(value);
}
