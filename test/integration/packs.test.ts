import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { acquireLock } from '../../src/store/lock.js';
import { prepareRoot, rootAt } from '../../src/store/root.js';
import { runtimeNode } from '../../src/store/runtimes.js';
import { makeTinyNode, sealTinyRelease, TINY_NODE } from '../support/release.js';
import { CLI, makeWorld, typed } from '../support/world.js';

const VERSION = '2026.6.1';

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

test('a pack takes a release to a host without a registry, which makes the same pack of it', async () => {
  const [first, other] = [
    await makeWorld(undefined, { seeded: false }),
    await makeWorld(undefined, { seeded: false }),
  ];
  // A whole Node would take seconds to compress.
  for (const { root } of [first, other]) makeTinyNode(rootAt(root));
  first.publish(VERSION);
  await first.ok('stage', VERSION);
  const file = join(first.path, 'release.pack');
  const packed = await first.ok('pack', VERSION, '-o', file);
  expect(packed).toMatchObject({ path: file, sha256: sha256(file), pack: { version: VERSION, base: null } });
  await other.registry.close();
  const { stdout } = await execa(process.execPath, [CLI, 'import', '-'], {
    env: other.env,
    extendEnv: false,
    input: readFileSync(file),
  });
  expect(stdout).toContain(`Next: ${typed(other, `switch ${VERSION} --no-restart`)}`);
  const again = await other.ok('pack', VERSION, '-o', join(other.path, 'again.pack'));
  expect(again.pack.treeDigest).toBe(packed.pack.treeDigest);
  expect(again.sha256).toBe(packed.sha256);
  // Older than all files: what install scripts changed before it was packed is no other release's package.
  expect(statSync(join(other.root, 'releases', VERSION, 'package-lock.json')).mtimeMs).toBe(0);
  const { steps } = await other.ok('import', file);
  expect(steps[0].note).toBe(`${VERSION} is here already`);
});

test('a deprecated release is refused on every road, and taken where a person insists', async () => {
  const world = await makeWorld();
  world.publish(VERSION);
  world.registry.deprecate('openclaw', VERSION, 'It loses messages');
  const refused = {
    exitCode: 3,
    json: {
      error: {
        code: 'release_yanked',
        message: `${VERSION} is deprecated by its publisher: It loses messages.`,
        hint: expect.stringContaining('--even-if-yanked'),
      },
    },
  };
  expect(await world.cli('stage', 'latest')).toMatchObject(refused);
  expect(await world.cli('stage', VERSION)).toMatchObject(refused);
  await world.ok('stage', VERSION, '--even-if-yanked');
});

test('pack compresses at low priority, and takes no lock from a rollback', async () => {
  const world = await makeWorld(undefined, { seeded: false });
  const root = rootAt(world.root);
  prepareRoot(root);
  const node = runtimeNode(root, TINY_NODE);
  mkdirSync(dirname(node), { recursive: true });
  const noted = join(world.path, 'priority');
  const script = `#!/bin/sh\ncut -d ' ' -f 19 /proc/$$/stat > '${noted}'\nexec '${process.execPath}' "$@"\n`;
  writeFileSync(node, script, { mode: 0o755 });
  await sealTinyRelease(root, VERSION);
  const unlock = await acquireLock(root, 'rollback');
  await world.ok('pack', VERSION, '-o', join(world.path, 'release.pack')).finally(unlock);
  expect(Number(readFileSync(noted, 'utf8'))).toBeGreaterThanOrEqual(
    constants.priority.PRIORITY_BELOW_NORMAL,
  );
});
