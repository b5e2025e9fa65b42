import { realpathSync } from 'node:fs';
import { type ExecResult, exec } from '../host/exec.js';
import type { Plugin, PluginPlace } from './plugin.js';
import { linksElsewhere } from './plugin-links.js';
import { listPlugins } from './plugins.js';

export interface SyncRequest {
  place: PluginPlace;
  node: string;
  main: string;
  version: string;
  /** Environment of the gateway; holds its secrets. */
  env: Record<string, string>;
  /** Milliseconds for all commands together; then they are killed. */
  budgetMs: number;
  signal?: AbortSignal | undefined;
  /** Takes secrets out of what the tools print. */
  redact(text: string): string;
}

export interface PluginChange {
  id: string;
  from: string | null;
  to: string | null;
}

export interface PluginFailure {
  id: string;
  why: string;
}

export interface SyncReport {
  changed: PluginChange[];
  /** Packages whose link to OpenClaw's package leads to this release now, and did not before. */
  relinked: string[];
  failed: PluginFailure[];
  /** A command was killed: a plugin may be incomplete, and the caller should restore the earlier set. */
  cutOff: boolean;
  plugins: Plugin[];
}

const OF_THE_SUPERVISOR =
  /^(INVOCATION_ID|NOTIFY_SOCKET|JOURNAL_STREAM|MAINPID|SYSTEMD_EXEC_PID|MANAGERPID|WATCHDOG_\w+|LISTEN_\w+|MEMORY_PRESSURE_\w+|CREDENTIALS_DIRECTORY|OPENCLAW_SYSTEMD_\w+|OPENCLAW_LAUNCHD_\w+|OPENCLAW_SERVICE_\w+|PWD|OLDPWD)$/;

/** Characters; a longer reason is a dump, not a sentence. */
const LONGEST_REASON = 300;

/**
 * Updates plugins for a release with its own commands: `plugins update --all`, and `doctor --fix` where a link still
 * leads to another release. Reads the result from the installed files, because the output differs between releases.
 * Without a network the update never ends, so the budget ends it.
 * @throws ReleasesError `interrupted`, `write_failed` (the list of plugins cannot be read)
 */
export async function syncPlugins(request: SyncRequest): Promise<SyncReport> {
  const { place, main, version, signal } = request;
  const deadline = performance.now() + request.budgetMs;
  const before = await listPlugins(place, version, signal);
  const elsewhere = linksElsewhere(place.state, main);
  const update = await runTool(request, ['plugins', 'update', '--all'], deadline);
  // Newer releases repair links when they start; older ones need this command.
  const repair =
    linksElsewhere(place.state, main).length > 0
      ? await runTool(request, ['doctor', '--fix', '--non-interactive'], deadline)
      : null;
  const plugins = await listPlugins(place, version, signal);
  const changed = differences(before, plugins);
  const left = linksElsewhere(place.state, main);
  const leftPaths = new Set(left.map(({ path }) => path));
  const failed = plugins
    .filter(({ enabled }) => enabled)
    .flatMap((plugin) => {
      const why = whyNot(plugin, update, changed);
      return why === null ? [] : [{ id: plugin.id, why }];
    });
  for (const { plugin, target } of left) {
    const how = repair && !repair.ok ? ` (${repair.how})` : '';
    failed.push({ id: plugin, why: `It still runs on OpenClaw's code in ${target}${how}.` });
  }
  const relinked = elsewhere.filter(({ path }) => !leftPaths.has(path)).map(({ plugin }) => plugin);
  const cutOff = update.cutOff || (repair?.cutOff ?? false);
  return { changed, relinked, failed, cutOff, plugins };
}

/**
 * Plugins that the release reports as failing to load. Takes seconds, because it loads them.
 * @throws ReleasesError `interrupted`
 */
export async function brokenPlugins(request: SyncRequest): Promise<PluginFailure[]> {
  const deadline = performance.now() + request.budgetMs;
  const { output } = await runTool(request, ['plugins', 'doctor'], deadline);
  const [, errors = ''] = /^Plugin errors:\n((?:- .*\n?)*)/m.exec(output) ?? [];
  return errors.split('\n').flatMap((line) => {
    const [, id, why] = /^- (\S+?)(?: \[[^\]]*\])?: (.*)$/.exec(line) ?? [];
    return id === undefined || why === undefined ? [] : [{ id, why: shortened(why) }];
  });
}

async function runTool(request: SyncRequest, args: string[], deadline: number): Promise<ExecResult> {
  const { place, node, main, env, signal, redact } = request;
  const kept = Object.entries(env).filter(([name]) => !OF_THE_SUPERVISOR.test(name));
  const result = await exec(node, [realpathSync(main), ...args], {
    cwd: place.state,
    env: {
      PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
      ...Object.fromEntries(kept),
      OPENCLAW_NO_AUTO_UPDATE: '1',
      // The release must not repair the supervisor of the gateway.
      OPENCLAW_SERVICE_REPAIR_POLICY: 'external',
      NO_COLOR: '1',
    },
    timeoutMs: Math.max(1, deadline - performance.now()),
    signal,
  });
  return { ...result, output: redact(result.output) };
}

function differences(before: Plugin[], after: Plugin[]): PluginChange[] {
  const ids = new Set([...before, ...after].map(({ id }) => id));
  return [...ids].flatMap((id) => {
    const [from, to] = [before, after].map((list) => list.find((plugin) => plugin.id === id));
    const same = from !== undefined && to !== undefined && from.version === to.version;
    return same ? [] : [{ id, from: from?.version ?? null, to: to?.version ?? null }];
  });
}

/** Reason why a plugin was not updated, or null: an unchanged version alone is no failure. */
function whyNot(plugin: Plugin, update: ExecResult, changed: PluginChange[]): string | null {
  if (plugin.problem !== null) return plugin.problem;
  if (changed.some(({ id }) => id === plugin.id)) return null;
  const said = update.output.split('\n').find((line) => isFailureOf(plugin.id, line));
  if (said !== undefined) return shortened(said);
  return update.ok ? null : `It could not be looked after: ${update.how}.`;
}

/** Both phrases are the same in every release that we tried. */
function isFailureOf(id: string, line: string): boolean {
  return [`Failed to update ${id}:`, `Failed to check ${id}:`].some((words) => line.includes(words));
}

function shortened(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > LONGEST_REASON ? `${trimmed.slice(0, LONGEST_REASON)}…` : trimmed;
}
