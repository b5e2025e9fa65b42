import type { ErrorRecord } from '../../core/errors.js';
import type { MethodAnswers, Removal } from '../../rpc/answers.js';
import type { Check, Found } from '../../timer/check.js';
import { needsOf } from '../../views/expected-update.js';
import { order, Refused } from './client.js';
import { confirm } from './confirm.js';
import { say } from './dom.js';
import { putOff } from './later.js';
import { model, type Orders } from './model.js';
import { type Answer, HANDED_OVER, noticeOf, words } from './notices.js';
import { askHold, askVersion, lossOf, pruneQuestion, rollbackLoss } from './questions.js';
import { facts } from './updates.js';

/** The last rollback, begun without consent to displace newer state; its change may still ask for that. */
let begun: { change: string; params: object } | null = null;

/** @param look renders, and asks for a new picture. @param learn forgets what `list` and `timer` said */
export function makeOrders(look: () => void, learn: () => void): Orders {
  /** Runs one request at a time; its answer, or its refusal, becomes the notice. */
  const alone = async (name: string, work: () => Promise<typeof model.notice>): Promise<void> => {
    model.asking = name;
    model.notice = null;
    look();
    try {
      model.notice = await work();
    } catch (error) {
      model.notice = noticeOf(error);
    } finally {
      model.asking = null;
      if (model.notice) say(model.notice.error?.message ?? model.notice.text);
      look();
    }
  };
  const make = (name: string, params: object, done: string): Promise<void> =>
    alone(name, async () => {
      try {
        const answer = await order<Answer>(name, params);
        if (name === 'rollback' && answer.change) begun = { change: answer.change, params };
        return { text: words(answer) ?? done, error: answer.error ?? null };
      } catch (error) {
        if (error instanceof Refused && isLoss(name, error.record)) {
          void agreesToLoss(params, error.record);
          return null;
        }
        throw error;
      }
    });
  const agreesToLoss = async (params: object, error: ErrorRecord): Promise<void> => {
    const question = {
      title: 'Roll back with the state?',
      body: lossOf(error),
      yes: 'Roll back',
      danger: true,
    };
    if (await confirm(question)) await make('rollback', { ...params, yes: true, ...key() }, HANDED_OVER);
  };
  const askFirst = async (question: Parameters<typeof confirm>[0], then: () => Promise<void>) => {
    if (await confirm(question)) await then();
  };
  const change = (name: string, params: object) => make(name, { ...params, ...key() }, HANDED_OVER);
  /** Asks the gateway before a question; null after a failure, which becomes the notice. The focus stays. */
  const ahead = async <T>(name: string, method: string, params: object): Promise<T | null> => {
    const opener = document.activeElement?.id ?? '';
    let found: T | null = null;
    await alone(name, async () => {
      found = await order<T>(method, params);
      return null;
    });
    document.getElementById(opener)?.focus();
    return found;
  };
  const inform = (text: string) => alone('', async () => ({ text, error: null }));
  /** Looks a version up before it asks: nobody should agree to what does not exist. */
  const offer = async (target: string) => {
    const found = await ahead<Found>('look-up', 'check', { target });
    if (found === null) return;
    const { current, newest, expected, findings, ...rest } = found;
    const { version, publishedAt, staged } = newest;
    if (version === current) return inform(`${current} is current already.`);
    const needs = needsOf({ newest, ...rest });
    const body = [
      current ? `${current} → ${version}` : version,
      facts({ version, publishedAt, staged, needs, expected, findings }),
      'The gateway restarts once. If the new release is not healthy, the previous one comes back automatically.',
    ];
    const question = { title: `Update to ${version}?`, body, yes: 'Update' };
    await askFirst(question, () => change('update', { target: version }));
  };
  const choose = async () => {
    const published = await ahead<MethodAnswers['releases.versions']>('versions', 'versions', {});
    if (published === null) return;
    const version = await askVersion(published);
    if (version !== null) await offer(version);
  };
  const prune = async () => {
    const plan = await ahead<Removal>('prune', 'prune', { dryRun: true });
    if (plan === null) return;
    const question = pruneQuestion(plan);
    if (question) await askFirst(question, () => make('prune', {}, 'What nothing needs is removed.'));
    else await inform('There is nothing to remove: everything is needed.');
  };
  const hold = async () => {
    const params = await askHold();
    if (params !== null) await learning('hold', params, 'Updates are held.');
  };
  followLoss = (id, error) => {
    if (begun?.change !== id) return;
    const { params } = begun;
    begun = null;
    void agreesToLoss(params, error);
  };
  const learning = async (name: string, params: object, done: string) => {
    await make(name, params, done);
    learn();
  };

  return {
    check: () =>
      void alone('check', async () => {
        const { available, sentence } = await order<Check>('check', {});
        learn();
        return available ? null : { text: sentence, error: null };
      }),
    update: (version) => void offer(version),
    choose: () => void choose(),
    skip: (version, skip) =>
      void learning(
        'skip',
        { version, skip },
        `${version} is ${skip ? '' : 'not '}skipped${skip ? '' : ' any more'}.`,
      ),
    later: (version) => {
      putOff(version);
      look();
    },
    filter: (onlyFailed) => {
      model.onlyFailed = onlyFailed;
      look();
    },
    rollBack: (release) =>
      void askFirst(
        {
          title: `Roll back to ${release}?`,
          body: [rollbackLoss(release), `The gateway restarts with ${release}, and that is verified.`],
          yes: 'Roll back',
          danger: true,
        },
        () => change('rollback', { release }),
      ),
    switchTo: (release) =>
      void askFirst(
        {
          title: `Switch to ${release}?`,
          body: [
            `The gateway restarts with ${release}, and that is verified. If it is not healthy, the running release comes back automatically.`,
          ],
          yes: 'Switch',
        },
        () => change('switch', { release }),
      ),
    pin: (release, on) =>
      void make(on ? 'pin' : 'unpin', { release }, `${release} is ${on ? 'pinned' : 'not pinned any more'}.`),
    verify: (release) => void make('verify', { release }, `Every file of ${release} is as it was sealed.`),
    remove: (release) =>
      void askFirst(
        {
          title: `Remove ${release}?`,
          body: ['Its files and its snapshot of the state are deleted. It can be staged again.'],
          yes: 'Remove',
          danger: true,
        },
        () => make('remove', { release }, `${release} is removed.`),
      ),
    prune: () => void prune(),
    hold: () => void hold(),
    unhold: () => void learning('unhold', {}, 'The hold is lifted.'),
    cancel: () => void make('cancel', {}, 'It was told to stop; its steps say whether it has.'),
    restartNow: () => void change('update', { target: model.picture?.running?.target, skipDeferral: true }),
  };
}

/** Called for a change that failed because nobody agreed to displace newer state (`confirmation_needed`). */
export let followLoss: (change: string, error: ErrorRecord) => void = () => {};

function isLoss(name: string, { code }: ErrorRecord): boolean {
  return name === 'rollback' && code === 'confirmation_needed';
}

/** Makes a click count once, because it may reach the gateway twice. */
function key(): { idempotencyKey: string } {
  const random = crypto.getRandomValues(new Uint32Array(4));
  return { idempotencyKey: [...random].map((part) => part.toString(16)).join('') };
}
