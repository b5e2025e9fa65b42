import { join } from 'node:path';
import { execa } from 'execa';

/** A gateway that a test started directly, without any supervisor. */
export interface GatewayProcess {
  readonly pid: number;
  /** Address with a trailing slash. */
  readonly url: string;
  /** The answer to `GET url + path`, its body parsed. */
  get(path: string, headers?: Record<string, string>): Promise<{ status: number; body: unknown }>;
  post(path: string): Promise<{ status: number; body: unknown }>;
  kill(signal: NodeJS.Signals): void;
  /** Exit code, and what it wrote to stderr. */
  readonly ended: Promise<{ exitCode: number | undefined; stderr: string }>;
}

/** Longest life of a gateway in a test, in milliseconds. */
const LONGEST_LIFE = 60_000;

/** Runs a command of the package at `packageRoot` with only `env` of the OpenClaw variables set, and the home there too. */
export function runOpenclaw(
  packageRoot: string,
  args: string[],
  env: Record<string, string> = {},
  node = process.execPath,
) {
  return execa(node, [join(packageRoot, 'openclaw.mjs'), ...args], {
    env: { PATH: process.env.PATH, HOME: packageRoot, ...env },
    extendEnv: false,
    reject: false,
    timeout: LONGEST_LIFE,
    killSignal: 'SIGKILL',
  });
}

/**
 * Starts `gateway` on a free port and returns once it listens.
 * @throws Error with its stderr when it exits before
 */
export async function startGatewayProcess(
  packageRoot: string,
  {
    args = ['--port', '0'],
    env = {},
    node,
  }: { args?: string[]; env?: Record<string, string>; node?: string } = {},
): Promise<GatewayProcess> {
  const child = runOpenclaw(packageRoot, ['gateway', ...args], env, node);
  const ended = child.then(({ exitCode, stderr }) => ({ exitCode, stderr }));
  const listening = new Promise<string>((resolve) => {
    let printed = '';
    child.stdout.on('data', (text) => {
      printed += text;
      const url = /listening on (\S+) /.exec(printed)?.[1];
      if (url) resolve(url);
    });
  });
  const url = await Promise.race([listening, ended]);
  if (typeof url !== 'string') throw new Error(`The gateway ended before it listened: ${url.stderr}`);
  return {
    pid: child.pid ?? 0,
    url,
    async get(path, headers = {}) {
      const response = await fetch(url + path, { headers: { connection: 'close', ...headers } });
      return { status: response.status, body: await response.json() };
    },
    async post(path) {
      const response = await fetch(url + path, { method: 'POST', headers: { connection: 'close' } });
      return { status: response.status, body: await response.json() };
    },
    kill: (signal) => void child.kill(signal),
    ended,
  };
}
