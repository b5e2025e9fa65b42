import { writeSync } from 'node:fs';
import { systemCode } from '../core/errors.js';

const STREAMS = { 1: () => process.stdout, 2: () => process.stderr };

/** Those that had to wait for whoever reads, and so go on as streams, in order. */
const waiting = new Set<1 | 2>();

/**
 * Writes to standard output (1) or standard error (2). Without the streams of Node, which take a tenth of what a command
 * costs that only looks. Whoever reads may leave early, as `head` does: then nobody wants the rest.
 */
export function print(text: string, to: 1 | 2 = 1): void {
  const bytes = Buffer.from(text);
  if (waiting.has(to)) return void STREAMS[to]().write(bytes);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(to, bytes, at);
    } catch (error) {
      // Somebody has made the pipe one that does not wait.
      if (systemCode(error) !== 'EAGAIN') return;
      waiting.add(to);
      STREAMS[to]()
        .on('error', () => {})
        .write(bytes.subarray(at));
      return;
    }
  }
}
