import { listCommand } from './commands/list.js';
import { statusCommand } from './commands/status.js';
import { runProgram } from './program.js';

/** The commands that are asked for most: one file with what they always need, and nothing that changes anything. */
export const run = (argv: string[]) =>
  runProgram(argv, { list: async () => listCommand(), status: async () => statusCommand() });
