import { Interruption } from '../core/interrupted.js';
import { type Environment, supervisorOf } from '../ledger/environment.js';
import { checkRoot, defaultRootPath, type Root, rootAt } from '../store/root.js';
import { yielding } from './background.js';
import { failWith, type Output, outputFor } from './output.js';
import { progressObserver } from './progress.js';
import { wantColours } from './terminal.js';
import { nameRoot } from './typed-command.js';

export interface CommonOptions {
  root?: string;
  json?: boolean;
  color?: string;
}

export interface Session {
  environment: Environment & { supervisor: NonNullable<Environment['supervisor']> };
  output: Output;
}

/**
 * Uses the default root also for an empty `--root`.
 * @throws ReleasesError `root_not_owned`, `root_invalid`
 */
export function rootOf({ root: path }: CommonOptions): Root {
  const root = rootAt(path || defaultRootPath());
  nameRoot(root);
  checkRoot(root);
  return root;
}

/** Runs a command that only reads or asks another process: a signal ends it at once, and leaves nothing to undo. */
export async function atGlance(
  options: CommonOptions,
  work: (session: Session) => Promise<number>,
): Promise<void> {
  const root = rootOf(options);
  const environment = { root, supervisor: supervisorOf({ root }) };
  process.exitCode = await work({ environment, output: outputFor(options.json ?? false) });
}

/** Runs a command that has a bundle of its own, without the parser. */
export async function look(
  options: CommonOptions,
  work: (session: Session) => Promise<number>,
): Promise<void> {
  wantColours(options.color);
  try {
    await atGlance(options, work);
  } catch (error) {
    failWith(error, options.json ?? false);
  }
}

/**
 * Runs a command's work. SIGINT, SIGTERM and SIGHUP interrupt the active change, which then undoes its steps;
 * a second signal hastens nothing there, because half an undo is worse than a wait.
 */
export async function inSession(
  options: CommonOptions,
  work: (session: Session) => Promise<number>,
): Promise<void> {
  const root = rootOf(options);
  const output = outputFor(options.json ?? false);
  const observer = output.json ? null : progressObserver();
  const interrupt = new AbortController();
  const abort = (by: NodeJS.Signals) => {
    const { reason } = interrupt.signal;
    if (reason instanceof Interruption) reason.repeat();
    else interrupt.abort(new Interruption(by));
  };
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
    // The handlers stay, and Node must not remove them at its end: a late signal would replace the exit code.
    process.once('beforeExit', () => process.exit());
  }
}
