import type { ErrorRecord } from '../../core/errors.js';
import { Busy, NoAnswer, Refused } from './client.js';
import { model } from './model.js';

export interface Answer {
  status?: string;
  change?: string | null;
  error?: ErrorRecord | null;
}

const UNANSWERED = 'No answer came. Whether it was begun is shown once the gateway answers.';
const BUSY = 'The gateway answers as many requests as it may. Nothing was begun; try again.';
export const HANDED_OVER = 'Handed over; its progress follows here.';

/** Text of the notice for an answer; null for the usual one. Must not read like success: only a verified change is one. */
export function words({ status, error }: Answer): string | null {
  if (error) return 'It could not be begun.';
  if (status === 'joined') return 'The same change is active already; this request joined it.';
  if (status === 'already_current') return 'That release runs already; there was nothing to do.';
  return null;
}

export function noticeOf(error: unknown): { text: string; error: ErrorRecord | null } {
  if (error instanceof Refused) return { text: 'It was refused.', error: error.record };
  if (error instanceof Busy) return { text: BUSY, error: null };
  if (error instanceof NoAnswer) return { text: UNANSWERED, error: null };
  return { text: 'The token is not accepted any more.', error: null };
}

/** Removes the notice that a request was handed over, once its change is shown. */
export function forgetRequest(): void {
  if (model.notice?.error === null && [HANDED_OVER, UNANSWERED].includes(model.notice.text))
    model.notice = null;
}
