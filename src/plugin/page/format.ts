import type { ChangeDocument } from '../../views/change.js';

export function clock(at: string | number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

export function dayAndTime(at: string): string {
  const date = new Date(at);
  const pad = (part: number) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock(at).slice(0, 5)}`;
}

export function duration(ms: number): string {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
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
