import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { duration } from '../core/duration.js';
import { ReleasesError } from '../core/errors.js';
import { size } from '../core/size.js';
import { freeSpace } from '../host/space.js';
import { within } from '../host/wait.js';
import { LEAVE_FREE_BYTES } from '../store/policy.js';

/** Milliseconds without a byte: the lock is held meanwhile, and a dead link never ends. */
const SILENT_MS = 60_000;

/** @throws ReleasesError `usage` for a terminal, from which no pack comes */
export function refuseTerminal({ isTTY }: { isTTY?: boolean } = process.stdin): void {
  if (!isTTY) return;
  throw new ReleasesError('usage', 'The standard input is a terminal, and no pack comes from there.', {
    hint: 'openclaw-releases import - < openclaw.pack, or openclaw-releases import openclaw.pack',
  });
}

/**
 * Keeps what comes on the standard input, as far as there is room: it is read twice.
 * @param staging directory of the change
 * @throws ReleasesError `usage`, `pack_invalid` where nothing comes for `silentMs`, `insufficient_space`
 */
export async function keepInput(
  staging: string,
  signal: AbortSignal,
  input: Readable & { isTTY?: boolean } = process.stdin,
  silentMs = SILENT_MS,
): Promise<string> {
  refuseTerminal(input);
  mkdirSync(staging, { recursive: true, mode: 0o700 });
  const path = join(staging, 'pack');
  let left = freeSpace(staging).bytes - LEAVE_FREE_BYTES;
  async function* bounded(source: AsyncIterable<Buffer>) {
    const pieces = source[Symbol.asyncIterator]();
    let next = pieces.next();
    while (await within(next, silentMs)) {
      const { done, value: piece } = await next;
      if (done) return;
      left -= piece.length;
      if (left < 0) throw doesNotFit(-left);
      yield piece;
      next = pieces.next();
    }
    throw new ReleasesError('pack_invalid', `The pack does not come: no byte for ${duration(silentMs)}.`, {
      hint: 'openclaw-releases import <pack>, with a copy of it on this host',
    });
  }
  await pipeline(input, bounded, createWriteStream(path, { mode: 0o600 }), { signal });
  return path;
}

function doesNotFit(missing: number): ReleasesError {
  const message = `What comes on the standard input does not fit: ${size(missing)} or more are missing.`;
  return new ReleasesError('insufficient_space', message, { hint: 'openclaw-releases prune --dry-run' });
}
