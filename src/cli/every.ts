import { COMMANDS, HIDDEN_COMMANDS } from './commands.js';
import { runProgram } from './program.js';

/** Every command there is. */
export const run = (argv: string[]) => runProgram(argv, COMMANDS, HIDDEN_COMMANDS);
