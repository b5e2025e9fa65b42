import { createInterface } from 'node:readline/promises';
import { adoptAgain } from '../../adopt/finding.js';
import { exitCodeOf, recover } from '../../change/run.js';
import { performChange } from '../../control/detached/start.js';
import type { Change } from '../../ledger/ledger.js';
import { currentRelease } from '../../store/links.js';
import type { Root } from '../../store/root.js';
import { selectSupervisor } from '../../supervisor/select.js';
import { changeDocument } from '../../views/change.js';
import { planSetup, type Setup, type SetupStep } from '../../views/setup.js';
import { planOptions } from '../change-options.js';
import { command, registryOption } from '../command.js';
import { changeText, nextLines } from '../report.js';
import type { Session } from '../session.js';
import { say } from '../write.js';

interface Options {
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
  registry?: string;
}

/** Most steps of a setup: recover, stage, switch; more would be a circle. */
const MOST_STEPS = 4;

export const setupCommand = () =>
  command(
    'setup',
    'find what is there, and lead from it to a running gateway',
    'openclaw-releases setup --dry-run',
  )
    .option('--dry-run', 'say what is there and what would be done, and change nothing')
    .option('--yes', 'adopt a gateway without a question, which restarts it once')
    .addOption(registryOption())
    .acts(async (session, options: Options) => {
      const { root } = session.environment;
      const changes: Change[] = [];
      const tried = new Set<string>();
      // An adoption makes another supervisor the one of this root.
      const plan = () => planSetup(root, selectSupervisor(root.path), tried);
      let setup = await plan();
      while (!options.dryRun && tried.size < MOST_STEPS) {
        const [step] = setup.steps;
        if (!step || tried.has(step.kind) || !(await isAllowed(step, setup, options))) break;
        tried.add(step.kind);
        const change = await make(session, step, options);
        if (change) changes.push(change);
        if (change?.error) break;
        setup = await plan();
      }
      const failed = changes.find(({ error }) => error !== null);
      const documents = changes.map((change) => changeDocument(root, change));
      const steps = setup.steps.map(textOf);
      const [step] = setup.steps;
      const next = step?.kind === 'adopt' && !options.dryRun ? [adoptAgain(step.unit)] : setup.next;
      return {
        document: { dryRun: options.dryRun ?? false, found: setup.found, steps, changes: documents, next },
        exitCode: failed ? exitCodeOf(failed) : 0,
        text: () =>
          [
            ...documents.map(changeText),
            ...(failed ? [] : [setup.found]),
            ...(options.dryRun ? steps.map((step) => `Would ${step}.`) : []),
            ...(failed ? [] : [...pathLines(root), ...nextLines(next)]),
          ].join('\n'),
      };
    });

async function make(
  { environment }: Session,
  step: SetupStep,
  { registry }: Options,
): Promise<Change | null> {
  const options = planOptions(registry === undefined ? {} : { registry });
  switch (step.kind) {
    case 'recover':
      await recover(environment);
      return null;
    case 'switch':
      return performChange(environment, { ...step, options: { restart: false } });
    case 'stage':
      return performChange(environment, { ...step, options });
    case 'adopt':
      return performChange(environment, {
        kind: 'adopt',
        target: step.unit.unit,
        options: { ...options, probe: 'version', unit: step.unit },
      });
  }
}

/** Only an adoption restarts something that runs, so only that is asked for. */
async function isAllowed(step: SetupStep, { found }: Setup, { yes, json }: Options): Promise<boolean> {
  if (step.kind !== 'adopt') return true;
  // Files of the system are written by root, who types that command.
  if (step.unit.scope === 'system') return false;
  if (yes) return true;
  if (json || !process.stdin.isTTY || !process.stderr.isTTY) return false;
  say(`${found}\n`, 2);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question('Adopt it, which restarts it once? [y/N] ');
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

function textOf(step: SetupStep): string {
  switch (step.kind) {
    case 'recover':
      return 'recover it';
    case 'switch':
      return `make ${step.target} current, without a restart`;
    case 'stage':
      return `stage ${step.target}`;
    case 'adopt':
      return `adopt ${step.unit.unit} (${step.unit.scope}), and restart it once`;
  }
}

function pathLines(root: Root): string[] {
  const isOnPath = process.env.PATH?.split(':').includes(root.bin);
  if (isOnPath || currentRelease(root) === null) return [];
  return [
    `\`openclaw\` is the current release once its launchers are first on the PATH: export PATH="${root.bin}:$PATH"`,
  ];
}
