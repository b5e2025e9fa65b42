import { resolve } from 'node:path';
import { Command } from 'commander';
import { print } from '../write.js';

export function demoCommand(): Command {
  return new Command('demo')
    .description('stage, run, update, verify and roll back two real releases in a throw-away place')
    .addHelpText('after', '\nExample:\n  $ openclaw-releases demo')
    .option('--cache <directory>', 'keep what npm downloads there, for the next time')
    .action(async ({ cache }: { cache?: string }) => {
      const { runDemo } = await import('../../demo/demo.js');
      process.exitCode = await runDemo((line) => print(`${line}\n`), cache && resolve(cache));
    });
}
