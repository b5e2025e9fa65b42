import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { slowness } from '../support/slowness.js';

/** Entry to a running machine. */
export interface Place {
  /** The machine's init, as the host counts. */
  leader: number;
  /** Uid of `claw`. */
  uid: number;
  /** Directory at the same path on the host and inside. */
  shared: string;
}

export type Who = 'claw' | 'root';

export interface RunOptions {
  /** Name of a user; claw unless given. */
  as?: string;
  /** Variables in addition to what a login sets. */
  env?: Record<string, string>;
  /** Ends the command and throws; 60 s unless given. A slow machine gets more. */
  timeoutMs?: number;
  /** `false`: answers any exit code instead of throwing. */
  reject?: boolean;
}

export interface Ran {
  /** -1: the machine, or the time for it, ended before the command. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Path inside of the Node that runs the tests, independent of its path on the host. */
export const NODE = '/opt/node/bin/node';
const PATH = '/opt/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Milliseconds that looking into the machine may take. */
const QUICK = 20_000;

/** A command in the machine's namespaces, with these variables alone. */
function nsenter(place: Place, user: string[], env: Record<string, string>, argv: string[]): string[] {
  const namespaces = ['-t', String(place.leader), '-m', '-u', '-i', '-p', '-n', '-C', ...user];
  return [...namespaces, '--', 'env', '-i', ...assignments({ PATH, ...env }), ...argv];
}

function assignments(env: Record<string, string>): string[] {
  return Object.entries(env).map(([key, value]) => `${key}=${value}`);
}

/** Runs a short command in the machine, outside of all its units: for looking, not for what is tested. */
export function enter(
  place: Place,
  argv: string[],
  { as = 'root', input = '', reject = true }: { as?: Who; input?: string; reject?: boolean } = {},
) {
  const { uid } = place;
  const claw = as === 'claw';
  const user = claw ? ['-S', String(uid), '-G', String(uid)] : [];
  const env: Record<string, string> = claw ? { XDG_RUNTIME_DIR: `/run/user/${uid}` } : {};
  return execa('nsenter', nsenter(place, user, env, argv), {
    ...{ input, reject, timeout: QUICK, killSignal: 'SIGKILL' },
  });
}

let runs = 0;

// A login's processes are in the session's scope and not in the unit that began it; the scope has to be looked up.
const STOP = `
pid=$(systemctl show --property=MainPID --value "$1")
scope=$(sed -n 's,^0::.*/,,p' "/proc/$pid/cgroup")
systemctl kill --signal=KILL "$scope" "$1"
`;

/** Runs a shell command as a login of that user would, in a session scope of its own: outside of every service. */
export async function runInside(place: Place, command: string, options: RunOptions = {}): Promise<Ran> {
  const { as = 'claw', env = {}, reject = true } = options;
  const limitMs = (options.timeoutMs ?? 60_000) * slowness;
  const unit = `lab-run-${++runs}.service`;
  // systemd-run itself answers 0 when the machine ends under it, so the shell around the command says how it ended.
  const verdict = join(place.shared, `.${unit}`);
  // A login has none of the variables by which a service knows that it is one.
  const script = `unset INVOCATION_ID SYSTEMD_EXEC_PID; cd; /bin/bash -c "$0"; echo $? >'${verdict}'`;
  const variables = assignments({ PATH, LANG: 'C.UTF-8', ...env }).map((variable) => `--setenv=${variable}`);
  const argv = [
    ...['systemd-run', '--quiet', '--pipe', '--wait', '--collect', `--unit=${unit}`],
    ...[`--uid=${as}`, '--property=PAMName=login', ...variables],
    // systemd expands variables in arguments unless the dollar is doubled.
    ...['/bin/bash', '-c', script, command].map((word) => word.replaceAll('$', '$$$$')),
  ];
  const child = execa('nsenter', nsenter(place, [], {}, argv), { stdin: 'ignore', reject: false });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void enter(place, ['sh', '-c', STOP, 'sh', unit], { reject: false });
  }, limitMs);
  const { stdout, stderr } = await child;
  clearTimeout(timer);
  const exitCode = existsSync(verdict) ? Number(readFileSync(verdict, 'utf8')) : -1;
  rmSync(verdict, { force: true });
  const said = `\n${stdout}\n${stderr}`;
  if (late) throw new Error(`Not within ${limitMs} ms: ${command}${said}`);
  if (reject && exitCode !== 0) throw new Error(`Ended with ${exitCode}: ${command}${said}`);
  return { exitCode, stdout, stderr };
}
