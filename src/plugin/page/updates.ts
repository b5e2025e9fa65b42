import type { SwitchFinding } from '../../change/switch-finding.js';
import { duration } from '../../core/duration.js';
import { size } from '../../core/size.js';
import type { UpdateNeeds } from '../../store/timer-state.js';
import { type Expected, notesUrl } from '../../views/expected-update.js';
import { findingText } from '../../views/switch-findings.js';
import { ago, button, type Child, h } from './dom.js';
import { isPutOff } from './later.js';
import { isBusy, type Model, type Orders } from './model.js';

/** A release to update to, as the registry described it. */
export interface Offer {
  version: string;
  publishedAt: string | null;
  staged: boolean;
  /** Null before the first `check` of this version. */
  needs: UpdateNeeds | null;
  expected: Expected | null;
  /** Consequences of the update for this host, where the release was looked up now. */
  findings?: readonly SwitchFinding[];
}

export function updates(model: Model, orders: Orders): Node[] {
  const { picture, timer, asking } = model;
  if (!picture) return [];
  const newest = timer?.available ?? null;
  const found = newest && newest.version !== picture.current ? newest : null;
  const isSkipped = found !== null && picture.skip.includes(found.version);
  const disabled = isBusy(model);
  const look = button('check', asking === 'check' ? 'Looking…' : 'Look now', () => orders.check(), {
    disabled,
  });
  const isLooking = asking === 'versions' || asking === 'look-up';
  const other = button('choose', isLooking ? 'Looking up…' : 'Another version…', () => orders.choose(), {
    disabled,
  });
  const isLater = found !== null && !isSkipped && isPutOff(found.version);
  if (found === null || isSkipped || isLater) {
    return [
      h('h2', {}, 'Updates'),
      h(
        'p',
        {},
        ...(found
          ? [`${found.version} is available, and ${isLater ? 'offered again tomorrow' : 'skipped here'}.`]
          : nothingNewer(model)),
      ),
      h(
        'div',
        { class: 'row' },
        isSkipped &&
          button('unskip', 'Do not skip it', () => orders.skip(found.version, false), { disabled }),
        isLater && button('offer', 'Show it now', () => orders.later(null)),
        look,
        other,
      ),
    ];
  }
  const { version, publishedAt, askedAt, needs = null } = found;
  const staged = picture.releases.some(({ id }) => id === version);
  return [
    h('h2', {}, 'Update available'),
    h('p', { class: 'big' }, `${picture.current} → ${version}`),
    facts({ version, publishedAt, staged, needs, expected: picture.expected }),
    h('p', { class: 'soft' }, 'The registry said so ', ago(askedAt), '.'),
    h(
      'div',
      { class: 'row' },
      button('update-newest', 'Update…', () => orders.update(version), { disabled, class: 'main' }),
      button('later', 'Later', () => orders.later(version)),
      button('skip', 'Skip this version', () => orders.skip(version, true), { disabled }),
      picture.hold ? null : button('hold-newest', 'Hold updates…', () => orders.hold(), { disabled }),
      look,
      other,
    ),
  ];
}

function nothingNewer({ timer, picture }: Model): Child[] {
  const asked = timer?.askedAt ?? null;
  if (asked === null) return ['The registry has not been asked for a newer release yet.'];
  return [`${picture?.current ?? 'No release'} is the newest, as the registry said `, ago(asked), '.'];
}

const FROM = { root: 'is here', host: 'is copied from this host', registry: 'comes with it' };

/** Needs of an update, in the card and in the question. */
export function facts({ version, publishedAt, staged, needs, expected, findings }: Offer): HTMLElement {
  const items: Child[][] = [
    [
      ...(publishedAt ? ['Published ', ago(publishedAt), ' · '] : []),
      h('a', { href: notesUrl(version), target: '_blank', rel: 'noreferrer' }, 'Release notes'),
    ],
    ...(needs ? [[staged ? 'Staged already' : `About ${size(needs.fetchBytes)} to download`]] : []),
    ...(findings?.map((finding) => [findingText(finding)]) ?? remembered(needs, expected)),
  ];
  return h('ul', { class: 'facts' }, ...items.map((item) => h('li', {}, ...item)));
}

/** Result of an earlier look. */
function remembered(needs: UpdateNeeds | null, expected: Expected | null): Child[][] {
  const rollback =
    needs?.rollbackNeedsState == null
      ? 'It is not known whether rolling back will need the state of before.'
      : needs.rollbackNeedsState
        ? 'Rolling back will restore the state of before: the new release changes its databases.'
        : 'Rolling back will not need the state of before.';
  return [
    ...(needs
      ? [[needs.node ? `Node ${needs.node.version} ${FROM[needs.node.kind]}` : 'No Node fits it here']]
      : []),
    [
      expected
        ? `Usually takes ${duration(expected.ms)}, with an outage of ${duration(expected.outageMs)}`
        : 'No update was measured here yet',
    ],
    ...(needs ? [[rollback]] : []),
  ];
}
