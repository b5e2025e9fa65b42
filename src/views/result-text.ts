import type { SeenStatus } from './change.js';

/** Verdicts in few words for people. */
const RESULTS: Record<SeenStatus, string> = {
  staged: 'staged',
  already_current: 'already current',
  package_updated_restart_verified: 'verified',
  package_updated_restart_scheduled: 'at the next start',
  package_update_failed: 'failed',
  package_updated_restart_failed: 'restart failed',
  rolled_back: 'rolled back',
  helper_never_ran: 'never began',
  rollback_failed: 'rollback failed',
  drill_passed: 'drill passed',
  drill_failed: 'drill failed',
  running: 'active',
  interrupted: 'interrupted',
};

/** Result in few words, also of an older change. @param error its code */
export function resultText(status: string, error: string | null): string {
  if (error === 'interrupted' && status !== 'interrupted') return 'stopped';
  return RESULTS[status as SeenStatus] ?? status;
}
