import { ReleasesError } from '../../src/core/errors.js';
import type { Supervisor } from '../../src/supervisor/supervisor.js';

/** Answers of a root without any supervisor. */
export const nobody: Supervisor = {
  kind: 'builtin',
  byHand: { restart: null, log: null },
  inspect: () => Promise.reject(new ReleasesError('supervisor_not_found', 'No supervisor here.')),
  peek: () => null,
  restart: () => Promise.reject(new Error('no restart here')),
  owns: () => Promise.resolve(false),
  runOutside: () => Promise.reject(new Error('nothing outside here')),
};
