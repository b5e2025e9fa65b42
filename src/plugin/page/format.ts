import type { ChangePicture } from '../page-data.js';

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

interface Words {
  text: string;
  tone: 'good' | 'bad' | 'warn' | 'soft';
}

/** Words for a verdict; a release that was not verified must not read like success. */
export function verdict({ status, from, to, target }: ChangePicture): Words {
  const [old, next] = [from ?? 'what was there before', to ?? target];
  switch (status) {
    case 'package_updated_restart_verified':
      return { text: `${next} runs and is verified`, tone: 'good' };
    case 'already_current':
      return { text: `${next} runs already`, tone: 'good' };
    case 'staged':
      return { text: `${next} is staged; nothing that runs was touched`, tone: 'soft' };
    case 'package_updated_restart_scheduled':
      return { text: `${next} is current from the next start on; not verified`, tone: 'warn' };
    case 'package_update_failed':
      return { text: `failed before the switch; ${old} runs as before`, tone: 'bad' };
    case 'package_updated_restart_failed':
      return { text: `the restart failed; the switch was undone`, tone: 'bad' };
    case 'rolled_back':
      return { text: `${next} failed; ${old} runs again`, tone: 'bad' };
    case 'rollback_failed':
      return { text: `${next} failed, and so did the rollback: act now`, tone: 'bad' };
    case 'helper_never_ran':
      return { text: `the process that was to do it never ran; nothing was changed`, tone: 'bad' };
    case 'interrupted':
      return { text: `the process that made it ended without a verdict`, tone: 'bad' };
    default:
      return { text: 'active', tone: 'soft' };
  }
}

const KINDS: Record<string, string> = {
  ...{ update: 'Update', rollback: 'Roll back', switch: 'Switch', stage: 'Stage' },
  ...{ adopt: 'Adopt', leave: 'Leave' },
};

export function title({ kind, from, to, target }: ChangePicture): string {
  const moves = kind !== 'stage' && from && to && from !== to;
  const way = moves ? `${from} → ${to}` : (to ?? target);
  return `${KINDS[kind] ?? kind}: ${way}`;
}
