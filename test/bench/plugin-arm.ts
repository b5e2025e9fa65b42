import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ownFile } from '../../src/core/own-files.js';
import { makePlace } from '../../src/demo/place.js';
import { activityOf, descendsFrom, processIds, TICKS_PER_SECOND } from '../../src/host/process.js';
import { killTree } from '../../src/host/process-tree.js';
import { until } from '../support/place.js';

export const ARMS = ['without', 'a plugin that does nothing', 'with'] as const;

/** Milliseconds from readiness until the memory is read; work in between is the gateway's own. */
const SETTLE_MS = 2_000;

const READY_WITHIN_MS = 120_000;

export interface Sample {
  arm: (typeof ARMS)[number];
  /** Milliseconds from its start until `/readyz` answers 200. */
  readyMs: number;
  /** Processor time of all its processes until then; to 10 ms, as the kernel counts. */
  cpuMs: number;
  /** Resident memory of all its processes, once it has settled. */
  mebibytes: number;
}

/** A gateway with a state of its own, that is started again and again. */
export interface Arm {
  /** Starts it, measures, and ends it. */
  start(): Promise<Sample>;
  remove(): void;
}

/** Starts a version that is staged in the root, as the launcher does. */
export async function makeArm(name: Sample['arm'], root: string, version: string): Promise<Arm> {
  const place = await makePlace();
  const release = realpathSync(join(root, 'releases', version));
  const plugins: Record<Sample['arm'], () => string | null> = {
    without: () => null,
    'a plugin that does nothing': () => emptyPlugin(join(place.path, 'nothing')),
    with: () => dirname(ownFile('dist/plugin/index.js')),
  };
  configure(place.env, plugins[name]());
  const url = `http://127.0.0.1:${place.port}`;
  const env = { ...place.env, OPENCLAW_RELEASES_ROOT: root, OPENCLAW_RELEASES_RELEASE: release };
  const answers = async (path: string, status: number) =>
    (await fetch(url + path, { headers: { connection: 'close' } }).catch(() => null))?.status === status;

  async function start(): Promise<Sample> {
    const log = openSync(place.log, 'a');
    const begun = performance.now();
    const child = spawn(join(release, 'node'), [realpathSync(join(release, 'main')), 'gateway'], {
      ...{ env, detached: true, stdio: ['ignore', log, log], cwd: place.path },
    });
    closeSync(log);
    const ended = once(child, 'exit');
    const pid = child.pid ?? Number.NaN;
    try {
      await until(
        `${version} ${name} is ready; see\n${place.log}`,
        () => answers('/readyz', 200),
        READY_WITHIN_MS,
      );
      const readyMs = performance.now() - begun;
      const cpuMs = (activityOf(pid).ticks / TICKS_PER_SECOND) * 1000;
      // Code that was not loaded cannot have cost anything. Without it this path is nobody's, or the Control UI's.
      const isLoaded = () => answers('/releases/api/picture', 401);
      if (name === 'with') await until('the plugin is loaded', isLoaded, READY_WITHIN_MS);
      await setTimeout(SETTLE_MS);
      if (name !== 'with' && (await isLoaded()))
        throw new Error(`The plugin is loaded, and it should be ${name}.`);
      return { arm: name, readyMs, cpuMs, mebibytes: residentOf(pid) };
    } finally {
      child.kill();
      await Promise.race([ended, setTimeout(15_000, undefined, { ref: false })]);
      if (child.exitCode === null && child.signalCode === null) killTree(pid);
    }
  }
  return { start, remove: () => place.remove() };
}

function configure(env: NodeJS.ProcessEnv, plugin: string | null): void {
  const path = env.OPENCLAW_CONFIG_PATH ?? '';
  const config = JSON.parse(readFileSync(path, 'utf8'));
  const id = plugin && JSON.parse(readFileSync(join(plugin, 'openclaw.plugin.json'), 'utf8')).id;
  const plugins = { load: { paths: [plugin] }, entries: { [id]: { enabled: true } } };
  writeFileSync(path, JSON.stringify({ ...config, ...(plugin && { plugins }) }));
}

/** Files that OpenClaw needs for any plugin at all. */
function emptyPlugin(directory: string): string {
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
  mkdirSync(directory);
  const manifest = { id: 'nothing', name: 'Nothing', version: '1.0.0', activation: { onStartup: true } };
  write(
    'openclaw.plugin.json',
    JSON.stringify({ ...manifest, configSchema: { type: 'object', properties: {} } }),
  );
  const own = { name: 'nothing', version: '1.0.0', type: 'module', openclaw: { extensions: ['./index.js'] } };
  write('package.json', JSON.stringify(own));
  write('index.js', "export default { id: 'nothing', register() {} };\n");
  return directory;
}

/** MiB. */
function residentOf(pid: number): number {
  const all = processIds().filter((other) => other === pid || descendsFrom(other, pid));
  const kibibytes = all.map((one) => {
    try {
      return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  });
  return kibibytes.reduce((sum, one) => sum + one, 0) / 1024;
}
