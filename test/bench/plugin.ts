/**
 * Costs of the plugin for a gateway: the time and the processor time until it is ready, and its memory, on real OpenClaw,
 * in turn without a plugin, with an empty one, and with ours, so that the moods of the machine meet all. Run it by
 * `npm run bench:plugin -- [--versions A,B] [--rounds N] [--root DIR]`; releases that are not in the root are staged
 * there from the registry, in a root that is thrown away unless it is given. It prints tables in Markdown, then the same as JSON.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ownFile } from '../../src/core/own-files.js';
import { removeDirectory } from '../support/place.js';
import { ARMS, type Arm, makeArm, type Sample } from './plugin-arm.js';

const ALONE = 'the plugin alone';

const { values } = parseArgs({
  options: {
    versions: { type: 'string', default: '2026.5.28,2026.9.6' },
    rounds: { type: 'string', default: '5' },
    root: { type: 'string' },
  },
});
const root = resolve(values.root ?? mkdtempSync(join(tmpdir(), 'openclaw-releases-bench-')));
try {
  for (const version of values.versions.split(',')) await measure(version, Number(values.rounds));
} finally {
  if (values.root === undefined) removeDirectory(root);
}

async function measure(version: string, rounds: number): Promise<void> {
  const cli = ownFile('dist/cli/main.cjs');
  execFileSync(process.execPath, [cli, 'stage', version, '--root', root], { stdio: ['ignore', 2, 2] });
  const arms: Arm[] = [];
  const samples: Sample[] = [];
  try {
    for (const name of ARMS) arms.push(await makeArm(name, root, version));
    // The first start of each fills caches; nobody waits for it again.
    for (const arm of arms) await arm.start();
    for (let round = 0; round < rounds; round++) {
      // Each round begins with another one: earlier files are still in the machine's caches.
      for (let at = 0; at < arms.length; at++) {
        const arm = arms[(at + round) % arms.length];
        if (arm) samples.push(await arm.start());
      }
    }
    print(version, rounds, samples, loadAlone(version));
  } finally {
    for (const arm of arms) arm.remove();
  }
}

/** Processor time in milliseconds, and MiB, of loading and registering alone, in the Node of that release: medians of nine processes. */
function loadAlone(version: string): { ms: number; mebibytes: number } {
  const script = `
    globalThis.gc?.();
    const before = process.memoryUsage();
    const begun = process.cpuUsage();
    const { default: plugin } = await import(process.argv[1]);
    const nothing = () => {};
    plugin.register({ registerCli: nothing, registerGatewayMethod: nothing, registerHttpRoute: nothing, registerService: nothing });
    const { user, system } = process.cpuUsage(begun);
    const ms = (user + system) / 1000;
    globalThis.gc?.();
    const after = process.memoryUsage();
    const bytes = after.heapUsed + after.external - before.heapUsed - before.external;
    console.log(JSON.stringify({ ms, mebibytes: bytes / 2 ** 20 }));`;
  const node = join(root, 'releases', version, 'node');
  const args = ['--input-type=module', '-e', script, ownFile('dist/plugin/index.js')];
  const median9 = (what: 'ms' | 'mebibytes', flags: string[]) =>
    median(
      Array.from(
        { length: 9 },
        () => JSON.parse(execFileSync(node, [...flags, ...args], { encoding: 'utf8' }))[what],
      ),
    );
  // That flag makes Node start everything colder, which would count as time.
  return { ms: median9('ms', []), mebibytes: median9('mebibytes', ['--expose-gc']) };
}

function print(
  version: string,
  rounds: number,
  samples: Sample[],
  alone: ReturnType<typeof loadAlone>,
): void {
  console.log(`\nOpenClaw ${version}, ${rounds} rounds: median (least to most)\n`);
  console.log('| | ready after | processor time until then | memory |\n|---|---|---|---|');
  for (const name of ARMS) {
    const of = samples.filter(({ arm }) => arm === name);
    const spread = (key: 'readyMs' | 'cpuMs' | 'mebibytes') => {
      const all = of.map((one) => one[key]);
      return `${median(all).toFixed(0)} (${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)})`;
    };
    console.log(`| ${name} | ${spread('readyMs')} ms | ${spread('cpuMs')} ms | ${spread('mebibytes')} MiB |`);
  }
  console.log(`| ${ALONE} | | ${alone.ms.toFixed(1)} ms | ${alone.mebibytes.toFixed(1)} MiB |`);
  console.log(`\n${JSON.stringify({ version, rounds, alone, samples })}`);
}

function median(all: number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
}
