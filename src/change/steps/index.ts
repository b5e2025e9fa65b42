import type { Step } from '../../ledger/context.js';
import type { StepName } from '../../ledger/plan.js';
import { attach, copy, detach } from './adopt.js';
import { baseline } from './baseline.js';
import { bless } from './bless.js';
import { collectStep } from './collect.js';
import { idle } from './idle.js';
import { plugins } from './plugins.js';
import { probe } from './probe.js';
import { reserve } from './reserve.js';
import { resolve } from './resolve.js';
import { restart } from './restart.js';
import { seal } from './seal.js';
import { snapshot } from './snapshot.js';
import { stage } from './stage.js';
import { switchStep } from './switch.js';
import { verify } from './verify.js';

const STEPS: Record<StepName, Step> = {
  resolve,
  reserve,
  stage,
  copy,
  probe,
  seal,
  idle,
  baseline,
  snapshot,
  switch: switchStep,
  attach,
  detach,
  restart,
  verify,
  plugins,
  bless,
  collect: collectStep,
};

export function stepsNamed(names: readonly StepName[]): Step[] {
  return names.map((name) => STEPS[name]);
}
