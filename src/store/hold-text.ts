import { moment } from '../core/moment.js';
import type { Hold } from './policy.js';

/** End and reason of a hold, to be read after "held". */
export function heldText({ until, why }: Hold): string {
  const end = until === null ? ' until somebody types unhold' : ` until ${moment(until)}`;
  return why === null ? end : `${end} (${why})`;
}
