import { type Command, Option } from 'commander';
import { exitCodeOf, previewChange, type Request } from '../change/run.js';
import { performChange } from '../control/detached/start.js';
import type { Change } from '../ledger/ledger.js';
import { type PlanOptions, PROBES, type Probe } from '../ledger/plan.js';
import { changeDocument } from '../views/change.js';
import { parseSeconds } from './command.js';
import { table } from './output.js';
import { changeAnswer, changeText } from './report.js';
import { type CommonOptions, inSession, type Session } from './session.js';
import { print } from './write.js';

export interface LimitOptions {
  settle?: number;
  readyTimeout?: number;
  pluginsTimeout?: number;
  evictOrphan?: boolean;
}

export interface IdleOptions {
  /** Milliseconds, like `countdown`. */
  idleTimeout?: number;
  countdown?: number;
}

export interface StageOptions {
  probe?: Probe;
  registry?: string;
  allowScripts?: string[];
  /** `false` ignores even the lockfile that the root stores. */
  lockfile?: string | false;
}

export function withLimits(command: Command): Command {
  return command
    .option('--evict-orphan', 'end a gateway of this user that holds the port outside of the supervisor')
    .addOption(
      new Option('--settle <seconds>', 'how long it must stay healthy (default 10)').argParser(parseSeconds),
    )
    .addOption(
      new Option('--ready-timeout <seconds>', 'for a gateway that shows no progress (default 60)').argParser(
        parseSeconds,
      ),
    );
}

/** @param defaultMs longest wait for a busy gateway when the operator gives none */
export function withIdle(command: Command, defaultMs: number): Command {
  return command
    .addOption(
      new Option(
        '--idle-timeout <seconds>',
        `how long to wait for a busy gateway before its restart (default ${defaultMs / 1000})`,
      ).argParser(parseSeconds),
    )
    .addOption(
      new Option(
        '--countdown <seconds>',
        'from then until the restart, in which it can be stopped (default 0)',
      ).argParser(parseSeconds),
    );
}

/** Returns nothing when there is no wait and no countdown: then nothing is announced. */
export async function idleOptions(
  { environment }: Session,
  { idleTimeout, countdown = 0 }: IdleOptions,
  defaultMs: number,
): Promise<Pick<PlanOptions, 'idle'>> {
  // A caller inside the gateway keeps it busy: an agent would wait for its own command to end.
  const inside = () => environment.supervisor.owns(process.pid).catch(() => false);
  const withinMs = idleTimeout ?? (defaultMs > 0 && (await inside()) ? 0 : defaultMs);
  return withinMs + countdown > 0 ? { idle: { withinMs, countdownMs: countdown } } : {};
}

export function withPlugins(command: Command): Command {
  return command.addOption(
    new Option(
      '--plugins-timeout <seconds>',
      "for the release's own tools to bring plugins along (default 120)",
    ).argParser(parseSeconds),
  );
}

/** @param probe probe to use when the operator names none */
export function withStaging(command: Command, probe: Probe): Command {
  return command
    .addOption(
      new Option('--probe <how>', 'how to try it: its version, a boot on a copy of the state, or auto')
        .choices(PROBES)
        .default(probe)
        .env('OPENCLAW_RELEASES_PROBE'),
    )
    .option('--allow-scripts <package...>', 'dependencies whose install scripts may run')
    .option('--lockfile <file>', 'install exactly what this package-lock.json of an earlier stage lists')
    .option('--no-lockfile', 'look dependencies up anew, though there is a lockfile of that version here');
}

export function planOptions(options: LimitOptions & StageOptions): PlanOptions {
  const { settle, readyTimeout, pluginsTimeout, allowScripts, lockfile, probe, registry, evictOrphan } =
    options;
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
  };
}

export interface ChangeOptions extends CommonOptions {
  system?: boolean;
  dryRun?: boolean;
}

export function runChange(
  options: ChangeOptions,
  request: (session: Session) => Request | Promise<Request>,
): Promise<void> {
  return inSession(options, async (session) => {
    const { output, environment } = session;
    if (options.dryRun) {
      const change = await previewChange(environment, await request(session));
      const { from, to, steps } = changeDocument(environment.root, change);
      output.answer({ ok: true, dryRun: true, from, to, steps, plan: change.plan }, () => planText(change));
      return 0;
    }
    const wanted = await request(session);
    const tell = (follow: string) => {
      if (!output.json)
        print(
          `Made by a detached worker; follow it with: openclaw-releases status --follow, or ${follow}\n`,
          2,
        );
    };
    const change = await performChange(environment, wanted, tell);
    const document = changeDocument(environment.root, change);
    output.answer(changeAnswer(document), () => changeText(document));
    return exitCodeOf(change);
  });
}

function planText(change: Change): string {
  if (change.status === 'already_current') return `${change.facts.to} runs already; nothing would be done.`;
  const found = new Map(change.steps.map((step) => [step.name, step.note ?? '']));
  const rows = change.plan.steps.map((name) => [`  ${name}`, found.get(name) ?? '']);
  const from = change.facts.from === null ? '' : ` from ${change.facts.from}`;
  return [
    `Would ${change.plan.kind}${from} to ${change.facts.to} by these steps; nothing was changed:`,
    table(rows),
  ].join('\n');
}
