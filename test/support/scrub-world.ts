import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeTree } from './place.js';
import { makeWorld, QUICK, type World } from './world.js';

export const [OLD, NEW] = ['2026.6.1', '2026.6.5'];
export const FILE = `releases/${OLD}/node_modules/openclaw/package.json`;

/** Damages a file, as another file: a Node that runs cannot be written. */
export function damage(world: World, name: string): void {
  const path = join(world.root, name);
  const [{ mode }, bytes, directory] = [statSync(path), readFileSync(path), statSync(dirname(path)).mode];
  chmodSync(dirname(path), 0o700);
  rmSync(path);
  writeFileSync(path, Buffer.concat([bytes, Buffer.from(' ')]), { mode });
  chmodSync(dirname(path), directory);
}

/** A gateway of NEW with OLD to return to, and a program that is told. */
export async function updatedWorld(): Promise<{
  world: World;
  told: () => { event: string; text: string }[];
}> {
  const world = await makeWorld();
  const program = join(
    writeTree(join(world.path, 'tell'), { me: '#!/bin/sh\n{ cat; echo; } >>"$0.said"\n' }),
    'me',
  );
  chmodSync(program, 0o755);
  world.publish(OLD);
  world.publish(NEW);
  await world.start(OLD);
  await world.ok('update', NEW, ...QUICK);
  await world.ok('notify', program);
  const said = () =>
    existsSync(`${program}.said`) ? readFileSync(`${program}.said`, 'utf8').trim().split('\n') : [];
  return { world, told: () => said().map((line) => JSON.parse(line)) };
}
