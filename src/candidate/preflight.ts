import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

/** OpenClaw answered in 0.8 s; a busy host needs much more. */
const TIMEOUT_MS = 60_000;

export interface PreflightRequest {
  /** Node of the release, and its program; absolute. */
  node: string;
  main: string;
  /** A copied database without side files (WAL); absolute. Only read. */
  database: string;
  /** Owner: the gateway, or the agent with this id. */
  of: 'state' | { agent: string };
  /** Home and state of the program; created, then removed. */
  scratch: string;
  signal?: AbortSignal | undefined;
}

export type Preflight =
  /** `asItIs`: without a migration by the release. */
  | { answer: 'readable'; asItIs: boolean }
  /** `found` is the database's version, `known` the release's newest; null when versions are not the problem. */
  | { answer: 'incompatible'; why: string; found: number | null; known: number | null }
  | { answer: 'unknown'; why: string };

/** Any answer is a result, never an error. */
export async function preflight(request: PreflightRequest): Promise<Preflight> {
  const { node, main, database, of, scratch, signal } = request;
  const command =
    of === 'state' ? ['preflight', database] : ['preflight-agent', database, '--agent-id', of.agent];
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  try {
    const { stdout } = await execa(node, [main, 'database', ...command, '--json'], {
      cwd: scratch,
      // Passes neither the gateway's state nor its secrets.
      env: {
        PATH: process.env.PATH ?? '',
        HOME: scratch,
        OPENCLAW_STATE_DIR: join(scratch, 'state'),
        ...QUIET,
      },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      ...(signal && { cancelSignal: signal }),
    });
    return understand(stdout);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const QUIET = { OPENCLAW_NO_AUTO_UPDATE: '1', OPENCLAW_NO_RESPAWN: '1', NO_COLOR: '1' };

/** Known statuses, true when no migration is needed; a newer release may have more. */
const READABLE = new Map([
  ['exact', true],
  ['compatible', true],
  ['migration-required', false],
]);

function understand(stdout: string): Preflight {
  const document = parse(stdout);
  if (document === null) return { answer: 'unknown', why: 'it has no command that tells' };
  const { status, reason } = document;
  const asItIs = READABLE.get(String(status));
  if (asItIs !== undefined) return { answer: 'readable', asItIs };
  const [found, known] = [version(document.foundVersion), version(document.targetVersion)];
  const said = typeof reason === 'string' ? reason : `it says ${JSON.stringify(status)}`;
  if (status !== 'incompatible') return { answer: 'unknown', why: said };
  const newer = found !== null && known !== null && found > known;
  return {
    answer: 'incompatible',
    why: newer ? `version ${found}, and it knows ${known}` : said,
    found,
    known,
  };
}

function parse(stdout: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(stdout);
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}

function version(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
