import { createInterface } from 'node:readline/promises';
import { readTimer } from '../../adopt/timer-unit-record.js';
import { exclusive } from '../../change/exclusive.js';
import { refuseWhilePending } from '../../change/starting-facts.js';
import { performChange } from '../../control/detached/start.js';
import { ReleasesError } from '../../core/errors.js';
import type { Launch } from '../../host/place.js';
import { isAlive, processIds } from '../../host/process.js';
import type { Environment } from '../../ledger/environment.js';
import { releaseOfProcess } from '../../ledger/running-release.js';
import { OWN_PLUGIN } from '../../openclaw/own-plugin.js';
import { listSnapshots } from '../../state/snapshots.js';
import { directoryNames } from '../../store/manifest.js';
import { removeRoot } from '../../store/removal.js';
import type { Root } from '../../store/root.js';
import { readRunRecord } from '../../supervisor/builtin/record.js';
import { readSupervisorRecord, selectSupervisor } from '../../supervisor/select.js';
import { disableTimer } from '../../timer/enable.js';
import { findAdoptedFiles } from '../adopted-files.js';
import type { Answers } from '../answers.js';
import { answerOf, type LimitOptions, planOptions } from '../change-options.js';
import { type Answer, command } from '../command.js';
import { findOwnPlugin, uninstallOwnPlugin } from '../own-plugin.js';
import { nextLines } from '../report.js';
import { print } from '../write.js';
import { ofUnit } from './adopt.js';

interface Options extends LimitOptions {
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

const NEXT = ['npm uninstall --global openclaw-releases'];

/** Parts of this program on the host, in the order of their removal. */
interface Parts {
  timer: boolean;
  /** Environment to uninstall the plugin in; null where it is not installed. */
  plugin: Launch['env'] | null;
  unit: string | null;
  steps: string[];
}

export const uninstallCommand = () =>
  ofUnit(
    command(
      'uninstall',
      'remove all of this from the host, in the right order',
      'openclaw-releases uninstall --dry-run',
    ),
  )
    .option('--dry-run', 'say what would be removed and change nothing')
    .option('--yes', 'remove it without a question')
    .acts(async ({ environment }, options: Options) => {
      const parts = await findParts(environment);
      const { steps } = parts;
      if (options.dryRun)
        return {
          document: { dryRun: true, steps, next: NEXT },
          text: () => [...steps.map((step) => `Would ${step}.`), ...nextLines(NEXT)].join('\n'),
        };
      await requireConsent(steps, options);
      return remove(environment, parts, options);
    });

async function findParts(environment: Environment): Promise<Parts> {
  const { root } = environment;
  refuseWhilePending(root);
  const run = readRunRecord(root.path)?.supervisor;
  const unit = readSupervisorRecord(root.path)?.unit ?? null;
  if (await findAdoptedFiles(root.path))
    throw new ReleasesError(
      'supervisor_file',
      'The files of a supervisor still start the gateway of this root.',
      {
        hint: 'openclaw-releases unadopt',
      },
    );
  if (unit === null && run && isAlive(run))
    throw new ReleasesError(
      'supervisor_already_running',
      `Process ${run.pid} supervises a gateway of ${root.path}.`,
      {
        hint: 'Stop it where it was started (Ctrl-C, docker compose stop, supervisorctl stop, pm2 stop), then: openclaw-releases uninstall',
      },
    );
  const found = { timer: readTimer(root.path) !== null, plugin: await findOwnPlugin(environment), unit };
  const steps = [
    found.timer && 'disable the timer',
    found.plugin && `uninstall the plugin ${OWN_PLUGIN}`,
    unit !== null && `give ${unit} back as it was, and restart it once`,
    removalOf(root, displacedStates(root)),
  ];
  return { ...found, steps: steps.filter((step) => typeof step === 'string') };
}

/** Names below `states/` that stay: only the operator removes a displaced state. */
function displacedStates(root: Root): Set<string> {
  const snapshots = new Set(
    listSnapshots(root).flatMap(({ kind, name }) => (kind === 'snapshot' ? name : [])),
  );
  return new Set(directoryNames(root.states).filter((name) => !snapshots.has(name)));
}

const removalOf = ({ path }: Root, kept: Set<string>) =>
  `remove ${path}${[...kept].map((name) => `, but for states/${name}`).join('')}`;

async function requireConsent(steps: string[], { yes, json }: Options): Promise<void> {
  if (yes) return;
  const question = steps.map((step) => `This would ${step}.`).join('\n');
  const hint = 'openclaw-releases uninstall --yes';
  if (json || !process.stdin.isTTY || !process.stderr.isTTY)
    throw new ReleasesError('confirmation_needed', question, { hint });
  print(`${question}\n`, 2);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question('Remove all of it? [y/N] ');
    if (!/^y(es)?$/i.test(answer.trim()))
      throw new ReleasesError('confirmation_needed', 'Not agreed to.', { hint });
  } finally {
    terminal.close();
  }
}

async function remove(
  environment: Environment,
  { timer, plugin, unit, steps: planned }: Parts,
  limits: LimitOptions,
): Promise<Answer<Answers['uninstall']>> {
  const { root } = environment;
  if (timer) await disableTimer(environment);
  if (plugin) await uninstallOwnPlugin(root, plugin);
  if (unit !== null) {
    const record = readSupervisorRecord(root.path);
    const change = await performChange(environment, {
      kind: 'unadopt',
      target: unit,
      options: { ...planOptions(limits), ...(record && { unit: { scope: record.scope, unit } }) },
    });
    if (change.error) return answerOf(root, change);
  }
  // No gateway of this root runs now, as at boot: recovery starts none, and fetches no Node.
  const after = { ...environment, supervisor: selectSupervisor(root.path), atBoot: true };
  const kept = await exclusive(after, { doing: 'uninstall', recover: true, mayFetch: false }, () => {
    requireUnused(root);
    refuseWhilePending(root);
    // Undoing an interrupted update may have displaced a state.
    const displaced = displacedStates(root);
    removeRoot(root, displaced);
    return displaced;
  });
  // The end of the lock leaves files of its own.
  const left = removeRoot(root, kept);
  const steps = [...planned.slice(0, -1), removalOf(root, kept)];
  return {
    document: { dryRun: false, steps, left, next: NEXT },
    text: () =>
      [`Done: ${steps.join('; ')}.`, ...left.map((path) => `Left: ${path}`), ...nextLines(NEXT)].join('\n'),
  };
}

function requireUnused(root: Root): void {
  const pid = processIds().find((one) => releaseOfProcess(root, one) !== null);
  if (pid === undefined) return;
  throw new ReleasesError('locked', `Process ${pid} runs from a release of ${root.path}.`, {
    hint: `ps -o pid,ppid,lstart,args -p ${pid}; end it, then openclaw-releases uninstall`,
  });
}
