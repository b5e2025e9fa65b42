import { ReleasesError } from '../core/errors.js';
import type { ChangeKind, PlanOptions, StateChoice } from '../ledger/plan.js';
import { rollbackTarget } from '../rollback/known-good.js';
import type { Root } from '../store/root.js';
import { changeDocument } from '../views/change.js';
import { resolveReleaseName } from '../views/release.js';
import type { RunAnswer } from './documents.js';
import { type Call, type Entries, entry } from './entry.js';
import { flag, RELEASE } from './params.js';
import { ASKED_FIELDS, askedOf, keyOf, timesOf } from './request-params.js';
import { type Received, receive } from './requests/submit.js';
import { TARGET_FIELDS, targetOf } from './update-target.js';

const update = entry({ ...TARGET_FIELDS, ...ASKED_FIELDS }, (call, values) =>
  run(call, 'update', targetOf(values), values),
);

export const CHANGES = {
  'update.run': update,
  'releases.update': update,
  'releases.switch': entry({ ...RELEASE, ...ASKED_FIELDS }, (call, values) => {
    if (values.release === undefined) {
      throw new ReleasesError('params_invalid', 'release must say which release to switch to.', {
        hint: 'releases.list has them all',
      });
    }
    return run(call, 'switch', resolveReleaseName(call.environment.root, values.release), values);
  }),
  /** @throws ReleasesError `confirmation_needed` unless `yes` or `keepState` decide */
  'releases.rollback': entry(
    { ...RELEASE, ...ASKED_FIELDS, yes: flag, keepState: flag },
    (call, { release, yes, keepState, ...values }) => {
      const { root } = call.environment;
      const target = release === undefined ? rollbackTarget(root) : resolveReleaseName(root, release);
      const state: StateChoice = keepState ? 'keep' : yes ? 'restore' : 'ask';
      return run(call, 'rollback', target, values, { state });
    },
  ),
} satisfies Partial<Entries>;

async function run(
  { environment, by, options: { plan, ...reception } }: Call,
  kind: ChangeKind,
  target: string,
  values: Parameters<typeof askedOf>[0],
  more?: PlanOptions,
): Promise<RunAnswer> {
  const wanted = {
    request: { kind, target, options: { ...plan, ...timesOf(kind, values), ...more } },
    asked: askedOf(values, by),
    key: keyOf(values),
    restartDelayMs: values.restartDelayMs ?? null,
    urgent: values.skipDeferral ?? false,
  };
  return answer(environment.root, await receive(environment, wanted, reception));
}

const ANSWERS = {
  began: 'accepted',
  joined: 'joined',
  upgraded: 'upgraded',
  already_current: 'already_current',
} as const;

/** Reports a verdict only when the ledger has one, as it may for a joined or repeated request. */
function answer(root: Root, { request, change, follow, repeated }: Received): RunAnswer {
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
    follow:
      request.change === null
        ? null
        : {
            method: 'update.status',
            params: { change: request.change },
            command: 'openclaw-releases status --follow',
          },
  };
}
