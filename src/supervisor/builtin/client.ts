import { existsSync, lstatSync } from 'node:fs';
import { connect } from 'node:net';
import { ReleasesError, systemCode } from '../../core/errors.js';
import { START_VARIABLE } from '../../host/gateway-process.js';
import type { OutsideProgram } from '../../host/outside-program.js';
import { descendsFrom, environmentOf, isAlive, sessionOf } from '../../host/process.js';
import { type Address, openAddress } from '../address.js';
import type { Glance, Inspection, RestartReport, Supervisor } from '../supervisor.js';
import { launchEnvironment } from './launch.js';
import { type InspectResult, parseReply, type Request } from './protocol.js';
import { instanceOf, readRunRecord } from './record.js';

const INSPECT_TIMEOUT_MS = 5_000;
const OUTSIDE_TIMEOUT_MS = 15_000;
/** Milliseconds beyond the stop limit for a kill, the leftovers and a start, each bounded. */
const RESTART_MARGIN_MS = 30_000;

export function builtinSupervisor(root: string): Supervisor {
  const inspect = async (timeoutMs = INSPECT_TIMEOUT_MS) =>
    (await ask(root, { cmd: 'inspect' }, timeoutMs)) as InspectResult;
  return {
    kind: 'builtin',
    // Starts the gateway again automatically; its log is the output of `openclaw-releases run`.
    byHand: { restart: null, log: null },
    async inspect(): Promise<Inspection> {
      const { stopLimitMs: _, ...inspection } = await inspect();
      return inspection;
    },
    peek: () => glanceAt(root),
    async restart(): Promise<RestartReport> {
      const { stopLimitMs } = await inspect(RESTART_MARGIN_MS);
      return (await ask(root, { cmd: 'restart' }, stopLimitMs + RESTART_MARGIN_MS)) as RestartReport;
    },
    async owns(pid: number): Promise<boolean> {
      const main = (await inspect()).pid;
      // A process whose parent ended has left the tree, but is still in the gateway's session, or has the mark.
      return main !== null && (descendsFrom(pid, main) || sessionOf(pid) === main || hasSameMark(pid, main));
    },
    async runOutside(program: OutsideProgram): Promise<{ follow: string }> {
      return (await ask(root, { cmd: 'outside', ...program }, OUTSIDE_TIMEOUT_MS)) as { follow: string };
    },
  };
}

/** Such a process ends with the gateway. */
function hasSameMark(pid: number, main: number): boolean {
  const { [START_VARIABLE]: mark } = environmentOf(main);
  return mark !== undefined && environmentOf(pid)[START_VARIABLE] === mark;
}

function glanceAt(root: string): Glance | null {
  const { supervisor, gateway } = readRunRecord(root) ?? {};
  if (!supervisor || !gateway || !isAlive(supervisor) || !isAlive(gateway)) return null;
  const { pid, start } = gateway;
  return {
    pid,
    instance: instanceOf(gateway),
    env: launchEnvironment(environmentOf(pid)),
    ...(start && { start }),
  };
}

async function ask(root: string, request: Request, timeoutMs: number): Promise<unknown> {
  let address: Address | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    address = openAddress(root);
    // Checks first: loading the socket code takes longest in a command that only reads.
    if (!existsSync(address.path)) throw notFound(root);
    const socket = connect(address.path).setEncoding('utf8');
    timer = setTimeout(() => socket.destroy(noAnswer(timeoutMs)), timeoutMs);
    socket.write(`${JSON.stringify(request)}\n`);
    let text = '';
    for await (const chunk of socket) text += chunk;
    return parseReply(text);
  } catch (error) {
    throw connectionError(root, error);
  } finally {
    clearTimeout(timer);
    address?.close();
  }
}

function noAnswer(timeoutMs: number): ReleasesError {
  return new ReleasesError('supervisor_failed', `The supervisor did not answer within ${timeoutMs} ms.`);
}

function notFound(root: string, cause?: unknown): ReleasesError {
  return new ReleasesError('supervisor_not_found', `No supervisor runs for ${root}.`, {
    hint: `openclaw-releases ${hasCurrent(root) ? 'run' : 'setup'}`,
    cause,
  });
}

/** Without a current release `run` would be refused. */
function hasCurrent(root: string): boolean {
  return lstatSync(`${root}/current`, { throwIfNoEntry: false }) !== undefined;
}

function connectionError(root: string, error: unknown): ReleasesError {
  if (error instanceof ReleasesError) return error;
  const code = systemCode(error);
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return notFound(root, error);
  return new ReleasesError('supervisor_failed', `The supervisor of ${root} cannot be asked (${code}).`, {
    cause: error,
  });
}
