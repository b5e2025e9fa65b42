import { ReleasesError } from '../core/errors.js';
import { type BoundedOptions, runBounded } from '../host/bounded.js';

export interface CommandResult {
  /** Ended in time with code 0. */
  ok: boolean;
  /** Both streams, without colours. */
  output: string;
  stdout: string;
  /** Killed by the time-out or another process: its work may be incomplete. */
  cutOff: boolean;
  problem: string;
}

/** Colour codes: some programs print them without a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what such a sequence begins with
const ESCAPES = /\u001b\[[0-9;]*[A-Za-z]/g;

/**
 * Runs a command of the gateway. A time-out or an abort kills it with all its children.
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
