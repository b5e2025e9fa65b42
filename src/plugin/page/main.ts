import { duration } from '../../core/duration.js';
import type { ChangeDocument } from '../../views/change.js';
import type { PageData } from '../page-data.js';
import { followLoss, forgetRequest, makeOrders } from './actions.js';
import { Busy, look, setToken, token, Unauthorized } from './client.js';
import { actions, notice, runningGateway, tokenForm } from './current.js';
import { byId, say, show } from './dom.js';
import { clock, title } from './format.js';
import { history } from './history.js';
import { model, type Reads } from './model.js';
import { releaseList } from './releases.js';
import { runningChange, tick } from './running.js';

/** Milliseconds between two requests for the picture. */
const BUSY = 1_000;
const QUIET = 5_000;
const HIDDEN = 20_000;
/** Milliseconds between tries without an answer: doubled up to LONGEST, during a change up to AWAITED. */
const [FIRST, AWAITED, LONGEST] = [500, 2_000, 15_000];

let tries = 0;
let timer = 0;
let looking = false;
let readsOf = '';
let told = '';

const orders = makeOrders(() => {
  render();
  if (model.asking === null) again();
});

function again(afterMs = 0): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => void round(), afterMs);
}

async function round(): Promise<void> {
  if (looking) return;
  looking = true;
  const used = token();
  try {
    const picture = await look<PageData>('picture');
    arrived(picture);
  } catch (error) {
    if (!(error instanceof Unauthorized)) lost();
    else if (token() === used) locked();
  } finally {
    looking = false;
    render();
  }
  const known = token();
  if (known !== null && known !== used) again();
  else if (known !== null || !model.needsToken) again(pause());
}

function pause(): number {
  if (model.lostSince !== null) {
    const longest = model.picture?.running ? AWAITED : LONGEST;
    const wait = Math.min(FIRST * 2 ** tries++, longest);
    model.retryAt = Date.now() + wait;
    render();
    return wait;
  }
  if (document.hidden) return HIDDEN;
  return model.picture?.running?.status === 'running' ? BUSY : QUIET;
}

function arrived(picture: PageData): void {
  const before = model.picture;
  tries = 0;
  Object.assign(model, { picture, seenAt: Date.now(), lostSince: null, retryAt: null, needsToken: false });
  tell(before, picture);
  void askReads(picture);
}

/** Removes all data, which must not stay on a page without a valid token. */
function locked(): void {
  setToken(null);
  model.reads.clear();
  readsOf = '';
  Object.assign(model, { picture: null, lostSince: null, needsToken: true, notice: null });
}

function lost(): void {
  if (model.lostSince !== null) return;
  model.lostSince = Date.now();
  say(connection());
}

function tell(before: PageData | null, { running, changes }: PageData): void {
  // Also for a change that began and failed between two pictures.
  for (const { change, error } of changes)
    if (error?.code === 'confirmation_needed') followLoss(change, error);
  const ended = before?.running && changes.find(({ change }) => change === before.running?.change);
  if (ended) {
    forgetRequest();
    say(`${title(ended)}: ${ended.sentence}`);
    return;
  }
  const step = running?.steps.at(-1);
  const now = step ? `${step.name}: ${step.state}` : '';
  if (now && now !== told) say(now);
  told = now;
}

/** Asks only when the answer may have changed and no change runs, because each request starts a process. */
async function askReads({ running, releases, current, gateway, changes }: PageData): Promise<void> {
  const of = JSON.stringify([releases.map(({ id }) => id), current, gateway.pid, changes[0]?.change]);
  if (running || of === readsOf) return;
  readsOf = of;
  try {
    const { releases: listed } = await look<{ releases: Reads[] }>('list', 60_000);
    model.reads = new Map(
      listed.map(({ id, stateCompatibility, stateReason }) => [id, { id, stateCompatibility, stateReason }]),
    );
  } catch (error) {
    if (error instanceof Busy) {
      setTimeout(retryReads, error.retryMs, of);
      return;
    }
    model.reads = new Map();
    // Compatibility stays unknown until a new gateway process or the next change makes it ask again.
  }
  render();
}

/** Asks again with the newest picture, unless another request has begun meanwhile. */
function retryReads(of: string): void {
  if (readsOf !== of || !model.picture) return;
  readsOf = '';
  void askReads(model.picture);
}

function connection(): string {
  const { seenAt, lostSince, picture } = model;
  if (lostSince === null) return seenAt === null ? '' : `As of ${clock(seenAt)}`;
  const step = picture?.running?.steps.at(-1)?.name;
  const change = picture?.running
    ? ` The change ${picture.running.change} was at ${step ?? 'its beginning'}.`
    : '';
  const known = seenAt === null ? '' : ` What is shown is as of ${clock(seenAt)}.`;
  return `No answer since ${clock(lostSince)}.${change}${known}`;
}

function render(): void {
  const { picture, lostSince, needsToken, asking, retryAt } = model;
  const line = byId('connection');
  const soon =
    retryAt && lostSince !== null
      ? ` Trying again within ${duration(Math.max(0, retryAt - Date.now()))}.`
      : '';
  line.textContent = needsToken ? 'This gateway wants its token first.' : connection() + soon;
  line.classList.toggle('lost', lostSince !== null);
  show('token', needsToken ? { needsToken } : null, () => tokenForm(() => again()));
  show('notice', model.notice, () => notice(model));
  const { at: _, ...lasting } = picture ?? { at: '' };
  const state = picture && [lasting, lostSince !== null, asking];
  const running: ChangeDocument | null = picture?.running ?? null;
  show(
    'now',
    picture && [picture.gateway, picture.current, picture.trial, picture.hold, lostSince !== null],
    () => runningGateway(model),
  );
  show('change', running && [running, lostSince !== null, asking], () =>
    running ? runningChange(running, model, orders) : [],
  );
  const isBusy = running !== null || lostSince !== null || asking;
  show('actions', picture && [isBusy, picture.previous, picture.hold], () => actions(model, orders));
  show('releases', state && [picture.releases, [...model.reads], isBusy], () => releaseList(model, orders));
  show('history', picture?.changes ?? null, () => history(picture?.changes ?? []));
  tick();
}

addEventListener('hashchange', () => token() && again());
document.addEventListener('visibilitychange', () => document.hidden || again());
setInterval(() => tick(), 1_000);
token();
void round();
