import type { Step } from '../../ledger/context.js';
import type { StepName } from '../../ledger/plan.js';
import { attach, detach } from './attach.js';
import { baseline } from './baseline.js';
import { checkSpace } from './check-space.js';
import { commit } from './commit.js';
import { drill } from './drill.js';
import { findInstallStep } from './find-install.js';
import { plugins } from './plugins.js';
import { probe } from './probe.js';
import { prune } from './prune.js';
import { resolve } from './resolve.js';
import { restart } from './restart.js';
import { seal } from './seal.js';
import { snapshot } from './snapshot.js';
import { stage } from './stage.js';
import { switchStep } from './switch.js';
import { verify } from './verify.js';
import { waitIdle } from './wait-idle.js';

const STEPS: Record<StepName, Step> = {
  'find-install': findInstallStep,
  resolve,
  'check-space': checkSpace,
  stage,
  probe,
  seal,
  'wait-idle': waitIdle,
  baseline,
  snapshot,
  switch: switchStep,
  attach,
  detach,
  restart,
  verify,
  plugins,
  commit,
  prune,
  drill,
};

export function stepsNamed(names: readonly StepName[]): Step[] {
  return names.map((name) => STEPS[name]);
}
