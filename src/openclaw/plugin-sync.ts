import { realpathSync } from 'node:fs';
import type { Plugin, PluginPlace } from './plugin.js';
import { linksElsewhere } from './plugin-links.js';
import { listPlugins } from './plugins.js';
import { type CommandResult, runCommand } from './run-tool.js';

/** With which release, and in how much time, plugins are brought along. */
export interface SyncRequest {
  place: PluginPlace;
  /** The Node of the release; absolute. */
  node: string;
  /** The program of the release; absolute. */
  main: string;
  /** The version of the release. */
  version: string;
  /** What the gateway is started with; holds its secrets. */
  env: Record<string, string>;
  /** For all of it together; what has not ended by then is killed. */
  budgetMs: number;
  signal?: AbortSignal | undefined;
}

export interface PluginChange {
  id: string;
  /** Null for one that was not there, or is not any more. */
  from: string | null;
  to: string | null;
}

export interface PluginFailure {
  id: string;
  /** One sentence. */
  why: string;
}

export interface SyncReport {
  changed: PluginChange[];
  /** Packages whose link to OpenClaw's package leads to this release now, and did not before. */
  relinked: string[];
  failed: PluginFailure[];
  /** A tool did not end by itself: half of a plugin may be there, and the set from before should be put back. */
  cutOff: boolean;
  /** What is installed now. */
  plugins: Plugin[];
}

/** Ties a process to the supervisor of the gateway that was started with it. */
const OF_THE_SUPERVISOR =
  /^(INVOCATION_ID|NOTIFY_SOCKET|JOURNAL_STREAM|MAINPID|SYSTEMD_EXEC_PID|MANAGERPID|WATCHDOG_\w+|LISTEN_\w+|MEMORY_PRESSURE_\w+|CREDENTIALS_DIRECTORY|OPENCLAW_SYSTEMD_\w+|OPENCLAW_LAUNCHD_\w+|OPENCLAW_SERVICE_\w+|PWD|OLDPWD)$/;

/** Longer ones are a dump, not a sentence. */
const LONGEST_REASON = 300;

/**
 * Brings installed plugins to what fits a release, with that release's own tools: `plugins update --all`, which takes
 * the newest version that the release can run, and `doctor --fix` where a link still leads to another release. What
 * they made of it is read from what is installed afterwards, since their words differ between releases; the words
 * only say why something failed. Without a network the first of them never ends by itself: the budget ends it.
 * @throws ReleasesError `interrupted`, `write_failed` (the list of plugins cannot be read)
 */
export async function syncPlugins(request: SyncRequest): Promise<SyncReport> {
  const { place, main, version, signal } = request;
  const deadline = performance.now() + request.budgetMs;
  const before = await listPlugins(place, version, signal);
  const elsewhere = linksElsewhere(place.state, main);
  const update = await runTool(request, ['plugins', 'update', '--all'], deadline);
  // Newer releases put links right when they start; older ones only by this.
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
    const how = repair && !repair.ok ? ` (${repair.problem})` : '';
    failed.push({ id: plugin, why: `It still runs on OpenClaw's code in ${target}${how}.` });
  }
  const relinked = elsewhere.filter(({ path }) => !leftPaths.has(path)).map(({ plugin }) => plugin);
  const cutOff = update.cutOff || (repair?.cutOff ?? false);
  return { changed, relinked, failed, cutOff, plugins };
}

/**
 * What the release itself says of plugins that it cannot load, by id. It loads them to find out, which takes seconds.
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

function runTool(request: SyncRequest, args: string[], deadline: number): Promise<CommandResult> {
  const { place, node, main, env, signal } = request;
  const kept = Object.entries(env).filter(([name]) => !OF_THE_SUPERVISOR.test(name));
  return runCommand(node, [realpathSync(main), ...args], {
    cwd: place.state,
    env: {
      PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
      ...Object.fromEntries(kept),
      OPENCLAW_NO_AUTO_UPDATE: '1',
      // What supervises the gateway is not its to repair.
      OPENCLAW_SERVICE_REPAIR_POLICY: 'external',
      NO_COLOR: '1',
    },
    timeoutMs: Math.max(1, deadline - performance.now()),
    ...{ signal, user: place.user },
  });
}

function differences(before: Plugin[], after: Plugin[]): PluginChange[] {
  const ids = new Set([...before, ...after].map(({ id }) => id));
  return [...ids].flatMap((id) => {
    const [from, to] = [before, after].map((list) => list.find((plugin) => plugin.id === id));
    const same = from !== undefined && to !== undefined && from.version === to.version;
    return same ? [] : [{ id, from: from?.version ?? null, to: to?.version ?? null }];
  });
}

/** Why a plugin did not come along, or null: that its version stayed is no failure by itself. */
function whyNot(plugin: Plugin, update: CommandResult, changed: PluginChange[]): string | null {
  if (plugin.problem !== null) return plugin.problem;
  if (changed.some(({ id }) => id === plugin.id)) return null;
  const said = update.output.split('\n').find((line) => isFailureOf(plugin.id, line));
  if (said !== undefined) return shortened(said);
  return update.ok ? null : `It could not be looked after: ${update.problem}.`;
}

/** Both words are the same in every release that was tried. */
function isFailureOf(id: string, line: string): boolean {
  return [`Failed to update ${id}:`, `Failed to check ${id}:`].some((words) => line.includes(words));
}

function shortened(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > LONGEST_REASON ? `${trimmed.slice(0, LONGEST_REASON)}…` : trimmed;
}
