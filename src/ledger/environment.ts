import type { ClientOptions, ClientOverrides } from '../registry/client.js';
import type { Root } from '../store/root.js';
import { selectSupervisor } from '../supervisor/select.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { systemdSupervisor } from '../supervisor/systemd/supervisor.js';
import type { Context, Observer } from './context.js';
import type { Change } from './ledger.js';
import type { Plan } from './plan.js';
import { ProgressMeter } from './progress.js';

export interface Environment {
  root: Root;
  /** Default: the supervisor that the root was adopted for, else the built-in one. */
  supervisor?: Supervisor;
  signal?: AbortSignal;
  /** True where no gateway runs and the caller is about to start it: recovery chooses the release and starts nothing. */
  atBoot?: boolean;
  observer?: Observer;
}

/** The plan's unit comes first, because an adoption is changing the root's own record. */
export function supervisorOf(environment: Environment, plan?: Plan): Supervisor {
  if (plan?.unit) return systemdSupervisor(plan.unit);
  return environment.supervisor ?? selectSupervisor(environment.root.path);
}

export function contextOf(environment: Environment, change: Change): Context {
  const { root, observer, signal } = environment;
  const overrides: ClientOverrides = {
    keysFile: root.registryKeys,
    ...(change.plan.registry !== null && { registry: change.plan.registry }),
  };
  let client: Promise<ClientOptions> | undefined;
  const meter = new ProgressMeter(root, change.id);
  return {
    root,
    change,
    supervisor: supervisorOf(environment, change.plan),
    canRestart: !(environment.atBoot ?? false),
    // Lazy: a rollback or a recovery needs no registry, so it does not load npm's libraries.
    client: () => (client ??= loadClient(overrides)),
    async lookUp(question) {
      const { lookUp } = await import('../registry/lookup.js');
      const found = await lookUp({ ...question, overrides }, signal);
      client = Promise.resolve(found.options);
      return found;
    },
    signal: signal ?? new AbortController().signal,
    progress(text, done, total, leftMs, bytes) {
      const step = change.steps.at(-1)?.name;
      const counted = {
        ...(done !== undefined && { done }),
        ...(total !== undefined && { total }),
        ...(leftMs !== undefined && { leftMs }),
        ...(bytes && { bytes }),
      };
      if (!step) return;
      // Without an observer, too: other processes read what it keeps.
      const progress = meter.measure({ step, text, ...counted });
      observer?.progress?.(progress);
    },
  };
}

async function loadClient(overrides: ClientOverrides): Promise<ClientOptions> {
  const { loadClientOptions } = await import('../registry/client.js');
  return loadClientOptions(overrides);
}
