import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exclusive } from '../../change/exclusive.js';
import { tell } from '../../change/tell.js';
import { ReleasesError } from '../../core/errors.js';
import { outgoing } from '../../core/printable.js';
import { placeOf } from '../../host/place.js';
import { isAlive, type ProcessIdentity } from '../../host/process.js';
import { waitUntil } from '../../host/wait.js';
import { inspectIfThere } from '../../ledger/running-release.js';
import { previousRelease } from '../../store/links.js';
import { releaseDirectory } from '../../store/manifest.js';
import type { Root } from '../../store/root.js';
import { builtinSupervisor } from '../../supervisor/builtin/client.js';
import { leaveFirstProcess } from '../../supervisor/builtin/first-process.js';
import { endOrphan, findOrphan } from '../../supervisor/builtin/orphan.js';
import { ownParents, readRunRecord } from '../../supervisor/builtin/record.js';
import { runSupervisor, STOP_LIMIT_MS } from '../../supervisor/builtin/run.js';
import type { Supervisor } from '../../supervisor/supervisor.js';
import { lookEveryHour } from '../../timer/builtin-timer.js';
import { resolveReleaseName } from '../../views/release.js';
import { command } from '../command.js';
import { outputFor } from '../output.js';
import { durationIn } from '../parse.js';
import { nextLines } from '../report.js';
import { type CommonOptions, rootOf } from '../session.js';
import { asTyped } from '../typed-command.js';

type Options = CommonOptions & { stopTimeout?: number; replace?: boolean };

const STOP = 'before a gateway that was asked to stop is killed (default: 330s)';

/** Exit code of a gateway that does not accept its configuration, or has none. */
const CONFIGURATION_ERROR = 78;

/** Exit code of the launcher where no release can be started. */
const NO_RELEASE = 69;

/** Longest wait of `--replace` for a change, which needs the other `run` until its verdict. */
const CHANGE_LIMIT_MS = 600_000;

export const runCommand = () =>
  command('run', 'supervise the gateway in the foreground', 'openclaw-releases run -- --port 18789')
    .argument('[arguments...]', "the gateway's own arguments, after --")
    .option('--stop-timeout <time>', STOP, durationIn('s'))
    .option('--replace', 'end a run of this root first whose own supervisor was killed')
    .action(async (args: string[], options: Options) => {
      const log = (line: string) =>
        void process.stderr.write(`openclaw-releases: ${outgoing(asTyped(line))}\n`);
      leaveFirstProcess(log);
      ownParents();
      const root = rootOf(options);
      releaseDirectory(root, resolveReleaseName(root, 'current'));
      const orphan = options.replace ? findOrphan(root.path) : null;
      if (orphan)
        log(`Process ${orphan.pid} lost its supervisor: it ends, and its gateway starts again here.`);
      await recover(root, log, orphan, options.stopTimeout ?? STOP_LIMIT_MS);
      void tell(root);
      const stopLooking = lookEveryHour(root, log);
      const exitCode = await runSupervisor({
        root: root.path,
        args,
        output: options.json ? 2 : 1,
        ...(options.stopTimeout !== undefined && { stopLimitMs: options.stopTimeout }),
        log,
      }).finally(stopLooking);
      for (const line of nextLines(nextAfter(root, exitCode))) log(line);
      if (options.json) outputFor(true).answer({ ok: exitCode === 0, exitCode }, () => '');
      process.exitCode = exitCode;
    });

/** A release from before may accept the configuration that this one refuses. */
function nextAfter(root: Root, exitCode: number): string[] {
  if (exitCode === NO_RELEASE) return ['openclaw-releases setup'];
  if (exitCode !== CONFIGURATION_ERROR) return [];
  const { config } = placeOf({ env: process.env as Record<string, string> });
  const previous = previousRelease(root);
  const isMissing = !existsSync(config) || previous === null;
  const first = isMissing
    ? `${join(root.bin, 'openclaw')} setup`
    : `openclaw-releases switch ${previous} --no-restart`;
  return [first, 'openclaw-releases run'];
}

/** The process of a gateway that is ending may be a launcher, which exchanges the state. */
async function hasNoGateway(root: Root, supervisor: Supervisor): Promise<boolean> {
  const { gateway } = readRunRecord(root.path) ?? {};
  if (gateway && isAlive(gateway)) return false;
  return (await inspectIfThere(supervisor).catch(() => undefined)) === null;
}

/**
 * Recovers what was interrupted. A change that is active did so before it began: the gateway is started meanwhile, or
 * runs below the orphan until that change ends.
 */
async function recover(
  root: Root,
  log: (line: string) => void,
  orphan: ProcessIdentity | null,
  stopMs: number,
) {
  const end = async () => void (orphan && (await endOrphan(orphan, Math.max(stopMs, STOP_LIMIT_MS))));
  const supervisor = builtinSupervisor(root.path);
  const environment = { root, supervisor, atBoot: !orphan && (await hasNoGateway(root, supervisor)) };
  let said = false;
  await waitUntil({ withinMs: orphan ? CHANGE_LIMIT_MS : 0, everyMs: 1_000 }, async () => {
    try {
      await exclusive(environment, { doing: 'run', recover: true, tells: false }, end);
      return true;
    } catch (error) {
      if (!(error instanceof ReleasesError) || error.code !== 'locked') throw error;
      const waits = orphan !== null && isAlive(orphan);
      if (!said) log(`${error.message} The gateway is ${waits ? 'replaced after it' : 'started meanwhile'}.`);
      said = true;
      return !waits;
    }
  });
}
