import { COMMANDS, HIDDEN_COMMANDS } from './commands.js';
import { runProgram } from './program.js';

/** Every command there is. */
export function run(argv: string[]): Promise<void> {
  // Whoever reads the output may leave early, as `head` does; a change under way must not end with it.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return runProgram(argv, COMMANDS, HIDDEN_COMMANDS);
}
