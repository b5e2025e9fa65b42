#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ERROR_CODES, EXIT, ReleasesError, toErrorRecord } from '../errors.js';
import { adoptCommand, leaveCommand } from './commands/adopt.js';
import { carryCommand } from './commands/carry.js';
import { demoCommand } from './commands/demo.js';
import { doctorCommand } from './commands/doctor.js';
import { historyCommand } from './commands/history.js';
import { listCommand } from './commands/list.js';
import { pinCommand, unpinCommand } from './commands/pin.js';
import { pruneCommand } from './commands/prune.js';
import { recoverCommand } from './commands/recover.js';
import { rollbackCommand } from './commands/rollback.js';
import { runCommand } from './commands/run.js';
import { showCommand } from './commands/show.js';
import { stageCommand } from './commands/stage.js';
import { statusCommand } from './commands/status.js';
import { switchCommand } from './commands/switch.js';
import { updateCommand } from './commands/update.js';
import { verifyCommand } from './commands/verify.js';
import { printError } from './output.js';

const EXIT_CODES = `
Exit codes:
  ${EXIT.success}  done, and verified where there was something to verify
  ${EXIT.internal}  a defect of this program
  ${EXIT.usage}  the command line was wrong; nothing was tried
  ${EXIT.refused}  refused; nothing changed
  ${EXIT.failed}  failed before the switch; nothing that runs changed
  ${EXIT.rolledBack}  the new release failed; the one from before runs again
  ${EXIT.rollbackFailed}  going back failed too: look at it now
  ${EXIT.damaged}  verify found files that differ from what was sealed`;

function program(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const root = new Command('openclaw-releases')
    .description('Immutable side-by-side releases for the OpenClaw gateway.')
    .version(version)
    .addHelpText('after', EXIT_CODES);
  const commands = [
    stageCommand(),
    updateCommand(),
    listCommand(),
    showCommand(),
    switchCommand(),
    rollbackCommand(),
    statusCommand(),
    historyCommand(),
    verifyCommand(),
    pruneCommand(),
    pinCommand(),
    unpinCommand(),
    recoverCommand(),
    runCommand(),
    adoptCommand(),
    leaveCommand(),
    doctorCommand(),
    demoCommand(),
  ];
  for (const command of commands) root.addCommand(command);
  // Only ever started by another command, outside of the gateway's own processes.
  const carry = carryCommand();
  root.addCommand(carry, { hidden: true });
  // Commander would print and exit by itself; a usage error is one of ours, in JSON too.
  for (const command of [root, carry, ...commands])
    command.exitOverride().configureOutput({ writeErr: () => {} });
  return root;
}

async function main(argv: string[]): Promise<void> {
  const root = program();
  try {
    await root.parseAsync(argv);
  } catch (error) {
    const failure = error instanceof CommanderError ? usageError(error, root) : error;
    if (failure === null) return;
    printError(failure, argv.includes('--json'));
    process.exitCode = EXIT[ERROR_CODES[toErrorRecord(failure).code]];
  }
}

/** Null where commander only reports that it has shown, or is to show, the help or the version. */
function usageError(error: CommanderError, root: Command): ReleasesError | null {
  if (error.exitCode === 0) return null;
  if (error.code === 'commander.help') {
    root.outputHelp();
    return null;
  }
  const message = error.message.replace(/^error: /, '').replace(/\.?$/, '.');
  return new ReleasesError('usage', message, {
    hint: 'openclaw-releases --help',
    untouched: 'Nothing was tried.',
  });
}

await main(process.argv);
