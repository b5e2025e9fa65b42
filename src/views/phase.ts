import type { StepName } from '../ledger/plan.js';

/** Progress of a change, in the words of OpenClaw's own updater where it has one. */
export type Phase = 'requested' | 'staging' | 'waiting' | 'restarting' | 'verifying' | 'finished';

export const PHASES: Record<StepName, Phase> = {
  'find-install': 'staging',
  resolve: 'staging',
  'check-space': 'staging',
  stage: 'staging',
  probe: 'staging',
  seal: 'staging',
  'wait-idle': 'waiting',
  baseline: 'restarting',
  snapshot: 'restarting',
  switch: 'restarting',
  attach: 'restarting',
  detach: 'restarting',
  restart: 'restarting',
  verify: 'verifying',
  plugins: 'verifying',
  commit: 'verifying',
  prune: 'verifying',
  drill: 'verifying',
};
