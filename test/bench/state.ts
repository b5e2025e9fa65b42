/**
 * Costs of keeping the state for an update, and of restoring it for a failed one: seconds, outage and disk, with
 * and without, in turn on the same state, so that the moods of the machine meet both. Run it by
 * `npm run bench:state -- [--mebibytes N] [--files N] [--rounds N] [--state-in DIRECTORY]`; it prints a table in
 * Markdown, then the same as JSON. A state in a directory of another filesystem, such as /dev/shm, is exchanged by copies.
 */
import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Prober } from '../../src/demo/prober.js';
import type { ChangeDocument } from '../../src/views/change.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { stateOf } from '../support/state.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

const FILE_BYTES = 1 << 20;

/** Rows of a mebibyte, as attachments and long conversations are. */
const FILL = `
const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync(process.argv[1]);
database.exec('PRAGMA journal_mode = WAL; CREATE TABLE rows (id INTEGER PRIMARY KEY, content BLOB)');
for (let at = 0; at < Number(process.argv[2]); at++) database.exec('INSERT INTO rows (content) VALUES (randomblob(1048000))');
database.close();
`;

interface Sample {
  what: string;
  /** Seconds of the whole command. */
  seconds: number;
  snapshotSeconds: number;
  /** The longest spell in which nobody answered. */
  outageSeconds: number;
  keptMebibytes: number;
  /** Seconds of the exchange, as its own record says. */
  exchangeSeconds: number;
}

const { values } = parseArgs({
  options: {
    mebibytes: { type: 'string', default: '1024' },
    files: { type: 'string', default: '0' },
    rounds: { type: 'string', default: '3' },
    'state-in': { type: 'string' },
  },
});
const cleaners: (() => unknown)[] = [];
try {
  await measure(Number(values.mebibytes), Number(values.rounds));
} finally {
  for (const clean of cleaners.reverse()) await clean();
}

async function measure(mebibytes: number, rounds: number): Promise<void> {
  const apart = values['state-in'];
  const elsewhere = apart === undefined ? undefined : mkdtempSync(join(apart, 'bench-state-'));
  if (elsewhere !== undefined) cleaners.push(() => rmSync(elsewhere, { recursive: true, force: true }));
  const world = await makeWorld((clean) => void cleaners.push(clean), {
    node: await sqliteNode(),
    ...(elsewhere !== undefined && { stateIn: () => join(elsewhere, 'state') }),
  });
  fillState(world, mebibytes);
  fillFiles(world, Number(values.files));
  world.publish('2026.1.1');
  await world.start('2026.1.1');
  const prober = new Prober();
  const stop = new AbortController();
  const probing = prober.run(world.url, stop.signal);
  const samples: Sample[] = [];
  let version = 0;
  const sample = async (what: string, options: string[], behaviour = {}) => {
    const target = `2026.2.${++version}`;
    world.publish(target, behaviour);
    await world.ok('stage', target);
    prober.take();
    const begun = performance.now();
    const { json } = await world.cli('update', target, ...QUICK, ...options);
    samples.push({ what, ...figures(json, performance.now() - begun, prober) });
  };
  for (let round = 0; round < rounds; round++) {
    await sample('update, the state is kept', []);
    await sample('update, --no-snapshot', ['--no-snapshot']);
    await sample('failed update, nothing was kept', ['--no-snapshot'], { neverReady: true });
    await sample('failed update that migrated, the state is put back', [], {
      neverReady: true,
      migratesTo: { state: 2, agent: 2 },
    });
  }
  stop.abort();
  await probing;
  print(mebibytes, rounds, samples);
}

/** Three fifths in one database, the rest in files of a mebibyte. */
function fillState(world: World, mebibytes: number): void {
  const directory = join(stateOf(world), 'memory');
  mkdirSync(directory, { recursive: true });
  const inDatabase = Math.round(mebibytes * 0.6);
  execFileSync(world.node, ['-e', FILL, join(directory, 'main.sqlite'), String(inDatabase)]);
  const bytes = Buffer.alloc(FILE_BYTES);
  for (let at = inDatabase; at < mebibytes; at++)
    writeFileSync(join(directory, `${at}.bin`), randomFillSync(bytes));
}

/** Small files, a hundred in a directory, as skills and plugins have them. */
function fillFiles(world: World, count: number): void {
  for (let at = 0; at < count; at++) {
    const directory = join(stateOf(world), 'skills', String(Math.floor(at / 100)));
    if (at % 100 === 0) mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `${at}.md`), `skill ${at}\n`.repeat(100));
  }
}

function figures(
  { steps, snapshot, stateRestored }: ChangeDocument,
  ms: number,
  prober: Prober,
): Omit<Sample, 'what'> {
  const taken = steps.find(({ name }) => name === 'snapshot')?.durationMs ?? 0;
  return {
    seconds: ms / 1000,
    snapshotSeconds: taken / 1000,
    outageSeconds: Math.max(0, ...prober.take().map((outage) => outage.ms)) / 1000,
    keptMebibytes: snapshot ? Math.round(snapshot.bytes / 2 ** 20) : 0,
    exchangeSeconds: stateRestored?.restored ? stateRestored.ms / 1000 : 0,
  };
}

function print(mebibytes: number, rounds: number, samples: Sample[]): void {
  const kinds = [...new Set(samples.map(({ what }) => what))];
  const rows = kinds.map((what) => {
    const of = samples.filter((one) => one.what === what);
    const median = (key: Exclude<keyof Sample, 'what'>) =>
      of.map((one) => one[key]).sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;
    return {
      what,
      seconds: median('seconds'),
      snapshotSeconds: median('snapshotSeconds'),
      outageSeconds: median('outageSeconds'),
      keptMebibytes: median('keptMebibytes'),
      exchangeSeconds: median('exchangeSeconds'),
    };
  });
  console.log(`A state of ${mebibytes} MiB, medians of ${rounds} rounds:\n`);
  console.log('| | all of it | keeping | outage | exchange | kept |\n|---|---|---|---|---|---|');
  for (const row of rows) {
    const { what, seconds, snapshotSeconds, outageSeconds, exchangeSeconds, keptMebibytes } = row;
    console.log(
      `| ${what} | ${seconds.toFixed(1)} s | ${snapshotSeconds.toFixed(1)} s | ${outageSeconds.toFixed(2)} s | ${exchangeSeconds.toFixed(2)} s | ${keptMebibytes} MiB |`,
    );
  }
  console.log(`\n${JSON.stringify({ mebibytes, rounds, rows, samples })}`);
}
