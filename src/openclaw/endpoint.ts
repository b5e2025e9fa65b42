import { networkInterfaces } from 'node:os';
import { member } from '../core/json.js';
import { argument, profileOf } from '../core/profile.js';
import { isWildcard, type Listener, listenersOf } from '../host/listener.js';
import type { Launch } from '../host/place.js';
import { descendantsOf, environmentOf } from '../host/process.js';
import { readConfiguration } from './configuration.js';

const DEFAULT_PORT = 18789;
/** Port of `--dev` and `--profile dev`. */
const DEV_PORT = 19001;

/** Sockets of a gateway that are asked; it has few, and the first is almost always right. */
const MOST = 6;

const LOOPBACK = '127.0.0.1';

/** Addresses of Tailscale: 100.64.0.0/10. */
const TAILNET = /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./;

export interface Door {
  url: string;
  token: string | null;
}

export interface Endpoint extends Door {
  /** Address on which the gateway listens; `0.0.0.0` and `::` are all of the machine. */
  address: string;
  port: number;
  /** Process that listens there, from the kernel's table; null when the endpoint comes from the configuration. */
  listener: number | null;
  /** Another process listens there too. */
  isShared?: boolean;
}

export interface Gateway {
  pid: number | null;
  launch: Launch;
}

/**
 * Finds where a gateway may answer, likeliest first; never empty. The sockets of its processes decide, and the
 * configuration where it does not listen or may not be inspected.
 */
export function endpointsOf({ pid, launch }: Gateway): Endpoint[] {
  const whole = pid === null ? launch : { ...launch, env: { ...launch.env, ...environmentOf(pid) } };
  const configured = configuredEndpoint(whole);
  const sockets = pid === null ? [] : socketsOf(pid, configured.port);
  const onPort = sockets.filter(({ port }) => port === configured.port);
  const found = (onPort.length > 0 ? onPort : sockets).sort((a, b) => rank(a) - rank(b)).slice(0, MOST);
  const scheme = configured.url.startsWith('https') ? 'https' : 'http';
  const endpoints = found.map(({ pid: listener, address, port, isShared }) => {
    return { ...configured, address, port, url: urlOf(scheme, address, port), listener, isShared };
  });
  return onPort.length > 0 ? endpoints : [...endpoints, configured];
}

/**
 * Reads the endpoint in OpenClaw's own order: `--port`, `OPENCLAW_GATEWAY_PORT`, `gateway.port` of its configuration,
 * 18789. Ignores a value that it cannot parse: OpenClaw reports that error.
 */
export function configuredEndpoint(launch: Launch): Endpoint {
  const { args, env } = launch;
  const gateway = member(readConfiguration(launch), 'gateway');
  const port =
    parsePort(argument(args, 'port')) ??
    parsePort(env.OPENCLAW_GATEWAY_PORT) ??
    parsePort(member(gateway, 'port')) ??
    (profileOf({}, args) === 'dev' ? DEV_PORT : DEFAULT_PORT);
  const token = env.OPENCLAW_GATEWAY_TOKEN || plainText(member(gateway, 'auth', 'token'));
  const address = boundAddress(argument(args, 'bind') ?? member(gateway, 'bind'), gateway);
  const scheme = member(gateway, 'tls', 'enabled') === true ? 'https' : 'http';
  return { address, port, url: urlOf(scheme, address, port), token, listener: null };
}

export function otherScheme(endpoint: Endpoint): Endpoint {
  const scheme = endpoint.url.startsWith('https') ? 'http' : 'https';
  return { ...endpoint, url: urlOf(scheme, endpoint.address, endpoint.port) };
}

/** Sockets of the main process, else of all below it: a wrapper may have started the gateway as its child. */
function socketsOf(main: number, port: number): Listener[] {
  const own = listenersOf([main]);
  return own.some((socket) => socket.port === port) ? own : listenersOf(descendantsOf(main));
}

const BEST = ['127.0.0.1', '0.0.0.0', '::1', '::'];

function rank({ address }: Listener): number {
  const at = BEST.indexOf(address);
  return at < 0 ? BEST.length : at;
}

function urlOf(scheme: string, address: string, port: number): string {
  const reached = isWildcard(address) ? (address === '::' ? '::1' : LOOPBACK) : address;
  return `${scheme}://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

function boundAddress(bind: unknown, gateway: unknown): string {
  if (bind === 'lan') return '0.0.0.0';
  if (bind === 'custom') return plainText(member(gateway, 'customBindHost')) ?? '0.0.0.0';
  if (bind !== 'tailnet') return LOOPBACK;
  const addresses = Object.values(networkInterfaces()).flatMap((of = []) => of.map(({ address }) => address));
  return addresses.find((address) => TAILNET.test(address)) ?? LOOPBACK;
}

function parsePort(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^\d{1,5}$/.test(text.trim())) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** Accepts literal text only: no `${VARIABLE}` and no reference to a secret. */
function plainText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && !value.includes('${') ? value : null;
}
