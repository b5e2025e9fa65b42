import type { ClientOptions, ClientOverrides } from '../registry/client.js';
import type { Root } from '../store/root.js';
import { selectSupervisor } from '../supervisor/select.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { systemdSupervisor } from '../supervisor/systemd/supervisor.js';
import type { Context, Observer } from './context.js';
import type { Change } from './ledger.js';
import type { Plan } from './plan.js';

/** Where changes are made, and who is told about them. */
export interface Environment {
  root: Root;
  /** Default: the one that the root was adopted for, else the built-in one. */
  supervisor?: Supervisor;
  /** Abort to interrupt: what was begun is undone. */
  signal?: AbortSignal;
  /** Before the gateway's unit is started: what runs is decided, and nothing is started from here. */
  atBoot?: boolean;
  observer?: Observer;
  /** The superuser works for the owner of the root, as a unit of the system demands; what is made is given to them. */
  onBehalf?: boolean;
}

/** The unit that a plan names wins: while a gateway is adopted or left, the root's record is what changes. */
export function supervisorOf(environment: Environment, plan?: Plan): Supervisor {
  if (plan?.unit) return systemdSupervisor(plan.unit);
  return environment.supervisor ?? selectSupervisor(environment.root.path);
}

/** What the steps of a change are given in this environment. */
export function contextOf(environment: Environment, change: Change): Context {
  const { root, observer, signal } = environment;
  const { registry } = change.plan;
  let client: Promise<ClientOptions> | undefined;
  return {
    root,
    change,
    supervisor: supervisorOf(environment, change.plan),
    canRestart: !(environment.atBoot ?? false),
    onBehalf: environment.onBehalf ?? false,
    // Loaded only now: what goes back, or recovers, asks no registry and need not wait for npm's libraries.
    client: () => (client ??= loadClient(registry)),
    async lookUp(question) {
      const { lookUp } = await import('../registry/lookup.js');
      const found = await lookUp({ ...question, overrides: overridesOf(registry) }, signal);
      client = Promise.resolve(found.options);
      return found;
    },
    signal: signal ?? new AbortController().signal,
    progress(text, done, total, leftMs) {
      const step = change.steps.at(-1)?.name;
      const counted = {
        ...(done !== undefined && { done }),
        ...(total !== undefined && { total }),
        ...(leftMs !== undefined && { leftMs }),
      };
      if (step) observer?.progress?.({ step, text, ...counted });
    },
  };
}

async function loadClient(registry: string | null): Promise<ClientOptions> {
  const { loadClientOptions } = await import('../registry/client.js');
  return loadClientOptions(overridesOf(registry));
}

function overridesOf(registry: string | null): ClientOverrides {
  return registry === null ? {} : { registry };
}
