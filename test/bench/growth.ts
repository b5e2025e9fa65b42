import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Change } from '../../src/ledger/ledger.js';
import { openclawPackage } from '../registry/gateway-package.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import { removeDirectory } from '../support/place.js';
import { stateOf } from '../support/state.js';
import { CLI, QUICK, type World } from '../support/world.js';
import { type Figures, measure } from './measure.js';
import { exponentOf, logLogPlot, type Series } from './plot.js';
import { growRoot, updatedWorld } from './roots.js';
import { type BenchOptions, median, type Report, type Section } from './section.js';

const PACKAGES = [50, 100, 200];
const FILES = [10, 20, 40];
const RELEASES = [2, 20, 200];
const CHANGES_PER_RELEASE = 10;
const STATE_MEBIBYTES = [30, 300];
const FILE_BYTES = 1_000;
const STATE_FILE_BYTES = 1 << 20;
/** These take a tenth of a second. */
const LEAST_LOOKS = 10;

const [GROWING_PACKAGES, GROWING_FILES] = ['packages x2', 'files x2'] as const;
const [GROWING_RELEASES, GROWING_STATE] = ['releases and changes x10', 'state x10'] as const;

interface Sample {
  /** Thing that grew, and its unit. */
  grows: string;
  x: number;
  /** Action, and the unit of `y`. */
  what: string;
  y: number;
}

/**
 * Powers by which costs grow with size: of a synthetic package tree that is staged and verified, of releases and
 * changes on disk that are looked at and switched between, of the state that a switch keeps a copy of.
 */
export const section: Section = {
  title: 'Growth',
  async run(options) {
    const samples: Sample[] = [];
    await trees(options, samples);
    await releases(options, samples);
    await state(options, samples);
    return reportOn(samples);
  },
};

async function trees({ directory, rounds, say }: BenchOptions, samples: Sample[]): Promise<void> {
  const registry = await startRegistry({ packumentMaxAge: 0 });
  try {
    const shapes = [
      ...PACKAGES.map((packages) => ({
        grows: GROWING_PACKAGES,
        x: packages,
        packages,
        files: FILES[0] ?? 0,
      })),
      ...FILES.map((files) => ({ grows: GROWING_FILES, x: files, packages: PACKAGES[1] ?? 0, files })),
    ].map((shape, at) => ({ ...shape, version: `2026.1.${at + 1}` }));
    for (const { version, packages, files } of shapes) publishTree(registry, version, packages, files);
    for (let round = 0; round < rounds; round++) {
      for (const { grows, x, version } of shapes) {
        const { stage, verify } = await stageAndVerify(registry, version, join(directory, 'tree'));
        samples.push(
          { grows, x, what: 'stage, processor s', y: stage.cpuSeconds },
          { grows, x, what: 'stage, peak MiB', y: stage.peakMebibytes },
          { grows, x, what: 'verify, processor s', y: verify.cpuSeconds },
        );
        say(
          `${grows}, ${x}: staged in ${stage.seconds.toFixed(1)} s, verified in ${verify.seconds.toFixed(2)} s`,
        );
      }
    }
  } finally {
    await registry.close();
  }
}

/** A small gateway with so many dependencies, each of so many files; none is shared with another version. */
function publishTree(registry: Registry, version: string, packages: number, files: number): void {
  const names = Array.from({ length: packages }, (_, at) => `grown-${version.replaceAll('.', '-')}-${at}`);
  for (const name of names) {
    const manifest = { name, version: '1.0.0', type: 'module', exports: './index.js' };
    registry.publish({
      ...{ name, version: '1.0.0' },
      files: {
        'package.json': JSON.stringify(manifest),
        'index.js': '',
        ...Object.fromEntries(
          Array.from({ length: files - 2 }, (_, at) => [
            `data/${at}.js`,
            `// ${name} ${at}\n`.padEnd(FILE_BYTES, '.'),
          ]),
        ),
      },
    });
  }
  const dependencies = Object.fromEntries(names.map((name) => [name, '1.0.0']));
  registry.publish(openclawPackage(version, { dependencies }));
}

async function stageAndVerify(
  registry: Registry,
  version: string,
  place: string,
): Promise<{ stage: Figures; verify: Figures }> {
  mkdirSync(place);
  const env = {
    npm_config_registry: registry.url,
    npm_config_cache: join(place, 'cache'),
    OPENCLAW_RELEASES_ROOT: join(place, 'root'),
    OPENCLAW_RELEASES_PROBE: 'version',
  };
  try {
    const run = (...args: string[]) =>
      measure({ file: process.execPath, args: [CLI, ...args, version], cwd: place, env });
    return { stage: await run('stage'), verify: await run('verify') };
  } finally {
    removeDirectory(place);
  }
}

