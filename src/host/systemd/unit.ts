import { constants } from 'node:os';
import { ReleasesError } from '../../core/errors.js';
import {
  gatewayArguments,
  parseArgv,
  parseEnvironment,
  parseProperties,
  parseSpan,
  splitPaths,
} from './format.js';
import { type Scope, systemctl, typed, type UnitAddress } from './systemctl.js';

const PROPERTIES = [
  ...['LoadState', 'Description', 'FragmentPath', 'DropInPaths'],
  ...['ActiveState', 'SubState', 'Result', 'Job', 'NeedDaemonReload', 'FreezerState'],
  ...['MainPID', 'InvocationID', 'NRestarts', 'ControlGroup', 'ExecMainCode', 'ExecMainStatus'],
  ...[
    'ExecStart',
    'Environment',
    'User',
    'Group',
    'KillMode',
    'Restart',
    'TimeoutStartUSec',
    'TimeoutStopUSec',
  ],
];

export interface UnitStatus {
  /** `loaded`, `masked`, `not-found`, `bad-setting` or `error`. */
  loadState: string;
  description: string;
  /** Path of the unit file; empty for a unit without one. */
  path: string;
  dropIns: string[];
  activeState: string;
  subState: string;
  result: string;
  hasJob: boolean;
  /** The unit's files changed, but systemd still uses the old ones. */
  needsReload: boolean;
  /** Frozen by `systemctl freeze` (systemd 246, cgroup v2). */
  isFrozen: boolean;
  mainPid: number | null;
  /** New at each start; null before the first one. */
  invocation: string | null;
  restarts: number;
  /** Empty when nothing of the unit runs. */
  controlGroup: string;
  /** End of the last main process; null while one runs. */
  lastExit: Exit | null;
  /** Command line, joined by blanks; null when it cannot be shown. */
  argv: string | null;
  args: string[];
  environment: Record<string, string>;
  user: string;
  group: string;
  killMode: string;
  restartsAlways: boolean;
  /** Milliseconds; Infinity when there is no limit. */
  startLimitMs: number;
  stopLimitMs: number;
}

export interface Exit {
  code: number | null;
  signal: string | null;
}

/**
 * @throws ReleasesError `supervisor_not_found` when the unit or systemd is missing, `supervisor_failed` when the unit
 * is masked or cannot be loaded, or systemd does not answer
 */
export async function readUnit(address: UnitAddress): Promise<UnitStatus> {
  const status = await showUnit(address);
  requireLoaded(address, status.loadState);
  return status;
}

/**
 * Reads a unit that may be missing, masked or broken.
 * @throws ReleasesError `supervisor_not_found` when systemd is missing, `supervisor_failed` when it does not answer
 */
export async function showUnit(address: UnitAddress): Promise<UnitStatus> {
  const { scope, unit } = address;
  const ask = () => systemctl(scope, 'show', '--property', PROPERTIES.join(','), '--', unit);
  let answer = await ask();
  // The end of a session and a shutdown signal all processes, so systemctl may die. Asks again.
  if (answer.killed) answer = await ask();
  if (!answer.ok) {
    throw new ReleasesError(
      'supervisor_failed',
      `systemd cannot be asked about ${unit}: ${answer.stderr || 'systemctl was ended by a signal'}`,
      {
        hint: typed(scope, 'status', unit),
      },
    );
  }
  const properties = parseProperties(answer.stdout);
  const get = (name: string) => properties.get(name) ?? '';
  const argv = parseArgv(get('ExecStart'));
  return {
    loadState: get('LoadState'),
    description: get('Description'),
    path: get('FragmentPath'),
    dropIns: splitPaths(get('DropInPaths')),
    activeState: get('ActiveState'),
    subState: get('SubState'),
    result: get('Result'),
    hasJob: Number(get('Job')) > 0,
    needsReload: get('NeedDaemonReload') === 'yes',
    isFrozen: /^(freezing|frozen)$/.test(get('FreezerState')),
    mainPid: Number(get('MainPID')) || null,
    invocation: get('InvocationID') || null,
    restarts: Number(get('NRestarts')),
    controlGroup: get('ControlGroup'),
    lastExit: exitOf(Number(get('ExecMainCode')), Number(get('ExecMainStatus'))),
    argv,
    args: gatewayArguments((argv ?? '').split(/\s+/).filter(Boolean).slice(1)),
    environment: parseEnvironment(get('Environment')),
    user: get('User'),
    group: get('Group'),
    killMode: get('KillMode'),
    restartsAlways: get('Restart') === 'always',
    startLimitMs: parseSpan(get('TimeoutStartUSec')),
    stopLimitMs: parseSpan(get('TimeoutStopUSec')),
  };
}

function requireLoaded({ scope, unit }: UnitAddress, loadState: string): void {
  switch (loadState) {
    case 'loaded':
      return;
    case 'not-found':
      throw new ReleasesError('supervisor_not_found', `There is no unit ${unit} in the ${named(scope)}.`, {
        hint: typed(scope, 'list-units', '--all', "'*openclaw*'"),
      });
    case 'masked':
      throw new ReleasesError('supervisor_failed', `${unit} is masked, so systemd refuses to start it.`, {
        hint: typed(scope, 'unmask', unit),
      });
    default:
      throw new ReleasesError('supervisor_failed', `${unit} cannot be loaded (${loadState}).`, {
        hint: typed(scope, 'status', unit),
      });
  }
}

function named(scope: Scope): string {
  return scope === 'user' ? "user's systemd" : "machine's systemd";
}

/** `ExecMainCode` is the `si_code` of waitid(2): 1 exited, 2 killed, 3 killed with a core dump. */
function exitOf(code: number, status: number): Exit | null {
  if (code === 1) return { code: status, signal: null };
  if (code !== 2 && code !== 3) return null;
  const signal = Object.entries(constants.signals).find(([, number]) => number === status)?.[0];
  return { code: null, signal: signal ?? `signal ${status}` };
}
