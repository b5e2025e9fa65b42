/**
 * What becomes of a path when a state is kept: `state` is copied and exchanged as a whole; `history` only ever
 * grows, so it stays where it is and is put back only where it is missing; `left` is never touched.
 */
export type Scope = 'state' | 'history' | 'excluded';

/**
 * Top-level directories that are large, or a person's own work, or made anew, or code: no release needs another's. `bin`, `lib` and
 * `tools` are what OpenClaw's installer puts there.
 */
const LEFT = new Set([
  ...['media', 'workspace', 'logs', 'cache', 'tmp', 'sandbox', 'sandboxes', 'browser'],
  ...['backups', 'locks', 'debug-proxy', 'trajectory-exports', 'bin', 'lib', 'tools'],
]);

const AGENT = /^agents\/[^/]+\/(.+)$/s;
const TRANSCRIPT = /^sessions\/.*\.jsonl[^/]*$/s;
/** Where newer releases move transcripts that they have read into a database. */
const ARCHIVE = /^session-sqlite-import-archive\/./s;

/**
 * The scope of one path. What is below a `left` directory is `left`; a directory that holds history as well is
 * `state`.
 * @param path relative to the state directory, with `/`
 * @param left more paths that are `left` with all that is below them: workspaces that the configuration names
 */
export function classify(path: string, left: readonly string[]): Scope {
  const [top = ''] = path.split('/', 1);
  if (LEFT.has(top) || top.startsWith('workspace-') || top.startsWith(SCRATCH)) return 'excluded';
  if (left.some((other) => path === other || path.startsWith(`${other}/`))) return 'excluded';
  const ofAgent = AGENT.exec(path)?.[1];
  if (ofAgent === undefined) return 'state';
  // An index of what is elsewhere, made anew when it is missing, with models of gigabytes in it.
  if (ofAgent === 'qmd' || ofAgent.startsWith('qmd/')) return 'excluded';
  // The lock of a process that will not be there any more when its state is put back.
  if (/^sessions\/.*\.lock$/s.test(ofAgent)) return 'excluded';
  return TRANSCRIPT.test(ofAgent) || ARCHIVE.test(ofAgent) ? 'history' : 'state';
}

/** Directories of ours that are in the state directory for a moment start so. */
export const SCRATCH = '.openclaw-releases-';
