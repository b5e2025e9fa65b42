import { join } from 'node:path';
import { cacheVersions } from '../../src/rollback/compatibility/current-state.js';
import { lookOf } from '../../src/state/fingerprint.js';
import { findStatePlace } from '../../src/state/place.js';
import { readStateVersions } from '../../src/state/versions.js';
import { rootAt } from '../../src/store/root.js';
import { selectSupervisor } from '../../src/supervisor/select.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { CLI, type World } from '../support/world.js';
import { type Arm, BARE, compareLooks, time, versionOf } from './looking.js';
import { growRoot, type Size, updatedWorld } from './roots.js';
import type { BenchOptions, Section } from './section.js';

const SMALL: Size = { releases: 3, changes: 20 };
const LARGE: Size = { releases: 100, changes: 200 };

const COMMANDS = ['list', 'status'];

/**
 * Costs of `list` and `status` beside a Node that does nothing, with a small root and a large one, with a gateway that
 * runs (as it mostly does) and without. All but the first round start with the code that V8 compiled in the first.
 */
export const section: Section = {
  title: 'Looking',
  async run(options) {
    const cleaners: (() => unknown)[] = [];
    try {
      const arms = await armsOf(options, (clean) => void cleaners.push(clean));
      options.say('measuring');
      const compared = await compareLooks(arms, options, (ratio, node) =>
        COMMANDS.flatMap((command) => [
          {
            what: `${command} on Node ${node}, of ${BARE}`,
            ratio: ratio(`${command}, small root`, BARE),
            atMost: 2,
          },
          {
            what: `${command} on Node ${node} without a gateway, of ${BARE}`,
            ratio: ratio(`${command}, small root, no gateway`, BARE),
            atMost: 2,
          },
          {
            what: `${command} on Node ${node} with a large root, of a small one`,
            ratio: ratio(`${command}, large root`, `${command}, small root`),
            atMost: 1.5,
          },
        ]),
      );
      const about = `Small: ${SMALL.releases} releases and ${SMALL.changes} changes; large: ${LARGE.releases} and ${LARGE.changes}. Milliseconds, lower quartile and median (least to most), each in turn in every round; promises are of processor time, and of quartiles.`;
      return { about, ...compared };
    } finally {
      for (const clean of cleaners.reverse()) await clean();
    }
  },
};

async function armsOf(
  { directory, beside, say }: BenchOptions,
  atEnd: (clean: () => unknown) => void,
): Promise<Arm[]> {
  const roots: [string, string][] = [];
  for (const [size, name] of [
    [SMALL, 'small'],
    [LARGE, 'large'],
  ] as const) {
    say(`making the ${name} root`);
    const [world, templates] = await updatedWorld(atEnd);
    await growRoot(world.root, size, templates);
    await settle(world);
    const alone = join(directory, name);
    await growRoot(alone, size, templates);
    roots.push([`${name} root`, world.root], [`${name} root, no gateway`, alone]);
  }
  const programs =
    beside === undefined ? { '': CLI } : { '': CLI, ', beside': join(beside, 'dist/cli/main.cjs') };
  return [...new Set([await sqliteNode(), process.execPath])].flatMap((node) => {
    const arm = (name: string, args: string[]) => ({
      name,
      node: versionOf(node),
      time: () => time(node, args),
    });
    const looks = COMMANDS.flatMap((command) =>
      roots.flatMap(([what, root]) =>
        Object.entries(programs).map(([which, cli]) =>
          arm(`${command}, ${what}${which}`, [cli, command, '--root', root]),
        ),
      ),
    );
    return [arm(BARE, ['-e', '0']), ...looks];
  });
}

/** Records what the databases of the state tell, as `list` does when a gateway has run for two minutes. */
async function settle({ root, node }: World): Promise<void> {
  const { instance, launch } = await selectSupervisor(root).inspect();
  const place = findStatePlace(launch);
  const versions = await readStateVersions(place, node);
  cacheVersions(rootAt(root), lookOf(place, versions, instance), versions);
}
