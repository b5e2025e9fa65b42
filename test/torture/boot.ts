import { join } from 'node:path';
import { execa } from 'execa';
import { TRIAL_BOOTS } from '../../src/store/links.js';
import type { Filesystem } from '../support/filesystem.js';
import { until } from '../support/place.js';
import type { Arena } from './arena.js';
import { damagedReleases } from './invariants.js';
import { RECOVERY_POINTS, reach } from './moment.js';
import { Broken } from './outcome.js';
import { endProcesses } from './processes.js';
import { pick, type Random } from './random.js';

/** First action of a machine that starts again; the supervisor follows in any case. */
export const BOOTS = { supervisor: 4, 'recover --boot': 3, 'power is cut again': 2, 'launcher alone': 2 };

/** The record of a file system is replayed by a mount; only then can it be told whether it is clean. */
export async function replay(disk: Filesystem): Promise<string[]> {
  await disk.unmount();
  disk.mount();
  await disk.unmount();
  const complaint = disk.check();
  disk.mount();
  return complaint === null ? [] : [`The filesystem is damaged: ${complaint}`];
}

/**
 * Starts what the machine had, with what is on its disk; answers what was not as it should be.
 * @throws Broken when no gateway comes up
 */
export async function boot(arena: Arena, disk: Filesystem, how: keyof typeof BOOTS, random: Random) {
  const broken: string[] = [];
  if (how === 'recover --boot') broken.push(...(await recover(arena, '--boot')));
  if (how === 'power is cut again') broken.push(...(await cutRecovery(arena, disk, random)));
  if (how === 'launcher alone') broken.push(...(await launch(arena)));
  arena.supervised = await arena.world.supervise().catch(async (error: Error) => {
    throw new Broken([...broken, error.message, ...(await damagedReleases(arena))]);
  });
  broken.push(...(await recover(arena)));
  return broken;
}

async function recover(arena: Arena, ...options: string[]): Promise<string[]> {
  const { exitCode, stdout } = await arena.command('recover', ...options);
  return exitCode === 0 ? [] : [`"recover ${options.join(' ')}" ended with ${exitCode}: ${stdout}`];
}

async function cutRecovery(arena: Arena, disk: Filesystem, random: Random): Promise<string[]> {
  const point = pick(random, RECOVERY_POINTS);
  const { begun, letGo } = await reach(arena, ['recover', '--boot'], { point });
  arena.journal.push(`recovery is cut ${point}`);
  disk.cut();
  await endProcesses(arena.world.path, [begun.pid]);
  letGo();
  return replay(disk);
}

/** A host with nobody to recover, only something that starts what has ended: the launcher must find what runs. */
async function launch(arena: Arena): Promise<string[]> {
  const { world } = arena;
  // One more than a trial has starts: the last one rolls back.
  for (let starts = 0; starts <= TRIAL_BOOTS; starts++) {
    const gateway = execa(join(world.root, 'bin/gateway'), {
      env: world.env,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    });
    let ended = false;
    void gateway.then(() => {
      ended = true;
    });
    let answers = false;
    const begun = async () => {
      answers = (await world.get('/healthz'))?.status === 200;
      return answers || ended;
    };
    await until('the launcher has started a gateway, or failed', begun, arena.readyWithinMs);
    gateway.kill('SIGKILL');
    arena.journal.push(`launcher alone: ${(await gateway).stderr}`);
    if (answers) return [];
  }
  return [`The launcher alone brought up no gateway in ${TRIAL_BOOTS + 1} starts.`];
}
