import { execa } from 'execa';
import { faultPoint } from './fault.js';

/**
 * In a directory that every user may enter; a launcher's current one may be closed, and there no program starts. In a
 * session of its own, which Ctrl-C does not reach.
 */
const FROM = { cwd: '/', detached: true };

/** Runs one syncfs instead of tens of thousands of fsyncs; plain `sync` flushes more, where `-f` is unknown. */
export async function syncFilesystem(directory: string): Promise<void> {
  faultPoint('before sync');
  await execa('sync', ['-f', directory], FROM).catch(() => execa('sync', FROM));
  faultPoint('after sync');
}

/** Starts a flush without waiting: the kernel waits half a minute, and a later flush then takes less time. */
export function beginSync(directory: string): void {
  const child = execa('sync', ['-f', directory], { ...FROM, stdio: 'ignore', reject: false });
  child.unref();
}
