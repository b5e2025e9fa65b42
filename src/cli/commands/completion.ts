import { readFileSync } from 'node:fs';
import { Argument, Command } from 'commander';
import { ownFile } from '../../core/own-files.js';
import { print } from '../write.js';

/** Scripts in `layout/completions/`, which `npm run docs` makes from the commands. */
export function completionCommand(): Command {
  return new Command('completion')
    .description('print what completes commands, options and releases in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', '\nExample:\n  $ eval "$(openclaw-releases completion bash)"')
    .action((shell: string) =>
      print(readFileSync(ownFile(`layout/completions/openclaw-releases.${shell}`), 'utf8')),
    );
}
