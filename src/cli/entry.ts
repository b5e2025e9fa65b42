import { COMMANDS, HIDDEN_COMMANDS } from './commands.js';
import { failWith } from './output.js';
import { runProgram } from './program.js';
import { wantColours } from './terminal.js';
import type { ForeignRoot } from './unit-root.js';
import { say } from './write.js';

export function run(argv: string[]): Promise<void> {
  heedColours(argv);
  // A reader such as `head` may close the pipe early; an active change must not end with it.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  // Node would print the error as it is.
  process.on('uncaughtException', (error) => {
    failWith(error, argv.includes('--json'));
    process.exit();
  });
  return runProgram(argv, COMMANDS, HIDDEN_COMMANDS);
}

/** Finds the root of the user whose unit of the system a command of the superuser without a root means. */
export async function findUnitRoot(words: string[]): Promise<ForeignRoot | null> {
  const { findUnitRoot, unitNameIn } = await import('./unit-root.js');
  const found = await findUnitRoot(words);
  if (found) say(`As ${found.user}, the user of ${unitNameIn(words)}, for ${found.path}.\n`, 2);
  return found;
}

export function fail(error: unknown, argv: string[]): void {
  heedColours(argv);
  failWith(error, argv.includes('--json'));
}

/** @param words the command line, with absolute `--root` */
export async function runForOwner(words: string[], foreign: ForeignRoot): Promise<void> {
  heedColours(words);
  const { runAsOwner } = await import('./as-owner.js');
  return runAsOwner(words, foreign);
}

/** Before the command line is parsed: its errors are coloured, too. */
function heedColours(words: string[]): void {
  wantColours(/\0--color[\0=]([^\0]+)/.exec(words.join('\0'))?.[1]);
}
