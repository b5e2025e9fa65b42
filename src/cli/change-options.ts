import { type Command, Option } from 'commander';
import { exitCodeOf, previewChange, type Request } from '../change/run.js';
import type { SwitchFinding } from '../change/switch-finding.js';
import { performChange } from '../control/detached/start.js';
import type { Change } from '../ledger/ledger.js';
import { type ChangeKind, type PlanOptions, PROBES, type Probe, STEP_TITLES } from '../ledger/plan.js';
import { currentRelease } from '../store/links.js';
import type { Root } from '../store/root.js';
import { findingsOf } from '../views/before-switch.js';
import { type ChangeDocument, changeDocument } from '../views/change.js';
import { findingRows } from '../views/switch-findings.js';
import type { Answers } from './answers.js';
import { type Answer, acting } from './command.js';
import { durationIn } from './parse.js';
import { changeAnswer, changeText, nextLines } from './report.js';
import type { Session } from './session.js';
import { table } from './table.js';
import { say } from './write.js';

/** Times are in milliseconds. */
export interface LimitOptions {
  settle?: number;
  readyTimeout?: number;
  pluginsTimeout?: number;
  evictOrphan?: boolean;
}

export interface StageOptions {
  probe?: Probe;
  registry?: string;
  evenIfYanked?: boolean;
  allowScripts?: string[];
  /** `false` ignores even the lockfile that the root stores. */
  lockfile?: string | false;
}

export interface ChangeOptions extends LimitOptions, StageOptions {
  json?: boolean;
  dryRun?: boolean;
  /** Milliseconds, like `countdown`. */
  idleTimeout?: number;
  countdown?: number;
}

export function withLimits<C extends Command>(command: C): C {
  return command
    .option('--evict-orphan', 'end a gateway of this user that holds the port outside of the supervisor')
    .option('--settle <time>', 'how long it must stay healthy (default: 10s)', durationIn('s'))
    .option('--ready-timeout <time>', 'for a gateway that shows no progress (default: 60s)', durationIn('s'));
}

/** @param defaultMs longest wait for a busy gateway when the operator gives none */
export function withIdle<C extends Command>(command: C, defaultMs: number): C {
  const wait = `how long to wait for a busy gateway before its restart (default: ${defaultMs / 1000}s)`;
  const countdown = 'from then until the restart, in which it can be stopped (default: 0s)';
  return command
    .option('--idle-timeout <time>', wait, durationIn('s'))
    .option('--countdown <time>', countdown, durationIn('s'));
}

/** Returns nothing when there is no wait and no countdown: then nothing is announced. */
async function idleOptions(
  { environment }: Session,
  { idleTimeout, countdown = 0 }: ChangeOptions,
  defaultMs: number,
): Promise<Pick<PlanOptions, 'idle'>> {
  // A caller inside the gateway keeps it busy: an agent would wait for its own command to end.
  const inside = () => environment.supervisor.owns(process.pid).catch(() => false);
  const withinMs = idleTimeout ?? (defaultMs > 0 && (await inside()) ? 0 : defaultMs);
  return withinMs + countdown > 0 ? { idle: { withinMs, countdownMs: countdown } } : {};
}

export function withPlugins<C extends Command>(command: C): C {
  const description = "for the release's own tools to bring plugins along (default: 120s)";
  return command.option('--plugins-timeout <time>', description, durationIn('s'));
}

export function withYanked<C extends Command>(command: C): C {
  return command.option('--even-if-yanked', 'take it although it is yanked or deprecated');
}

/** @param probe probe to use when the operator names none */
export function withProbe<C extends Command>(command: C, probe: Probe): C {
  return withYanked(command).addOption(
    new Option('--probe <how>', 'how to try it: its version, a boot on a copy of the state, or auto')
      .choices(PROBES)
      .default(probe)
      .env('OPENCLAW_RELEASES_PROBE'),
  );
}

/** @param probe as for `withProbe` */
export function withStaging<C extends Command>(command: C, probe: Probe): C {
  return withProbe(command, probe)
    .option('--allow-scripts <package...>', 'dependencies whose install scripts may run')
    .option('--lockfile <file>', 'install exactly what this package-lock.json of an earlier stage lists')
    .option('--no-lockfile', 'look dependencies up anew, though there is a lockfile of that version here');
}