async function releases({ rounds, say }: BenchOptions, samples: Sample[]): Promise<void> {
  for (const x of RELEASES) {
    await inWorld(async (world, templates) => {
      await growRoot(world.root, { releases: x, changes: x * CHANGES_PER_RELEASE }, templates);
      const grows = GROWING_RELEASES;
      for (let round = 0; round < Math.max(rounds, LEAST_LOOKS); round++) {
        for (const command of ['list', 'status'])
          samples.push({
            grows,
            x,
            what: `${command}, processor s`,
            y: (await run(world, command)).cpuSeconds,
          });
      }
      for (let round = 0; round < rounds; round++) {
        const { cpuSeconds } = await run(world, 'switch', otherOf(round), ...QUICK);
        samples.push({ grows, x, what: 'switch, processor s', y: cpuSeconds });
      }
      say(`${grows}, ${x}`);
    });
  }
}

/** The world runs 2026.1.2, and goes to and fro. */
const otherOf = (round: number) => (round % 2 === 0 ? '2026.1.1' : '2026.1.2');

function run(world: World, ...args: string[]): Promise<Figures> {
  return measure({ file: world.node, args: [CLI, ...args], cwd: world.path, env: world.env });
}

async function inWorld(work: (world: World, templates: Change[]) => Promise<void>): Promise<void> {
  const cleaners: (() => unknown)[] = [];
  try {
    await work(...(await updatedWorld((clean) => void cleaners.push(clean))));
  } finally {
    for (const clean of cleaners.reverse()) await clean();
  }
}

async function state({ rounds, say }: BenchOptions, samples: Sample[]): Promise<void> {
  const grows = GROWING_STATE;
  await inWorld(async (world) => {
    const directory = join(stateOf(world), 'memory');
    mkdirSync(directory, { recursive: true });
    for (const x of STATE_MEBIBYTES) {
      // No two are the same: a filesystem could share them.
      for (let at = readdirSync(directory).length; at < x; at++)
        writeFileSync(join(directory, `${at}.bin`), Buffer.alloc(STATE_FILE_BYTES, `${at} `));
      for (let round = 0; round < 2 * Math.ceil(rounds / 2); round++) {
        const { json } = await world.cli('switch', otherOf(round), ...QUICK);
        const { ms = 0 } = (json as Change).steps.find(({ name }) => name === 'snapshot') ?? {};
        samples.push({ grows, x, what: 'snapshot, seconds', y: ms / 1000 });
      }
      const { peakMebibytes } = await run(world, 'switch', otherOf(0), ...QUICK);
      samples.push({ grows, x, what: 'switch, peak MiB', y: peakMebibytes });
      await world.ok('switch', otherOf(1), ...QUICK);
      say(`${grows}, ${x} MiB`);
    }
  });
}

function reportOn(samples: Sample[]): Report {
  const kinds = [...new Set(samples.map(({ grows, what }) => `${grows}: ${what}`))];
  const all: Series[] = kinds.map((name) => {
    const of = samples.filter(({ grows, what }) => `${grows}: ${what}` === name);
    const points = [...new Set(of.map(({ x }) => x))].map((x) => ({
      x,
      y: median(of.filter((one) => one.x === x).map(({ y }) => y)),
    }));
    return { name, points };
  });
  return {
    about:
      'Medians; seconds of the processor are not those that others on the machine take. The exponent is by which power a cost grew at the largest step, from the last value but one to the last: 1 is linear, 0 not at all.',
    tables: [
      {
        columns: ['what there is more of: what it costs', 'how much of it', 'cost', 'exponent'],
        rows: all.map((series) => [
          series.name,
          series.points.map(({ x }) => x).join(', '),
          series.points.map(({ y }) => y.toFixed(y < 10 ? 2 : 0)).join(', '),
          exponentOf(series).toFixed(2),
        ]),
      },
    ],
    targets: all.map((series) => ({
      what: `exponent of ${series.name}`,
      ratio: exponentOf(series),
      // Readers and switches must hardly notice how much lies there; memory is bounded by what is held at once.
      atMost: series.name.startsWith(GROWING_RELEASES) ? 0.5 : series.name.includes('MiB') ? 0.8 : 1.1,
    })),
    plots: [logLogPlot('growth', all)],
    samples,
  };
}
