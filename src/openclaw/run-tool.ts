import { ReleasesError } from '../core/errors.js';
import { type BoundedOptions, runBounded } from '../host/bounded.js';

export interface CommandResult {
  /** Ended by itself, in time, with code 0. */
  ok: boolean;
  /** What it said, in the order in which it said so, without colours. */
  output: string;
  stdout: string;
  /** It was killed, by its time-out or by somebody else: whatever it did may be half done. */
  cutOff: boolean;
  /** Why it is not ok, in a few words. */
  problem: string;
}

/** Colours and the like: a program that sees no terminal may print them all the same. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what such a sequence begins with
const ESCAPES = /\u001b\[[0-9;]*[A-Za-z]/g;

/**
 * Runs a command of the gateway's own to its end, bounded in time; on a time-out or an abort it dies with everything
 * that it has started.
 * @throws ReleasesError `interrupted`
 */
export async function runCommand(
  file: string,
  args: string[],
  options: BoundedOptions,
): Promise<CommandResult> {
  throwIfInterrupted(options.signal);
  const { ok, output, stdout, cutOff, how } = await runBounded(file, args, options);
  throwIfInterrupted(options.signal);
  return { ok, output: plain(output), stdout: plain(stdout), cutOff, problem: how };
}

function plain(text: string): string {
  return text.replaceAll(ESCAPES, '');
}

function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new ReleasesError('interrupted', 'A command of the gateway was interrupted.', {
    hint: 'openclaw-releases status',
    cause: signal.reason,
  });
}
