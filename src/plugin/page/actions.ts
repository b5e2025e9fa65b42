import type { ErrorRecord } from '../../core/errors.js';
import { NoAnswer, order, Refused } from './client.js';
import { confirm } from './confirm.js';
import { say } from './dom.js';
import { model, type Orders } from './model.js';

interface Answer {
  status?: string;
  change?: string | null;
  error?: ErrorRecord | null;
}

/** The last rollback, begun without consent to displace newer state; its change may still ask for that. */
let begun: { change: string; params: object } | null = null;

export function makeOrders(look: () => void): Orders {
  const make = async (name: string, params: object, done: string): Promise<void> => {
    model.asking = name;
    model.notice = null;
    look();
    try {
      const answer = await order<Answer>(name, params);
      if (name === 'rollback' && answer.change) begun = { change: answer.change, params };
      model.notice = { text: words(answer) ?? done, error: answer.error ?? null };
    } catch (error) {
      if (error instanceof Refused && (await agreesToLoss(name, params, error.record))) return;
      model.notice = noticeOf(error);
    } finally {
      model.asking = null;
      if (model.notice) say(model.notice.error?.message ?? model.notice.text);
      look();
    }
  };
  const agreesToLoss = async (name: string, params: object, error: ErrorRecord): Promise<boolean> => {
    if (name !== 'rollback' || error.code !== 'confirmation_needed') return false;
    if (
      !(await confirm({
        title: 'Set newer state aside?',
        text: lossOf(error),
        yes: 'Roll back with the state',
      }))
    )
      return false;
    await make('rollback', { ...params, yes: true, ...key() }, HANDED_OVER);
    return true;
  };
  const askFirst = async (title: string, text: string, yes: string, then: () => Promise<void>) => {
    if (await confirm({ title, text, yes })) await then();
  };
  followLoss = (change, error) => {
    if (begun?.change !== change) return;
    const { params } = begun;
    begun = null;
    void agreesToLoss('rollback', params, error);
  };

  return {
    update: (spec) =>
      void askFirst(
        `Update to ${spec}?`,
        'It is staged beside what runs. Then the gateway restarts once; if the new release is not healthy, the previous one comes back automatically.',
        'Update',
        () => make('update', { target: spec, ...key() }, HANDED_OVER),
      ),
    rollBack: (release) =>
      void askFirst(
        'Roll back?',
        `The gateway restarts with ${release ?? 'the last release that was well here'}, and that is verified. If it cannot read today’s state, nothing is done before you have been asked again.`,
        'Roll back',
        () => make('rollback', { ...(release && { release }), ...key() }, HANDED_OVER),
      ),
    switchTo: (release) =>
      void askFirst(
        `Switch to ${release}?`,
        `The gateway restarts with ${release}, and that is verified; if it is not healthy, the release that runs now comes back automatically.`,
        'Switch',
        () => make('switch', { release, ...key() }, HANDED_OVER),
      ),
    pin: (release, on) =>
      void make(on ? 'pin' : 'unpin', { release }, `${release} is ${on ? 'pinned' : 'not pinned any more'}.`),
    hold: () => void make('hold', {}, 'Updates are held until that is lifted.'),
    unhold: () => void make('unhold', {}, 'The hold is lifted.'),
    cancel: () => void make('cancel', {}, 'It was told to stop; its steps say whether it has.'),
    restartNow: () =>
      void make(
        'update',
        { target: model.picture?.running?.target, skipDeferral: true, ...key() },
        'It waits no longer.',
      ),
  };
}

/** Called for a change that failed because nobody agreed to displace newer state (`confirmation_needed`). */
export let followLoss: (change: string, error: ErrorRecord) => void = () => {};

const UNANSWERED = 'No answer came. Whether it was begun is shown once the gateway answers.';
const HANDED_OVER = 'Handed over; what becomes of it is shown here.';

/** Must not read like success: only a verified change is one. */
function words({ status, error }: Answer): string | null {
  if (error) return 'It could not be begun.';
  if (status === 'joined') return 'The same change is active already; this request joined it.';
  if (status === 'already_current') return 'That release runs already; there was nothing to do.';
  return null;
}

function lossOf({ message, untouched }: ErrorRecord): string {
  return [message, untouched].filter(Boolean).join('\n');
}

function noticeOf(error: unknown): { text: string; error: ErrorRecord | null } {
  if (error instanceof Refused) return { text: 'It was refused.', error: error.record };
  if (error instanceof NoAnswer) return { text: UNANSWERED, error: null };
  return { text: 'The token is not accepted any more.', error: null };
}

/** Makes a click count once, because it may reach the gateway twice. */
function key(): { idempotencyKey: string } {
  const random = crypto.getRandomValues(new Uint32Array(4));
  return { idempotencyKey: [...random].map((part) => part.toString(16)).join('') };
}

/** Removes the notice that a request was handed over, once its change has ended. */
export function forgetRequest(): void {
  if (model.notice?.error === null && [HANDED_OVER, UNANSWERED].includes(model.notice.text))
    model.notice = null;
}
