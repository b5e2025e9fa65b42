import { type Command, Option } from 'commander';
import { exclusive } from '../../change/exclusive.js';
import { ReleasesError } from '../../core/errors.js';
import { outgoing } from '../../core/printable.js';
import { releaseDirectory } from '../../store/manifest.js';
import type { Root } from '../../store/root.js';
import { builtinSupervisor } from '../../supervisor/builtin/client.js';
import { leaveFirstProcess } from '../../supervisor/builtin/first-process.js';
import { runSupervisor } from '../../supervisor/builtin/run.js';
import { lookEveryHour } from '../../timer/builtin-timer.js';
import { resolveReleaseName } from '../../views/release.js';
import { command, parseSeconds } from '../command.js';
import { outputFor } from '../output.js';
import { type CommonOptions, rootOf } from '../session.js';

type Options = CommonOptions & { stopTimeout?: number };

export function runCommand(): Command {
  return command('run', 'supervise the gateway in the foreground', 'openclaw-releases run -- --port 18789')
    .argument('[arguments...]', "the gateway's own arguments, after --")
    .addOption(
      new Option(
        '--stop-timeout <seconds>',
        'before a gateway that was asked to stop is killed (default 60)',
      ).argParser(parseSeconds),
    )
    .action(async (args: string[], options: Options) => {
      const log = (line: string) => void process.stderr.write(`openclaw-releases: ${outgoing(line)}\n`);
      leaveFirstProcess(log);
      const root = rootOf(options);
      releaseDirectory(root, resolveReleaseName(root, 'current'));
      await recoverUnlessLocked(root, log);
      const stopLooking = lookEveryHour(root, log);
      const exitCode = await runSupervisor({
        root: root.path,
        args,
        ...(options.stopTimeout !== undefined && { stopLimitMs: options.stopTimeout }),
        log,
      }).finally(stopLooking);
      if (options.json) outputFor(true).answer({ ok: exitCode === 0, exitCode }, () => '');
      process.exitCode = exitCode;
    });
}

/** A change that is active recovered before it began, and the gateway must not stay down until it ends. */
async function recoverUnlessLocked(root: Root, log: (line: string) => void): Promise<void> {
  try {
    const environment = { root, supervisor: builtinSupervisor(root.path) };
    await exclusive(environment, { doing: 'run', recover: true }, () => {});
  } catch (error) {
    if (!(error instanceof ReleasesError) || error.code !== 'locked') throw error;
    log(`${error.message} The gateway is started meanwhile.`);
  }
}
