import { profileOf } from '../core/profile.js';
import type { Launch } from '../host/place.js';

/** Variables that tie to the running gateway's supervisor or session, or load code that writes elsewhere. */
const HOST_BOUND_VARIABLES =
  /^(INVOCATION_ID|NOTIFY_SOCKET|JOURNAL_STREAM|MAINPID|SYSTEMD_EXEC_PID|MANAGERPID|WATCHDOG_\w+|LISTEN_\w+|MEMORY_PRESSURE_\w+|CREDENTIALS_DIRECTORY|DBUS_\w+|XDG_RUNTIME_DIR|OPENCLAW_SYSTEMD_\w+|OPENCLAW_LAUNCHD_\w+|OPENCLAW_SERVICE_\w+|OPENCLAW_RELEASES_\w+|OPENCLAW_GATEWAY_RESTART_\w+|NODE_OPTIONS|NODE_COMPILE_CACHE|OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED|PWD|OLDPWD)$/;

/** Some OpenClaw versions drop some of these; the missing network is the real protection. */
const QUIET = {
  OPENCLAW_NO_AUTO_UPDATE: '1',
  OPENCLAW_NO_RESPAWN: '1',
  OPENCLAW_DISABLE_BONJOUR: '1',
  OPENCLAW_SKIP_CHANNELS: '1',
  OPENCLAW_SKIP_PROVIDERS: '1',
  OPENCLAW_SKIP_CRON: '1',
  OPENCLAW_SKIP_GMAIL_WATCHER: '1',
  OPENCLAW_SKIP_CANVAS_HOST: '1',
  OPENCLAW_SKIP_BROWSER_CONTROL_SERVER: '1',
  // Newer versions ask npm about plugins at start, and would retry for minutes.
  npm_config_offline: 'true',
  npm_config_fetch_retries: '0',
  NO_COLOR: '1',
  TMPDIR: '/tmp',
  // Databases are copied there to be read, and the home is read-only.
  XDG_CACHE_HOME: '/tmp/cache',
};

/**
 * Launch of a candidate: the gateway's own, with the same state directory, without its ties to the supervisor. Holds
 * the gateway's secrets: never print or store it.
 * @param state its state directory, because a profile before `gateway` is dropped with the program
 * @param cache Node's compile cache, at the path that `bin/gateway` will use
 */
export function candidateLaunch(launch: Launch, state: string, cache?: string): Launch {
  const PATH = process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin';
  const kept = Object.entries(launch.env).filter(([name]) => !HOST_BOUND_VARIABLES.test(name));
  // Drops the launcher, or Node and the program, before `gateway`.
  const args = launch.args.slice(launch.args.lastIndexOf('gateway') + 1);
  const profile = profileOf(launch.env, launch.args);
  const instance = { OPENCLAW_STATE_DIR: state, ...(profile && { OPENCLAW_PROFILE: profile }) };
  // The host's addresses do not exist in the network namespace.
  return {
    args: ['gateway', ...args, '--bind', 'loopback'],
    env: { PATH, ...Object.fromEntries(kept), ...instance, ...QUIET, ...(cache && cachingIn(cache)) },
  };
}

/** Without the second variable OpenClaw starts itself again to set its own cache directory. */
function cachingIn(directory: string): Record<string, string> {
  return { NODE_COMPILE_CACHE: directory, OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED: '1' };
}
