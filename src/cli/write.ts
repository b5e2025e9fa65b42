import { writeSync } from 'node:fs';
import { systemCode } from '../core/errors.js';
import { outgoing } from '../core/printable.js';
import { coloured, presented } from './terminal.js';
import { asTyped } from './typed-command.js';

const STREAMS = { 1: () => process.stdout, 2: () => process.stderr };

/** Outputs whose reader was too slow once: all later text must use the stream, to keep its order. */
const waiting = new Set<1 | 2>();

/**
 * Writes printable text to standard output (1) or standard error (2). Node's streams would take a tenth of the time of a command
 * that only reads. Write errors are ignored: a reader such as `head` may close the pipe early.
 */
export function print(text: string, to: 1 | 2 = 1): void {
  write(outgoing(text), to);
}

/** Prints text for people as their terminal shows it. */
export function say(text: string, to: 1 | 2 = 1): void {
  write(presented(outgoing(asTyped(text)), to), to);
}

/** Prints text that another process has folded already. */
export function tint(text: string, to: 1 | 2 = 1): void {
  write(coloured(outgoing(text), to), to);
}

function write(text: string, to: 1 | 2): void {
  const bytes = Buffer.from(text);
  if (waiting.has(to)) return void STREAMS[to]().write(bytes);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(to, bytes, at);
    } catch (error) {
      // Another process has made the pipe non-blocking.
      if (systemCode(error) !== 'EAGAIN') return;
      waiting.add(to);
      STREAMS[to]()
        .on('error', () => {})
        .write(bytes.subarray(at));
      return;
    }
  }
}
