/**
 * Scope of a path: `state` is copied and restored as a whole; `history` only grows, so it stays and is restored only
 * where it is missing; `excluded` is never touched.
 */
export type Scope = 'state' | 'history' | 'excluded';

/** Large, personal or regenerated files, or code. OpenClaw's installer creates `bin`, `lib` and `tools`. */
const LEFT = new Set([
  ...['media', 'workspace', 'logs', 'cache', 'tmp', 'sandbox', 'sandboxes', 'browser'],
  ...['backups', 'locks', 'debug-proxy', 'trajectory-exports', 'bin', 'lib', 'tools'],
]);

const AGENT = /^agents\/[^/]+\/(.+)$/s;
const TRANSCRIPT = /^sessions\/.*\.jsonl[^/]*$/s;
/** Transcripts that newer releases have imported into a database. */
const ARCHIVE = /^session-sqlite-import-archive\/./s;

/** Returns the scope of a path, relative to the state directory with `/`; `left` holds more excluded paths. */
export function classify(path: string, left: readonly string[]): Scope {
  const [top = ''] = path.split('/', 1);
  if (LEFT.has(top) || top.startsWith('workspace-') || top.startsWith(SCRATCH)) return 'excluded';
  if (left.some((other) => path === other || path.startsWith(`${other}/`))) return 'excluded';
  const ofAgent = AGENT.exec(path)?.[1];
  if (ofAgent === undefined) return 'state';
  // An index that OpenClaw builds again when it is missing; its models take gigabytes.
  if (ofAgent === 'qmd' || ofAgent.startsWith('qmd/')) return 'excluded';
  // The lock of a process that will be gone when this state is restored.
  if (/^sessions\/.*\.lock$/s.test(ofAgent)) return 'excluded';
  return TRANSCRIPT.test(ofAgent) || ARCHIVE.test(ofAgent) ? 'history' : 'state';
}

/** Prefix of our temporary directories in the state directory. */
export const SCRATCH = '.openclaw-releases-';
