import { spawn } from 'node:child_process';
import { ReleasesError } from '../../core/errors.js';
import { START_VARIABLE } from '../../host/gateway-process.js';
import type { ProcessIdentity } from '../../host/process.js';

const RETRY_MS = 1_000;

/**
 * Arguments: pid, start ticks, seconds, mark of the start with the name of its variable. A line on its input means done;
 * end of input without one means that the supervisor died. Ignores SIGTERM, because a stop of a whole cgroup or
 * container sends it to every process, and this one is needed then. Uses only what dash and busybox sh both know.
 */
const SCRIPT = `
trap '' HUP INT QUIT TERM
pid=$1 ticks=$2 seconds=$3 mark=$4
read -r line && exit 0
ours() {
  stat=$(cat "/proc/$pid/stat" 2>/dev/null) || return 1
  set -- \${stat##*) }
  state=$1
  [ "\${20}" = "$ticks" ]
}
running() { ours && [ "$state" != Z ]; }
running && kill -TERM "$pid"
while running && [ "$seconds" -gt 0 ]; do
  sleep 1
  seconds=$((seconds - 1))
done
# A reused pid leads another group; a free one may still name our group.
if ours || [ ! -e "/proc/$pid" ]; then kill -KILL "-$pid" 2>/dev/null; fi
# Left in groups of their own. A busybox without -z ends lines at NUL. Again, as one may make another before its end.
for try in 1 2 3; do
  for file in $(grep -lsxz "$mark" /proc/[0-9]*/environ || grep -lsx "$mark" /proc/[0-9]*/environ); do
    file=\${file#/proc/}
    kill -KILL "\${file%/environ}" 2>/dev/null
  done
done
exit 0
`;

export interface Watcher {
  release(): void;
}

/** Null when no process can be created now. */
function spawnWatcher(gateway: ProcessIdentity, mark: string, seconds: number) {
  const { pid, startTicks } = gateway;
  try {
    const watcher = spawn(
      '/bin/sh',
      [
        ...['-c', SCRIPT, 'openclaw-releases-watcher'],
        ...[String(pid), String(startTicks), String(seconds), `${START_VARIABLE}=${mark}`],
      ],
      {
        stdio: ['pipe', 'ignore', 'ignore'],
        // Its own session keeps the terminal's signals away; `/` keeps no filesystem busy.
        detached: true,
        cwd: '/',
        env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
      },
    );
    // The missing pid reports it sooner.
    watcher.on('error', () => {});
    if (watcher.pid === undefined) return null;
    // The watcher is gone, which its exit reports.
    watcher.stdin.on('error', () => {});
    return watcher;
  } catch {
    return null;
  }
}

/**
 * Watches one gateway from outside the supervisor: Node has no PR_SET_PDEATHSIG, but the kernel closes the supervisor's
 * end of a socket pair, however it dies. That end is close-on-exec, so the gateway cannot keep it open. A killed
 * watcher is replaced.
 * @param mark value of `OPENCLAW_RELEASES_START` of its start
 * @param limitMs milliseconds between SIGTERM and SIGKILL, rounded up to seconds
 * @throws ReleasesError `supervisor_failed` when no process can be created
 */
export function watch(gateway: ProcessIdentity, mark: string, limitMs: number): Watcher {
  let released = false;
  let watcher: ReturnType<typeof spawnWatcher> = null;
  const start = () => {
    if (released) return;
    watcher = spawnWatcher(gateway, mark, Math.ceil(limitMs / 1_000));
    if (watcher) watcher.on('exit', startLater);
    else startLater();
  };
  const startLater = () => void setTimeout(start, RETRY_MS).unref();

  start();
  if (!watcher) {
    released = true;
    throw new ReleasesError('supervisor_failed', 'The process that guards the gateway could not be started.');
  }
  return {
    release() {
      released = true;
      watcher?.stdin.end('done\n');
    },
  };
}
