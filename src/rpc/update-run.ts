import { ReleasesError } from '../core/errors.js';
import type { Environment } from '../ledger/environment.js';
import type { ChangeKind, PlanOptions, StateChoice } from '../ledger/plan.js';
import { rollbackTarget } from '../rollback/known-good.js';
import { changeDocument } from '../views/change.js';
import { resolveReleaseName } from '../views/release.js';
import type { RunAnswer } from './documents.js';
import { flag, readFields, text } from './params.js';
import { ASKED_FIELDS, askedOf, keyOf, timesOf } from './request-params.js';
import { type Received, type ReceptionOptions, receive } from './requests/submit.js';
import { TARGET_FIELDS, targetOf } from './update-target.js';

export interface RunOptions extends ReceptionOptions {
  plan?: PlanOptions;
}

type Work = (
  environment: Environment,
  params: unknown,
  by: string | null,
  options: RunOptions,
) => Promise<RunAnswer>;

const UPDATE_FIELDS = { ...TARGET_FIELDS, ...ASKED_FIELDS };
const SWITCH_FIELDS = { release: text(128), ...ASKED_FIELDS };
const ROLLBACK_FIELDS = { ...SWITCH_FIELDS, yes: flag, keepState: flag };

/** @throws ReleasesError `params_invalid`, `spec_invalid`, and the errors of `receive` */
export const updateRun: Work = (environment, params, by, options) => {
  const values = readFields(params, UPDATE_FIELDS, 'update.run');
  return run(environment, 'update', targetOf(values), values, {}, by, options);
};

/** @throws ReleasesError as `updateRun`, and `no_current`, `no_previous` */
export const switchRelease: Work = async (environment, params, by, options) => {
  const values = readFields(params, SWITCH_FIELDS, 'releases.switch');
  if (values.release === undefined) {
    throw new ReleasesError('params_invalid', 'release must say which release to switch to.', {
      hint: 'releases.list has them all',
    });
  }
  const target = resolveReleaseName(environment.root, values.release);
  return run(environment, 'switch', target, values, {}, by, options);
};

/** @throws ReleasesError as `switchRelease`, and `confirmation_needed` unless `yes` or `keepState` decide */
export const rollBack: Work = async (environment, params, by, options) => {
  const values = readFields(params, ROLLBACK_FIELDS, 'releases.rollback');
  const { root } = environment;
  const target =
    values.release === undefined ? rollbackTarget(root) : resolveReleaseName(root, values.release);
  const state: StateChoice = values.keepState ? 'keep' : values.yes ? 'restore' : 'ask';
  return run(environment, 'rollback', target, values, { state }, by, options);
};

async function run(
  environment: Environment,
  kind: ChangeKind,
  target: string,
  values: Parameters<typeof askedOf>[0],
  more: PlanOptions,
  by: string | null,
  { plan = {}, ...reception }: RunOptions,
): Promise<RunAnswer> {
  const received = await receive(
    environment,
    {
      request: { kind, target, options: { ...plan, ...timesOf(kind, values), ...more } },
      asked: askedOf(values, by),
      key: keyOf(values),
      restartDelayMs: values.restartDelayMs ?? null,
      urgent: values.skipDeferral ?? false,
    },
    reception,
  );
  return answer(environment, received);
}

const ANSWERS = {
  began: 'accepted',
  joined: 'joined',
  upgraded: 'upgraded',
  already_current: 'already_current',
} as const;

/** Reports a verdict only when the ledger has one, as it may for a joined or repeated request. */
function answer(environment: Environment, { request, change, follow, repeated }: Received): RunAnswer {
  const { root } = environment;
  const document = change && changeDocument(root, change);
  // Hides the error of a change that still undoes its steps: its result is open.
  const isOver = document?.phase === 'finished' || document?.status === 'interrupted';
  const error = isOver ? document.error : null;
  return {
    ok: error === null,
    status: isOver && document.status !== 'running' ? document.status : ANSWERS[request.outcome],
    change: request.change,
    requestId: request.id,
    repeated,
    kind: request.wants.kind,
    before: { version: request.before },
    target: request.wants.target,
    phase: document?.phase ?? 'finished',
    handoff: document?.handoff ? { ...document.handoff, command: follow } : null,
    error,
    follow: request.change === null ? null : followOf(request.change),
  };
}

function followOf(change: string): RunAnswer['follow'] {
  return { method: 'update.status', params: { change }, command: 'openclaw-releases status --follow' };
}
