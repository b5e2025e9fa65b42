import { expect } from 'vitest';
import { TOKEN } from './gateway.js';
import type { Machine } from './machine.js';

/** A gateway as the kernel and the network show it; nothing of our own code or records is asked. */
export interface Observed {
  pid: number;
  user: string;
  /** Addresses with ports on which the process of the unit, or a process below it, listens. */
  listens: string[];
  /** State directory in which the process that listens has a file open, or has written down its start. */
  state: string | null;
  /** Version that answers at the first of the addresses; null without an answer. */
  version: string | null;
  /** Variables of the process that listens, apart from those of one start. */
  environment: Record<string, string>;
}

/** Variables that differ from start to start, or that adopting sets. */
export const OF_A_START =
  /^(INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|MANAGERPID|MEMORY_PRESSURE_\w+|OPENCLAW_RELEASES_\w+|OPENCLAW_NO_AUTO_UPDATE|OPENCLAW_SERVICE_REPAIR_POLICY|OPENCLAW_SERVICE_VERSION|OPENCLAW_SUPERVISOR_MODE|NODE_COMPILE_CACHE|OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED|PWD|SHLVL|_)$/;

const SCRIPT = String.raw`
  const { execFileSync } = require('node:child_process');
  const { existsSync, readFileSync, readdirSync, readlinkSync } = require('node:fs');
  const [main, home] = [Number(process.argv[1]), process.argv[2]];
  const parentOf = (pid) => Number(readFileSync('/proc/' + pid + '/stat', 'utf8').split(') ').at(-1).split(' ')[1]);
  const isBelow = (pid) => { try { return pid === main || (pid > 1 && isBelow(parentOf(pid))); } catch { return false; } };
  const sockets = execFileSync('ss', ['-Hltnp'], { encoding: 'utf8' }).split('\n').flatMap((line) => {
    const pid = Number(/pid=(\d+)/.exec(line)?.[1]);
    return pid && isBelow(pid) ? [{ pid, address: line.trim().split(/\s+/)[3] }] : [];
  });
  const pid = sockets[0]?.pid ?? main;
  const env = Object.fromEntries(readFileSync('/proc/' + pid + '/environ', 'utf8').split('\0').filter(Boolean)
    .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
  const user = execFileSync('ps', ['-o', 'user=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  const states = readdirSync(home).filter((name) => name.startsWith('.openclaw')).map((name) => home + '/' + name);
  const startsIn = (state) => existsSync(state + '/starts.jsonl') ? readFileSync(state + '/starts.jsonl', 'utf8') : '';
  const nameOf = (fd) => { try { return readlinkSync('/proc/' + pid + '/fd/' + fd); } catch { return ''; } };
  const open = readdirSync('/proc/' + pid + '/fd').map(nameOf);
  const state = states.find((each) => startsIn(each).includes('"pid":' + pid + ',')
    || open.some((path) => path.startsWith(each + '/'))) ?? null;
  console.log(JSON.stringify({ pid: main, user, listens: sockets.map(({ address }) => address).sort(), state, env }));
`;

/** Looks at the gateway of a unit, by default one of claw. */
export async function observe(
  machine: Machine,
  unit: string,
  { scope = 'user', home = machine.claw.home }: { scope?: 'user' | 'system'; home?: string } = {},
): Promise<Observed> {
  const { MainPID = '0' } = await machine.unit(unit, scope);
  const { stdout } = await machine.run(
    `/opt/node/bin/node -e '${SCRIPT.replaceAll("'", `'\\''`)}' ${MainPID} ${home}`,
    {
      as: 'root',
    },
  );
  const { env, ...seen } = JSON.parse(stdout) as Omit<Observed, 'version' | 'environment'> & {
    env: Record<string, string>;
  };
  const environment = Object.fromEntries(Object.entries(env).filter(([name]) => !OF_A_START.test(name)));
  return { ...seen, environment, version: await versionAt(machine, seen.listens[0]) };
}

async function versionAt(machine: Machine, address: string | undefined): Promise<string | null> {
  if (address === undefined) return null;
  const where = address.replace('0.0.0.0', '127.0.0.1');
  // Older versions have no other page that says it.
  const page = `${where}/__openclaw/control-ui-config.json`;
  const curl = (scheme: string) =>
    `curl --silent --insecure --max-time 10 --header 'authorization: Bearer ${TOKEN}' ${scheme}://${page}`;
  const { stdout } = await machine.run(`${curl('http')} || ${curl('https')}`, { reject: false });
  return /"serverVersion":"([^"]+)"/.exec(stdout)?.[1] ?? null;
}

/** Everything that makes one gateway another one: only its process and its version may differ afterwards. */
export function identityOf({ user, listens, state, environment }: Observed) {
  return { user, listens, state, environment };
}

/**
 * Looks at a gateway before a story.
 * @returns an expectation: it is another process, but the same gateway, and this version answers
 */
export async function rememberInstance(
  machine: Machine,
  { unit, scope }: { unit: string; scope: 'user' | 'system' },
): Promise<(version: string) => Promise<void>> {
  const before = await observe(machine, unit, { scope });
  expect(before.listens, 'it listens').not.toEqual([]);
  expect(before.state, 'it has a state').not.toBe(null);
  let last = before.pid;
  return async (version) => {
    const now = await observe(machine, unit, { scope });
    expect(identityOf(now)).toEqual(identityOf(before));
    expect(now.version).toBe(version);
    expect(now.pid, 'another process').not.toBe(last);
    last = now.pid;
  };
}
