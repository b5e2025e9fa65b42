import { constants } from 'node:os';
import { ReleasesError } from '../../core/errors.js';
import type { Inspection } from '../supervisor.js';
import { parseArguments, parseEnvironment, parseProperties, parseSpan } from './format.js';
import { type Scope, systemctl, typed, type UnitAddress } from './systemctl.js';

const PROPERTIES = [
  ...['LoadState', 'ActiveState', 'SubState', 'Result', 'Job', 'NeedDaemonReload', 'FreezerState'],
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
  activeState: string;
  subState: string;
  result: string;
  /** A start, a stop or a restart is queued or runs. */
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
  lastExit: Inspection['lastExit'];
  args: string[];
  environment: Record<string, string>;
  /** Empty when systemd chooses. */
  user: string;
  group: string;
  killMode: string;
  restartsAlways: boolean;
  /** Milliseconds; Infinity when there is no limit. */
  startLimitMs: number;
  stopLimitMs: number;
}

/**
 * @throws ReleasesError `supervisor_not_found` when the unit or systemd is missing, `supervisor_failed` when the unit
 * is masked or cannot be loaded, or systemd does not answer
 */
export async function readUnit(address: UnitAddress): Promise<UnitStatus> {
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
  requireLoaded(address, get('LoadState'));
  return {
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
    args: parseArguments(get('ExecStart')),
    environment: parseEnvironment(get('Environment')),
    user: get('User'),
    group: get('Group'),
    killMode: get('KillMode'),
    restartsAlways: get('Restart') === 'always',
    startLimitMs: parseSpan(get('TimeoutStartUSec')),
    stopLimitMs: parseSpan(get('TimeoutStopUSec')),
  };
}

export function stateOf(status: UnitStatus): Inspection['state'] {
  if (status.mainPid !== null) return 'running';
  // Also while it stops: a start follows, or one of the two states below.
  if (status.hasJob || /ing$/.test(status.activeState)) return 'waiting';
  // systemd 254 and later pass through these before auto-restart.
  if (status.subState.endsWith('-before-auto-restart')) return 'waiting';
  return status.activeState === 'failed' ? 'failed' : 'stopped';
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
function exitOf(code: number, status: number): Inspection['lastExit'] {
  if (code === 1) return { code: status, signal: null };
  if (code !== 2 && code !== 3) return null;
  const signal = Object.entries(constants.signals).find(([, number]) => number === status)?.[0];
  return { code: null, signal: signal ?? `signal ${status}` };
}
