/**
 * Measures how fast, small and quiet this is, beside what it replaces: `npm run bench -- [--only stage,outage] [--rounds N]
 * [--json FILE] [--plots DIRECTORY] [--beside CHECKOUT]`. All that is compared is measured in turn, on the same machine, in the same run. Prints Markdown as it
 * goes, and at last every promise with its ratio; the same as JSON in the file, and
 * plots as SVG in the directory. Ends with 1 when a promise is not kept.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { removeDirectory } from '../support/place.js';
import type { Plot } from './plot.js';
import type { Report, Section, Table, Target } from './section.js';

const SECTIONS: Record<string, () => Promise<{ section: Section }>> = {
  stage: () => import('./stage.js'),
  import: () => import('./import.js'),
  'slow-disk': () => import('./slow-disk.js'),
  memory: () => import('./memory.js'),
  quiet: () => import('./quiet.js'),
  drill: () => import('./drill.js'),
  commands: () => import('./commands.js'),
  systemd: () => import('./systemd.js'),
  verify: () => import('./verify.js'),
  growth: () => import('./growth.js'),
  outage: () => import('./outage.js'),
  network: () => import('./network.js'),
  disk: () => import('./disk.js'),
  door: () => import('./door.js'),
};

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(SECTIONS).join(',') },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
    plots: { type: 'string' },
    beside: { type: 'string' },
  },
});

const names = values.only.split(',');
const unknown = names.filter((name) => !(name in SECTIONS));
if (unknown.length > 0 || !(Number(values.rounds) >= 1)) {
  console.error(
    `npm run bench -- [--only ${Object.keys(SECTIONS).join(',')}] [--rounds N] [--json FILE] [--plots DIRECTORY] [--beside CHECKOUT]`,
  );
  process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), 'openclaw-releases-bench-'));
const reports: Record<string, Report> = {};
try {
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
  console.log(`# Bench: ${values.rounds} rounds on ${machine}`);
  for (const name of names) {
    const { section } = (await SECTIONS[name]?.()) ?? {};
    if (section) reports[name] = await runSection(name, section);
  }
} finally {
  removeDirectory(directory);
}
const targets = Object.values(reports).flatMap((report) => report.targets);
console.log(`\n## Promises\n\n${targetTable(targets)}`);
if (values.json) writeFileSync(values.json, `${JSON.stringify(reports, null, 1)}\n`);
process.exitCode = targets.every(isKept) ? 0 : 1;

async function runSection(name: string, { title, run }: Section): Promise<Report> {
  console.log(`\n## ${title}\n`);
  const place = join(directory, name);
  mkdirSync(place);
  const say = (line: string) => console.error(`${name}: ${line}`);
  const report = await run({
    rounds: Number(values.rounds),
    directory: place,
    say,
    ...(values.beside !== undefined && { beside: resolve(values.beside) }),
  });
  removeDirectory(place);
  const plots = report.plots ?? [];
  const drawn = plots.map(({ text }) => `\`\`\`\n${text}\n\`\`\``);
  console.log(
    [report.about, ...report.tables.map(markdown), ...drawn, targetTable(report.targets)].join('\n\n'),
  );
  if (values.plots) for (const plot of plots) keepPlot(values.plots, plot);
  return report;
}

function keepPlot(directory: string, { name, svg }: Plot): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${name}.svg`), svg);
}

function markdown({ columns, rows }: Table): string {
  const line = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

function targetTable(all: Target[]): string {
  const rows = all.map((target) => [
    target.what,
    `${target.ratio.toFixed(2)}x`,
    `${target.atMost}x`,
    isKept(target) ? 'kept' : 'NOT KEPT',
  ]);
  return markdown({ columns: ['promise', 'measured', 'at most', ''], rows });
}

/** Counts as not kept what could not be measured. */
function isKept({ ratio, atMost }: Target): boolean {
  return ratio <= atMost;
}
