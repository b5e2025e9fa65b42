import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { faultPoint } from './fault.js';

const run = promisify(execFile);

/**
 * Flushes the whole filesystem that holds `directory`: one syncfs in place of tens of thousands of fsyncs.
 * Node has no syncfs; `sync -f` is it, and a plain `sync` does more of the same where `-f` is unknown.
 */
export async function syncFilesystem(directory: string): Promise<void> {
  faultPoint('before sync');
  await run('sync', ['-f', directory]).catch(() => run('sync'));
  faultPoint('after sync');
}
