import type { ChangeDocument } from '../../views/change.js';

export function clock(at: string | number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

/** Color of a verdict: a release that was not verified must not look like success. */
export function tone({ status, error }: ChangeDocument): 'good' | 'bad' | 'warn' | 'soft' {
  if (status === 'package_updated_restart_scheduled') return 'warn';
  if (status === 'package_updated_restart_verified' || status === 'already_current') return 'good';
  return error ? 'bad' : 'soft';
}

const KINDS: Record<string, string> = {
  update: 'Update',
  rollback: 'Roll back',
  switch: 'Switch',
  stage: 'Stage',
  adopt: 'Adopt',
  unadopt: 'Unadopt',
};

export function title({ kind, from, to, target }: ChangeDocument): string {
  const moves = kind !== 'stage' && from && to && from !== to;
  const way = moves ? `${from} → ${to}` : (to ?? target);
  return `${KINDS[kind] ?? kind}: ${way}`;
}
