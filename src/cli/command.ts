import { Command, InvalidArgumentError, Option } from 'commander';
import { Interruption } from '../change/context.js';
import { type Environment, supervisorOf } from '../change/environment.js';
import { defaultRootPath, rootAt } from '../store/root.js';
import { type Output, outputFor } from './output.js';
import { progressObserver } from './progress.js';

/** Options that every command has. */
export interface CommonOptions {
  root?: string;
  json?: boolean;
}

/** What a command's action is given besides its own arguments. */
export interface Session {
  environment: Environment & { supervisor: NonNullable<Environment['supervisor']> };
  output: Output;
}

/** A command with what all of them share: `--root`, `--json`, an example in its help. */
export function command(name: string, description: string, example: string): Command {
  return new Command(name)
    .description(description)
    .addOption(new Option('--root <directory>', 'where releases live').env('OPENCLAW_RELEASES_ROOT'))
    .option('--json', 'print one JSON document on standard output and nothing else')
    .addHelpText('after', `\nExample:\n  $ ${example}`);
}

export const registryOption = () =>
  new Option('--registry <url>', "npm registry to use instead of npm's configured one");

/** A number of seconds as milliseconds. */
export function parseSeconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('Not a number of seconds.');
  return value * 1000;
}

/** Runs the work of a command that only looks: nothing has to be undone when it is interrupted, and nothing takes long. */
export async function atGlance(
  options: CommonOptions,
  work: (session: Session) => Promise<number>,
): Promise<void> {
  const root = rootAt(options.root ?? defaultRootPath());
  const environment = { root, supervisor: supervisorOf({ root }) };
  process.exitCode = await work({ environment, output: outputFor(options.json ?? false) });
}

/**
 * Runs a command's work with its environment. Ctrl-C and SIGTERM interrupt the change under way, which is then
 * undone; a second one changes nothing, because half of an undo is worse than waiting for it.
 */
export async function inSession(
  options: CommonOptions,
  work: (session: Session) => Promise<number>,
): Promise<void> {
  const root = rootAt(options.root ?? defaultRootPath());
  const output = outputFor(options.json ?? false);
  const observer = output.json ? null : progressObserver();
  const interrupt = new AbortController();
  const abort = (by: NodeJS.Signals) => interrupt.abort(new Interruption(by));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, abort);
  try {
    process.exitCode = await work({
      environment: {
        root,
        supervisor: supervisorOf({ root }),
        signal: interrupt.signal,
        ...(observer && { observer }),
      },
      output,
    });
  } finally {
    observer?.close();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, abort);
  }
}
