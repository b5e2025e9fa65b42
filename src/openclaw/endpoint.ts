import { join } from 'node:path';
import JSON5 from 'json5';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { homeDirectory } from '../host/user.js';

const DEFAULT_PORT = 18789;

export interface Endpoint {
  port: number;
  url: string;
  /** Shared token, or null when it cannot be read from here. */
  token: string | null;
}

export interface Launch {
  args: string[];
  env: Record<string, string>;
}

/**
 * Finds the endpoint in OpenClaw's own order: `--port`, `OPENCLAW_GATEWAY_PORT`, `gateway.port` of its configuration,
 * 18789. Ignores a value that it cannot parse: OpenClaw reports that error.
 */
export function findEndpoint(launch: Launch): Endpoint {
  const gateway = member(readConfiguration(launch.env), 'gateway');
  const port =
    parsePort(portArgument(launch.args)) ??
    parsePort(launch.env.OPENCLAW_GATEWAY_PORT) ??
    parsePort(member(gateway, 'port')) ??
    DEFAULT_PORT;
  const token = launch.env.OPENCLAW_GATEWAY_TOKEN || plainText(member(member(gateway, 'auth'), 'token'));
  return { port, url: `http://127.0.0.1:${port}`, token };
}

export function portArgument(args: string[]): string | undefined {
  // The last one counts, as in OpenClaw's own parser.
  const at = args.findLastIndex((arg) => arg === '--port' || arg.startsWith('--port='));
  return args[at] === '--port' ? args[at + 1] : args[at]?.slice('--port='.length);
}

function parsePort(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^\d{1,5}$/.test(text.trim())) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** Accepts a literal token only: no `${VARIABLE}` and no reference to a secret. */
function plainText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && !value.includes('${') ? value : null;
}

function readConfiguration(env: Record<string, string>): unknown {
  try {
    const state = env.OPENCLAW_STATE_DIR || join(homeDirectory(env), '.openclaw');
    return parse(
      readPlainFile(env.OPENCLAW_CONFIG_PATH || join(state, 'openclaw.json'), LARGEST, {
        follow: true,
      }).toString(),
    );
  } catch {
    return undefined;
  }
}

/** Tries JSON first, because it needs no library and means the same in JSON5. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return JSON5.parse(text);
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
