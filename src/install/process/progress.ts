import type Arborist from '@npmcli/arborist';
import type { InstallProgress } from '../messages.js';

/** Milliseconds between two reports of bytes alone. */
const FETCHED_EVERY_MS = 500;

/** Reports bytes, and arborist's progress, which comes as timers on `process`: one for each placed and each unpacked package. */
export function watchProgress(
  onProgress: (progress: InstallProgress) => void,
  idealTree: () => Arborist.Node | null,
): { stop(): void; fetched(bytes: number): void } {
  const done = { resolve: 0, unpack: 0 };
  let last: InstallProgress = { phase: 'resolve', done: 0 };
  let bytes = 0;
  let toldAt = 0;
  const tell = (progress: InstallProgress) => {
    last = progress;
    toldAt = performance.now();
    onProgress({ ...progress, bytes });
  };
  const onTime = (moment: 'start' | 'end', timer: string) => {
    if (moment === 'start' && timer.startsWith('idealTree:node_modules/')) {
      tell({ phase: 'resolve', done: ++done.resolve });
    } else if (moment === 'end' && timer.startsWith('reifyNode:')) {
      const total = (idealTree()?.inventory.size ?? 1) - 1;
      tell({ phase: 'unpack', done: ++done.unpack, total });
    }
  };
  process.on('time', onTime);
  return {
    stop: () => process.off('time', onTime),
    fetched(more) {
      bytes += more;
      if (performance.now() - toldAt >= FETCHED_EVERY_MS) tell(last);
    },
  };
}
