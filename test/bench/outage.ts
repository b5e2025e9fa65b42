import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { sqliteNode } from '../support/sqlite-node.js';
import { type Host, npmHost, ourHost } from './outage-host.js';
import { type BenchOptions, inTurn, median, type Report, type Section, spread } from './section.js';
import { type Outage, outageOf } from './watch.js';

const OLDER = '2026.9.5';
const NEWER = '2026.9.6';

const ARMS = {
  restartOlder: `restart of ${OLDER}`,
  update: `update to ${NEWER}`,
  restartNewer: `restart of ${NEWER}`,
  rollback: `rollback to ${OLDER}`,
  firstStart: `restart into ${NEWER}, whose first start it is, and nothing else`,
  npmRestartOlder: `npm i -g: restart of ${OLDER}`,
  npmUpdate: `npm i -g: ${NEWER} in its place, and a restart`,
  npmRestartNewer: `npm i -g: restart of ${NEWER}`,
};

type Arm = keyof typeof ARMS;

interface Sample extends Outage {
  arm: Arm;
}

interface Found {
  samples: Sample[];
  /** Files that gateways reported as missing, and actions that failed. */
  broken: string[];
}

/** Measures how long a gateway does not answer, seen by a client that asks all the time; each round has hosts of its own. */
export const section: Section = {
  title: 'The outage of an update',
  async run(options) {
    const found: Found = { samples: [], broken: [] };
    mkdirSync(join(options.directory, 'npm-cache'));
    for (let round = 0; round < options.rounds; round++) {
      for (const story of inTurn([ourStory, npmStory], round)) await story(options, found);
    }
    return reportOn(found);
  },
};

async function ourStory(options: BenchOptions, { samples }: Found): Promise<void> {
  const host = await ourHost(join(options.directory, 'npm-cache'));
  await onHost(host, options, samples, async (measured, restart) => {
    await host.stage(NEWER);
    await measured('restartOlder', host.restart);
    await measured('update', () => host.update(NEWER));
    await restart();
    await measured('restartNewer', host.restart);
    await measured('rollback', () => host.rollback(OLDER));
    // The rollback has restored the state, so that this migrates it once more.
    await host.point(NEWER);
    await measured('firstStart', host.restart);
  });
}

async function npmStory(options: BenchOptions, { samples, broken }: Found): Promise<void> {
  const host = await npmHost(await sqliteNode(), join(options.directory, 'npm-cache'));
  await onHost(host, options, samples, async (measured, restart) => {
    await measured('npmRestartOlder', host.restart);
    await measured('npmUpdate', () => host.update(NEWER));
    broken.push(...missedFiles(host.log()));
    await restart();
    await measured('npmRestartNewer', host.restart);
    await host.rollback(OLDER).catch((error: Error) => {
      broken.push(`${OLDER} in the place of ${NEWER}: ${error.message}`);
    });
  });
}

type Measured = (arm: Arm, work: () => Promise<unknown>) => Promise<void>;

/** The older one has been started there before, so that nothing of it is cold. */
async function onHost(
  host: Host,
  { say }: BenchOptions,
  samples: Sample[],
  story: (measured: Measured, restart: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const restart = async () => void (await outageOf(host, host.restart));
  const measured: Measured = async (arm, work) => {
    const outage = await outageOf(host, work);
    samples.push({ arm, ...outage });
    const [ready, live, cpu] = [outage.readyMs, outage.liveMs, outage.cpuMs].map((ms) =>
      (ms / 1000).toFixed(1),
    );
    say(`${ARMS[arm]}: not ready for ${ready} s, not live for ${live} s, processor ${cpu} s`);
  };
  try {
    await host.begin(OLDER);
    await restart();
    await story(measured, restart);
  } finally {
    await host.remove();
  }
}

/** Removes what differs in every run: the time and the directories. */
function missedFiles(log: string): string[] {
  const lines = stripVTControlCharacters(log)
    .split('\n')
    .filter((line) => /Cannot find (module|package)|ENOENT|step failed/.test(line));
  return lines.map((line) =>
    line
      .replace(/^\d{4}-\S+\s+/, '')
      .replace(/\/\S*\/node_modules\//g, '…/node_modules/')
      .slice(0, 200),
  );
}

function reportOn({ samples, broken }: Found): Report {
  const all = (arm: Arm, key: keyof Outage) =>
    samples.filter((one) => one.arm === arm).map((one) => one[key] / 1000);
  const ratio = (arm: Arm, to: Arm) => median(all(arm, 'readyMs')) / median(all(to, 'readyMs'));
  const rows = (Object.keys(ARMS) as Arm[]).map((arm) => [
    ARMS[arm],
    ...(['readyMs', 'liveMs', 'cpuMs'] as const).map((key) => spread(all(arm, key), 1)),
  ]);
  return {
    about: `OpenClaw ${OLDER} and ${NEWER}, which migrates the state with its first start, as OpenClaw does with every version, build and place that its state does not know (state-migrations in its table schema_meta): seconds without an answer of 200, medians (least to most), and the processor time that the new process had used when it was ready.`,
    tables: [
      { columns: ['', 'not ready', 'not live', 'processor'], rows },
      { columns: ['what broke in place'], rows: [...new Set(broken)].map((line) => [line]) },
    ],
    targets: [
      {
        what: 'outage of an update, of a mere restart into the release that it leads to, for the first time',
        ratio: ratio('update', 'firstStart'),
        atMost: 1.1,
      },
      {
        what: 'outage of a rollback, of a restart of the release that it leads to',
        ratio: ratio('rollback', 'restartOlder'),
        atMost: 1.05,
      },
    ],
    samples: { samples, broken },
  };
}
