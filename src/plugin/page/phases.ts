import type { ChangeDocument, StepDocument } from '../../views/change.js';
import { h } from './dom.js';

type Kind = ChangeDocument['kind'];

/** Phases for people: name, title, and the steps in it. */
const PHASES: [name: string, title: string, steps: StepDocument['name'][]][] = [
  ['download', 'Download', ['find-install', 'resolve', 'check-space', 'stage']],
  ['check', 'Check', ['probe', 'seal', 'drill']],
  ['wait', 'Wait', ['wait-idle']],
  ['restart', 'Restart', ['baseline', 'snapshot', 'switch', 'attach', 'detach', 'restart']],
  ['verify', 'Verify', ['verify', 'plugins', 'commit', 'prune']],
];

const OF_KIND: Partial<Record<Kind, string[]>> = {
  stage: ['download', 'check'],
  switch: ['wait', 'restart', 'verify'],
  rollback: ['wait', 'restart', 'verify'],
  unadopt: ['restart', 'verify'],
  drill: ['check'],
};

type State = 'todo' | 'doing' | 'done' | 'failed';

const SIGNS: Record<State, string> = { todo: '', doing: '', done: '✓ ', failed: '✗ ' };

/** One bar of phases. A phase that was skipped is done once a later one has begun. */
export function phaseBar({ kind, steps }: ChangeDocument): HTMLElement {
  const of = OF_KIND[kind];
  const shown = PHASES.filter(([name]) => of?.includes(name) ?? true);
  const begun = shown.findLastIndex(([, , names]) => steps.some(({ name }) => names.includes(name)));
  const items = shown.map(([name, title, names], index) => {
    const state = index > begun ? 'todo' : stateOf(steps, names, index === begun);
    const sign = h('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[state]);
    const current = state === 'doing' ? { 'aria-current': 'step' } : {};
    return h('li', { 'data-phase': name, 'data-state': state, ...current }, sign, title);
  });
  return h('ol', { class: 'phases plain' }, ...items);
}

function stateOf(steps: StepDocument[], names: string[], isLast: boolean): State {
  const states = steps.filter(({ name }) => names.includes(name)).map(({ state }) => state);
  if (states.some((state) => state === 'failed' || state.startsWith('und'))) return 'failed';
  return isLast ? 'doing' : 'done';
}
