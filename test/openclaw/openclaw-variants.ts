import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { listReleases } from '../../src/store/manifest.js';
import { rootAt } from '../../src/store/root.js';
import type { AtEnd } from '../support/place.js';
import type { BareWorld, RunningSupervisor } from '../support/world.js';
import { packed, packing, type Repack, repack } from './openclaw-repack.js';
import { openclawWorld, STAGED } from './openclaw-world.js';

export const OLD = '2026.9.5';
/** Migrates the state of `OLD`, which cannot read it then. */
export const NEW = '2026.9.6';

/** Faults of a release that is staged once and has the fault of the day. */
export const FAULTS = [
  'exits at start',
  'crashes once it is ready',
  'never ready',
  'another version',
  'loses a channel',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Variable that names the file with the fault of the day. */
const VARIABLE = 'OPENCLAW_TEST_FAULT';

const PROBES = 'const GATEWAY_PROBE_ROUTES =';
const READY = 'statusCode = result.ready ? 200 : 503;';
const VERSION = 'ersion: resolveRuntimeServiceVersion(process.env)';
const quoted = (text: string) => text.replace(/[.*+?()[\]]/g, '\\$&');

const FAULTY: Record<string, string> = {
  [PROBES]: [
    `globalThis.testFault = process.getBuiltinModule("fs").readFileSync(process.env.${VARIABLE}, "utf8");`,
    'if (testFault === "exits at start" && process.argv[2] === "gateway") process.exit(1);',
    'if (testFault === "loses a channel") delete process.env.TELEGRAM_BOT_TOKEN;',
    PROBES,
  ].join('\n'),
  [READY]: [
    'if (testFault === "crashes once it is ready" && result.ready) setTimeout(() => process.exit(1), 500);',
    'statusCode = result.ready && testFault !== "never ready" ? 200 : 503;',
  ].join('\n'),
  [VERSION]:
    'ersion: globalThis.testFault === "another version" ? "2026.1.1" : resolveRuntimeServiceVersion(process.env)',
};

/** Releases that `NEW` becomes by a change of its code, which plugins load with `require`: it awaits nothing. */
export const SLOW: Repack = {
  version: '2026.9.7',
  find: new RegExp(quoted(PROBES), 'g'),
  replace: `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_000);\n${PROBES}`,
};
export const BAD: Repack = {
  version: '2026.9.8',
  find: new RegExp([PROBES, READY, VERSION].map(quoted).join('|'), 'g'),
  replace: (match) => FAULTY[match] ?? match,
};

/** More of the environment of a world whose gateway may be the bad release. */
export const faultIn = (directory: string) => ({ [VARIABLE]: join(directory, 'fault') });

export function haveFault(world: BareWorld, fault: Fault): void {
  writeFileSync(world.env[VARIABLE] ?? '', fault);
}

/**
 * Stages the published releases and the variants, each once; answers the root that has them.
 * @param kept directory that keeps it for the next run; null for none
 */
export async function stageReleases(atEnd: AtEnd, kept: string | null): Promise<string> {
  const world = await openclawWorld(atEnd, { kept });
  const archives = join(world.path, 'archives');
  mkdirSync(archives, { recursive: true });
  const published = join(archives, packed(NEW));
  for (const version of [OLD, NEW]) await stageOnce(world, version, async () => version);
  for (const variant of [SLOW, BAD])
    await stageOnce(world, variant.version, async () => {
      if (!existsSync(published))
        await execa('npm', packing(NEW, archives), { env: world.env, cwd: archives });
      return repack(published, archives, variant);
    });
  return world.root;
}

/** Id of a staged release of a version: that of an archive has its digest. */
export function idOf({ root }: BareWorld, version: string): string | undefined {
  return listReleases(rootAt(root)).releases.find((one) => one.version === version)?.id;
}

async function stageOnce(world: BareWorld, version: string, spec: () => Promise<string>): Promise<void> {
  if (idOf(world, version) !== undefined) return;
  await world.ok('stage', await spec());
}

/** Puts staged releases into a world: the same files where it is on the same filesystem. Starts the older published one. */
export async function startStaged(world: BareWorld, staged: string): Promise<RunningSupervisor> {
  mkdirSync(world.root, { recursive: true, mode: 0o700 });
  const how = statSync(staged).dev === statSync(world.root).dev ? '-al' : '-a';
  for (const name of STAGED.filter((one) => existsSync(join(staged, one))))
    await execa('cp', [how, join(staged, name), world.root]);
  await world.ok('switch', OLD, '--no-restart');
  return world.supervise();
}