export function planOptions(options: LimitOptions & StageOptions): PlanOptions {
  const { settle, readyTimeout, pluginsTimeout, allowScripts, lockfile, probe, registry, evictOrphan } =
    options;
  const { evenIfYanked } = options;
  return {
    limits: {
      ...(settle !== undefined && { settleMs: settle }),
      ...(readyTimeout !== undefined && { readyFloorMs: readyTimeout }),
      ...(pluginsTimeout !== undefined && { pluginsMs: pluginsTimeout }),
    },
    ...(allowScripts && { allowScripts }),
    ...(lockfile && { lockfile }),
    ...(lockfile === false && { ignoreStoredLockfile: true }),
    ...(probe && { probe }),
    ...(registry && { registry }),
    ...(evictOrphan && { evictOrphan }),
    ...(evenIfYanked && { evenIfYanked }),
  };
}

/** Target, and what belongs into the plan besides `planOptions`. */
type Wanted = Pick<Request, 'target'> & { more?: PlanOptions };

/**
 * Action of a command that makes a change.
 * @param idleMs as `defaultMs` of `withIdle`; undefined for a change that announces no restart
 */
export function making<A extends unknown[]>(
  kind: ChangeKind,
  idleMs: number | undefined,
  wanted: (session: Session, ...given: A) => Wanted | Promise<Wanted>,
) {
  return acting(async (session, ...given: A): Promise<Answer<Answers['update']>> => {
    const { output, environment } = session;
    const options = given.at(-1) as ChangeOptions;
    const { target, more } = await wanted(session, ...given);
    const idle = idleMs === undefined ? {} : await idleOptions(session, options, idleMs);
    const request = { kind, target, options: { ...planOptions(options), ...idle, ...more } };
    if (options.dryRun) {
      const change = await previewChange(environment, request);
      const { from, to, steps } = changeDocument(environment.root, change);
      const { plan } = change;
      const findings = change.status === 'already_current' ? [] : await findingsOf(environment, change);
      const document = { dryRun: true as const, from, to, steps, plan, findings };
      return { document, text: () => planText(change, findings) };
    }
    const tell = (sentence: string) => {
      if (!output.json) say(`${sentence}\n`, 2);
    };
    return answerOf(environment.root, await performChange(environment, request, tell));
  });
}

export function answerOf(root: Root, change: Change): Answer<ChangeDocument> {
  const document = changeDocument(root, change);
  return {
    document: changeAnswer(document),
    text: () => [changeText(document), ...nextLines(nextAfter(root, change))].join('\n'),
    exitCode: exitCodeOf(change),
  };
}

/** Command that continues after a change which has restarted nothing. */
function nextAfter(root: Root, { status, facts: { to } }: Change): string[] {
  const current = currentRelease(root);
  if (status === 'package_updated_restart_scheduled') return ['openclaw-releases setup'];
  if (status !== 'staged' || to === null || to === current) return [];
  return [`openclaw-releases switch ${to}${current === null ? ' --no-restart' : ''}`];
}

const indented = (rows: string[][]) => rows.map(([first = '', ...rest]) => [`  ${first}`, ...rest]);

function planText(
  { status, facts: { from, to }, plan, steps }: Change,
  findings: readonly SwitchFinding[],
): string {
  if (status === 'already_current') return `${to} runs already; nothing would be done.`;
  const found = new Map(steps.map((step) => [step.name, step.note ?? '']));
  const rows = plan.steps.map((name) => [`  ${STEP_TITLES[name]}`, found.get(name) ?? '']);
  const way = from === null ? '' : ` from ${from}`;
  const meaning =
    findings.length === 0 ? '' : `\nWhat that means here:\n${table(indented(findingRows(findings)))}`;
  return `Would ${plan.kind === 'rollback' ? 'roll back' : plan.kind}${way} to ${to} by these steps; nothing was changed:\n${table(rows)}${meaning}`;
}
