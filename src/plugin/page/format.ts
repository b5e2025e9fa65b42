import type { ChangeDocument } from '../../views/change.js';
import { resultText } from '../../views/result-text.js';

export function clock(at: string | number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

export type Tone = 'good' | 'bad' | 'warn' | 'soft';

/** Verdict of a change in few words; a release that was not verified must not look like success. */
export function verdict({ status, error }: ChangeDocument): { tone: Tone; sign: string; text: string } {
  const text = resultText(status, error?.code ?? null);
  if (status === 'package_updated_restart_scheduled') return { tone: 'warn', sign: '…', text };
  if (status === 'package_updated_restart_verified') return { tone: 'good', sign: '✓', text };
  if (error === null) return { tone: 'soft', sign: '✓', text };
  return error.code === 'interrupted' ? { tone: 'soft', sign: '■', text } : { tone: 'bad', sign: '✗', text };
}

const KINDS: Record<string, string> = {
  update: 'Update',
  rollback: 'Roll back',
  switch: 'Switch',
  stage: 'Stage',
  adopt: 'Adopt',
  unadopt: 'Unadopt',
  drill: 'Drill',
};

export function title({ kind, from, to, target }: ChangeDocument): string {
  const moves = kind !== 'stage' && from && to && from !== to;
  const way = moves ? `${from} → ${to}` : (to ?? target);
  return `${KINDS[kind] ?? kind}: ${way}`;
}
