import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Machine } from '../lab/machine.js';
import { makeOperator, QUICK } from '../lab/operator.js';
import { FULL_LANES, whyNot } from '../lanes/lanes.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { CLI } from '../support/world.js';
import { type Arm, BARE, type Cost, compareLooks, costOf, TIMED, versionOf } from './looking.js';
import type { BenchOptions, Section } from './section.js';

const KNOWN = 'compatibility.json';
const SETTLED_WITHIN_MS = 200_000;
const COMMANDS = ['list', 'status'];

/** Costs of `list` and `status` for a gateway as most run: adopted, under the systemd of a machine of its own. */
export const section: Section = {
  title: 'Looking under systemd',
  async run(options) {
    const lab = FULL_LANES.find(({ name }) => name === 'lab');
    const reason = lab ? whyNot(lab) : null;
    if (reason !== null) throw new Error(`Cannot be measured here. ${reason}`);
    const cleaners: (() => unknown)[] = [];
    try {
      const arms = await armsOf(options, (clean) => void cleaners.push(clean));
      options.say('measuring');
      const compared = await compareLooks(arms, options, (ratio, node) =>
        COMMANDS.map((command) => ({
          what: `${command} on Node ${node} under systemd, of ${BARE}`,
          ratio: ratio(command, BARE),
          atMost: 2,
        })),
      );
      return { about: 'A root with two releases, in a machine that boots.', ...compared };
    } finally {
      for (const clean of cleaners.reverse()) await clean();
    }
  },
};

async function armsOf({ say }: BenchOptions, atEnd: (clean: () => unknown) => void): Promise<Arm[]> {
  say('starting a machine');
  const operator = await makeOperator(atEnd, { '2026.6.1': {} });
  await operator.ok(`adopt ${QUICK}`);
  await operator.ok(`update 2026.6.1 ${QUICK}`);
  const { machine } = operator;
  say('waiting until the gateway has run for two minutes, after which list records its state');
  const record = join(machine.root, machine.claw.home, '.local/share/openclaw-releases', KNOWN);
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  for (await operator.ok('list'); !existsSync(record); await operator.ok('list')) {
    if (performance.now() > deadline) throw new Error(`There is no ${KNOWN} after ${SETTLED_WITHIN_MS} ms.`);
    await setTimeout(5_000);
  }
  return [...new Set([await sqliteNode(), process.execPath])].flatMap((node, at) => {
    // The gateway's user may have no access to a checkout's cache.
    const inside = join(machine.shared, `node-${at}`);
    copyFileSync(node, inside);
    const commands = [[BARE, '-e 0'], ...COMMANDS.map((command) => [command, `${CLI} ${command}`])];
    return commands.map(([name = '', args]) => ({
      name,
      node: versionOf(node),
      time: () => timeInside(machine, `${inside} ${args}`),
    }));
  });
}

async function timeInside(machine: Machine, command: string): Promise<Cost> {
  return costOf((await machine.run(`${TIMED} ${command} 2>/dev/null`)).stderr);
}
