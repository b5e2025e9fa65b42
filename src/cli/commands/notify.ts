import { accessSync, constants } from 'node:fs';
import { isAbsolute } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { exclusive } from '../../change/exclusive.js';
import { untold } from '../../change/tell.js';
import { ReleasesError } from '../../core/errors.js';
import type { Environment } from '../../ledger/environment.js';
import { type Change, findChange, saveChange } from '../../ledger/ledger.js';
import { readPolicy, setNotify } from '../../store/policy.js';
import { readTimerState } from '../../store/timer-state.js';
import { changeDocument } from '../../views/change.js';
import { damageText, scrubOverview } from '../../views/scrub.js';
import type { Answers } from '../answers.js';
import { type Answer, command } from '../command.js';
import { type Notification, notification, send, shownTarget } from '../notification.js';

interface Options {
  off?: boolean;
  test?: boolean;
  pending?: boolean;
  waiting?: boolean;
  damaged?: boolean;
}

export const notifyCommand = () =>
  command(
    'notify',
    'tell a program or an address of each verdict, and of a timer that has refused for three days',
    'openclaw-releases notify /usr/local/bin/tell-me --test',
  )
    .argument('[target]', 'absolute path of a program, or an address (https, http)', parseTarget)
    .option('--test', 'send a notification now')
    .option('--off', 'tell nobody any more')
    .addOption(new Option('--pending', 'tell of verdicts that nobody was told of').hideHelp())
    .addOption(new Option('--waiting', 'tell that the timer refuses').hideHelp())
    .addOption(new Option('--damaged', 'tell of damage that scrubs have found').hideHelp())
    .acts(({ environment }, target: string | undefined, options: Options) =>
      work(environment, target, options),
    );

async function work(
  environment: Environment,
  target: string | undefined,
  options: Options,
): Promise<Answer<Answers['notify']>> {
  const { root } = environment;
  const { off = false, test = false, pending = false } = options;
  if (pending) return { document: { sent: await sendPending(environment, options) }, text: () => '' };
  if (target !== undefined || off)
    await exclusive(environment, { doing: 'notify', recover: false }, () =>
      setNotify(root, off ? null : target),
    );
  const set = readPolicy(root).notify?.target ?? null;
  if (test) await sendTest(root.path, set);
  const text =
    set === null
      ? 'Nobody is told. Next: openclaw-releases notify <target>'
      : `Verdicts are told to ${shownTarget(set)}.`;
  return {
    document: { target: set === null ? null : shownTarget(set), tested: test },
    text: () => (test ? `${text} The test has arrived there.` : text),
  };
}

async function sendTest(root: string, target: string | null): Promise<void> {
  const why =
    target === null ? 'none is set' : await send(target, notification(root, 'test', 'this is a test.'));
  if (why !== null) throw notArrived(why);
}

function notArrived(why: string): ReleasesError {
  return new ReleasesError('notify_failed', `The notification did not arrive, because ${why}.`, {
    hint: 'openclaw-releases notify <target> --test',
    untouched: '',
  });
}

/** Marks before it sends: each verdict is told once, even if this process dies. A failure is a warning of its change. */
async function sendPending(environment: Environment, { waiting, damaged }: Options): Promise<number> {
  const { root } = environment;
  const { notify } = readPolicy(root);
  if (!notify) return 0;
  const changes = await exclusive(environment, { doing: 'notify', recover: false }, () =>
    untold(root).map((change) => mark(root, change)),
  );
  const news: { document: Notification; of?: Change }[] = changes.map((change) => {
    const document = changeDocument(root, change);
    return { document: notification(root.path, 'change', document.sentence, document), of: change };
  });
  const last = readTimerState(root).decisions.at(-1);
  if (waiting && last) {
    const sentence = `the timer has not updated to ${last.version} for three days: ${last.reason}`;
    news.push({ document: notification(root.path, 'waiting', sentence) });
  }
  if (damaged) news.push(...(await damageNews(root)));
  for (const { document, of } of news) {
    const why = await send(notify.target, document);
    if (why === null) continue;
    if (!of) throw notArrived(why);
    // Another command may have the lock, and the other verdicts are still to be sent.
    await warn(environment, of.id, why).catch(() => {});
  }
  return news.length;
}

/** One notification of all damage, so that a lost disk does not send a hundred. */
async function damageNews(root: Environment['root']): Promise<{ document: Notification }[]> {
  const { damaged } = await scrubOverview(root);
  const [first, ...others] = damaged;
  if (!first) return [];
  const more = others.length > 0 ? ` ${others.length} more: openclaw-releases list.` : '';
  const sentence = `${damageText(first)}${more} Next: ${first.next}`;
  return [{ document: notification(root.path, 'damaged', sentence) }];
}

function mark(root: Environment['root'], change: Change): Change {
  change.notifiedAt = new Date().toISOString();
  saveChange(root, change);
  return change;
}

async function warn(environment: Environment, id: string, why: string): Promise<void> {
  await exclusive(environment, { doing: 'notify', recover: false }, () => {
    const change = findChange(environment.root, id);
    if (!change) return;
    change.warnings.push(`The notification did not arrive, because ${why}.`);
    saveChange(environment.root, change);
  });
}

function parseTarget(text: string): string {
  if (isAbsolute(text)) {
    try {
      accessSync(text, constants.X_OK);
      return text;
    } catch {
      throw new InvalidArgumentError('There is no program that this user may run.');
    }
  }
  if (/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : '')) return text;
  throw new InvalidArgumentError('Neither an absolute path of a program nor an address with https or http.');
}
