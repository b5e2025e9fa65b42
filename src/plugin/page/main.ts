import { duration } from '../../core/duration.js';
import type { ChangeDocument } from '../../views/change.js';
import type { PageData } from '../page-data.js';
import { followLoss, makeOrders } from './actions.js';
import { automatic } from './automatic.js';
import { isReady, look, setToken, token, Unauthorized } from './client.js';
import { notice, runningGateway, tokenForm } from './current.js';
import { askDetails, forgetDetails } from './details.js';
import { byId, say, show } from './dom.js';
import { clock, title } from './format.js';
import { history } from './history.js';
import { isPutOff } from './later.js';
import { isBusy, model } from './model.js';
import { forgetRequest } from './notices.js';
import { releaseList } from './releases.js';
import { runningChange, tick } from './running.js';
import { followTheme } from './theme.js';
import { updates } from './updates.js';

/** Milliseconds between two requests for the picture. */
const BUSY = 1_000;
const QUIET = 5_000;
const HIDDEN = 20_000;
/** Milliseconds between tries without an answer: doubled up to LONGEST, during a change up to AWAITED. */
const [FIRST, AWAITED, LONGEST] = [500, 2_000, 15_000];

let tries = 0;
let timer = 0;
let looking = false;
let told = '';

const orders = makeOrders(() => {
  render();
  if (model.asking === null) again();
}, forgetDetails);

function again(afterMs = 0): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => void round(), afterMs);
}

async function round(): Promise<void> {
  if (looking) return;
  looking = true;
  const used = token();
  try {
    const [picture, ready] = await Promise.all([look<PageData>('picture'), isReady()]);
    model.ready = ready;
    arrived(picture);
  } catch (error) {
    if (!(error instanceof Unauthorized)) lost();
    else if (token() === used) locked(used);
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
  if (picture.running) forgetRequest();
  void askDetails(picture).then((asked) => asked && render());
}

/** Removes all data, which must not stay on a page without a valid token. */
function locked(used: string | null): void {
  setToken(null);
  model.reads.clear();
  forgetDetails();
  if (used !== null) model.refusals++;
  Object.assign(model, { picture: null, proof: null, timer: null, notice: null });
  Object.assign(model, { lostSince: null, needsToken: true });
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
  const now = step ? `${step.title}: ${step.state}` : '';
  if (now && now !== told) say(now);
  told = now;
}

function connection(): string {
  const { seenAt, lostSince, picture } = model;
  if (lostSince === null) return seenAt === null ? '' : `As of ${clock(seenAt)}`;
  const step = picture?.running?.steps.at(-1)?.title;
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
  const controlUi = byId<HTMLAnchorElement>('control-ui');
  controlUi.hidden = !picture?.controlUi;
  if (picture?.controlUi) controlUi.href = picture.controlUi;
  show('token', needsToken ? model.refusals : null, () => tokenForm(model, () => again()));
  show('notice', model.notice, () => notice(model));
  const running: ChangeDocument | null = picture?.running ?? null;
  const state = [lostSince !== null, asking, isBusy(model)];
  const { proof, timer, ready } = model;
  const reads = [...model.reads.values()].map(({ id, stateCompatibility, stateReason }) => [
    id,
    stateCompatibility,
    stateReason,
  ]);
  show('change', running && [running, state], () => (running ? runningChange(running, model, orders) : []));
  show(
    'updates',
    picture && [
      picture.current,
      picture.skip,
      picture.hold,
      timer?.available,
      timer?.available && isPutOff(timer.available.version),
      timer?.askedAt,
      state,
    ],
    () => updates(model, orders),
  );
  show(
    'now',
    picture && [
      picture.gateway,
      picture.current,
      picture.previous,
      picture.trial,
      picture.hold,
      ready,
      proof,
      reads,
      state,
    ],
    () => runningGateway(model, orders),
  );
  show('releases', picture && [picture.releases, reads, state], () => releaseList(model, orders));
  show('automatic', timer, () => (timer ? automatic(timer) : []));
  show('history', picture && [picture.changes, model.onlyFailed], () => history(model, orders));
  tick();
}

addEventListener('hashchange', () => token() && again());
document.addEventListener('visibilitychange', () => document.hidden || again());
setInterval(() => tick(), 1_000);
followTheme();
token();
void round();
