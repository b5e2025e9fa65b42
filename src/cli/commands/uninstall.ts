import { createInterface } from 'node:readline/promises';
import { readTimer } from '../../adopt/timer-unit-record.js';
import { exclusive } from '../../change/exclusive.js';
import { performChange } from '../../control/detached/start.js';
import { ReleasesError } from '../../core/errors.js';
import { exec } from '../../host/exec.js';
import { placeOf } from '../../host/place.js';
import { isAlive, processIds } from '../../host/process.js';
import type { Environment } from '../../ledger/environment.js';
import { releaseOfProcess } from '../../ledger/running-release.js';
import { listPlugins } from '../../openclaw/plugins.js';
import { listSnapshots } from '../../state/snapshots.js';
import { directoryNames } from '../../store/manifest.js';
import { removeRoot } from '../../store/removal.js';
import type { Root } from '../../store/root.js';
import { readRunRecord } from '../../supervisor/builtin/record.js';
import { readSupervisorRecord } from '../../supervisor/select.js';
import { disableTimer } from '../../timer/enable.js';
import { findAdoptedFiles } from '../adopted-files.js';
import { answerOf, type LimitOptions, planOptions } from '../change-options.js';
import { type Answer, acting, command } from '../command.js';
import { nextLines } from '../report.js';
import { print } from '../write.js';
import { ofUnit } from './adopt.js';

interface Options extends LimitOptions {
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

const PLUGIN = 'openclaw-releases';
const PLUGIN_LIMIT_MS = 60_000;
const NEXT = ['npm uninstall --global openclaw-releases'];

/** Parts of this program on the host, in the order of their removal. */
interface Parts {
  timer: boolean;
  plugin: boolean;
  unit: string | null;
  /** Names below `states/` that stay: only the operator removes a displaced state. */
  displaced: string[];
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
    .action(
      acting(async ({ environment }, options: Options) => {
        const { root } = environment;
        const parts = await findParts(root);
        const { steps } = parts;
        if (options.dryRun)
          return {
            document: { dryRun: true, steps, next: NEXT },
            text: () => [...steps.map((step) => `Would ${step}.`), ...nextLines(NEXT)].join('\n'),
          };
        await requireConsent(steps, options);
        return remove(environment, parts, options);
      }),
    );

async function findParts(root: Root): Promise<Parts> {
  const run = readRunRecord(root.path)?.supervisor;
  const unit = readSupervisorRecord(root.path)?.unit ?? null;
  if (unit === null && run && isAlive(run))
    throw new ReleasesError(
      'supervisor_already_running',
      `Process ${run.pid} supervises a gateway of ${root.path}.`,
      {
        hint: `kill ${run.pid}; then openclaw-releases uninstall`,
      },
    );
  if (await findAdoptedFiles(root.path))
    throw new ReleasesError(
      'supervisor_file',
      'The files of a supervisor still start the gateway of this root.',
      {
        hint: 'openclaw-releases unadopt',
      },
    );
  const { directory: state, config } = placeOf({ env: process.env as Record<string, string> });
  const plugins = await listPlugins({ state, config, node: process.execPath }, null).catch(() => []);
  const snapshots = new Set(
    listSnapshots(root).flatMap(({ kind, name }) => (kind === 'snapshot' ? name : [])),
  );
  const found = {
    timer: readTimer(root.path) !== null,
    plugin: plugins.some(({ id }) => id === PLUGIN),
    unit,
    displaced: directoryNames(root.states).filter((name) => !snapshots.has(name)),
  };
  const steps = [
    found.timer && 'disable the timer',
    found.plugin && `uninstall the plugin ${PLUGIN}`,
    unit !== null && `give ${unit} back as it was, and restart it once`,
    `remove ${root.path}${found.displaced.map((name) => `, but for states/${name}`).join('')}`,
  ];
  return { ...found, steps: steps.filter((step) => step !== false) };
}

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
  { timer, plugin, unit, displaced, steps }: Parts,
  limits: LimitOptions,
): Promise<Answer> {
  const { root } = environment;
  if (timer) await disableTimer(environment);
  if (plugin) await uninstallPlugin(root);
  if (unit !== null) {
    const record = readSupervisorRecord(root.path);
    const change = await performChange(environment, {
      kind: 'unadopt',
      target: unit,
      options: { ...planOptions(limits), ...(record && { unit: { scope: record.scope, unit } }) },
    });
    if (change.error) return answerOf(root, change);
  }
  const kept = new Set(displaced);
  await exclusive(environment, { doing: 'uninstall', recover: false }, () => {
    requireUnused(root);
    removeRoot(root, kept);
  });
  // The end of the lock leaves files of its own.
  const left = removeRoot(root, kept);
  return {
    document: { dryRun: false, steps, left, next: NEXT },
    text: () =>
      [`Done: ${steps.join('; ')}.`, ...left.map((path) => `Left: ${path}`), ...nextLines(NEXT)].join('\n'),
  };
}

/** OpenClaw before 2026.9 does not start while its configuration names a plugin that is missing. */
async function uninstallPlugin(root: Root): Promise<void> {
  const launcher = `${root.bin}/openclaw`;
  const words = ['plugins', 'uninstall', PLUGIN, '--force'];
  const { ok, how } = await exec(launcher, words, { env: process.env, timeoutMs: PLUGIN_LIMIT_MS });
  if (ok) return;
  throw new ReleasesError('write_failed', `The plugin could not be uninstalled (${how}).`, {
    hint: `${[launcher, ...words].join(' ')}; then openclaw-releases uninstall`,
  });
}

function requireUnused(root: Root): void {
  const pid = processIds().find((one) => releaseOfProcess(root, one) !== null);
  if (pid === undefined) return;
  throw new ReleasesError('locked', `Process ${pid} runs from a release of ${root.path}.`, {
    hint: `ps -o pid,ppid,lstart,args -p ${pid}; end it, then openclaw-releases uninstall`,
  });
}
