import { execa } from 'execa';
import { faultPoint } from './fault.js';

/** A launcher's program may stand where its user may not enter, and there nothing is started. */
const FROM = { cwd: '/' };

/**
 * Flushes the whole filesystem that holds `directory`: one syncfs in place of tens of thousands of fsyncs.
 * Node has no syncfs; `sync -f` is it, and a plain `sync` does more of the same where `-f` is unknown.
 */
export async function syncFilesystem(directory: string): Promise<void> {
  faultPoint('before sync');
  await execa('sync', ['-f', directory], FROM).catch(() => execa('sync', FROM));
  faultPoint('after sync');
}

/**
 * Has the filesystem that holds `directory` begin to write what is in memory, and waits for nothing: the kernel itself lets half
 * a minute pass, and whoever flushes it later waits for that much less.
 */
export function beginSync(directory: string): void {
  const child = execa('sync', ['-f', directory], { ...FROM, stdio: 'ignore', reject: false });
  child.unref();
}
