import { Interruption } from '../ledger/context.js';
import { type Environment, supervisorOf } from '../ledger/environment.js';
import { defaultRootPath, type Root, rootAt } from '../store/root.js';
import { yielding } from './background.js';
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

/** What is not given, or is empty, is the default. */
export function rootOf({ root }: CommonOptions): Root {
  return rootAt(root || defaultRootPath());
}

/** Runs the work of a command that only looks: nothing has to be undone when it is interrupted, and nothing takes long. */
export async function atGlance(
  options: CommonOptions,
  work: (session: Session) => Promise<number>,
): Promise<void> {
  const root = rootOf(options);
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
  const root = rootOf(options);
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
        observer: yielding(observer ?? {}),
      },
      output,
    });
  } finally {
    observer?.close();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, abort);
  }
}
