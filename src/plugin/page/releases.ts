import { moment } from '../../core/moment.js';
import { size } from '../../core/size.js';
import type { ReleaseDocument } from '../../views/release.js';
import { button, fold, h } from './dom.js';
import { isBusy, type Model, type Orders, type Reads } from './model.js';

const READS: Record<Reads['stateCompatibility'], string> = {
  yes: 'reads today’s state',
  'with-snapshot': 'incompatible with today’s state; its own is kept and restored with it',
  no: 'cannot read today’s state',
  unknown: 'not known whether it reads today’s state',
};

export function releaseList(model: Model, orders: Orders): Node[] {
  const { picture } = model;
  if (!picture) return [];
  if (picture.releases.length === 0) {
    return [h('h2', {}, 'Releases'), h('p', {}, 'None is staged yet.')];
  }
  const items = picture.releases.map((release) => item(release, model, orders));
  const prune = button('prune', 'Remove what nothing needs…', () => orders.prune(), {
    disabled: isBusy(model),
  });
  return [h('h2', {}, 'Releases'), h('ul', { class: 'plain' }, ...items), h('div', { class: 'row' }, prune)];
}

function item(release: ReleaseDocument, model: Model, orders: Orders): HTMLElement {
  const { id, marks, bytes, sealedAt, runtime, quarantine } = release;
  const reads = model.reads.get(id);
  const isPinned = marks.includes('pinned');
  const isCurrent = marks.includes('current');
  const disabled = isBusy(model);
  const tone =
    reads?.stateCompatibility === 'yes' ? 'good' : reads?.stateCompatibility === 'unknown' ? 'soft' : 'warn';
  const about = (does: string, title: string) => ({ disabled, title, 'aria-label': `${does} ${id}` });
  const more = [
    button(
      `verify-${id}`,
      'Verify',
      () => orders.verify(id),
      about('Verify', 'Compares every file with its seal'),
    ),
    button(
      `pin-${id}`,
      isPinned ? 'Unpin' : 'Pin',
      () => orders.pin(id, !isPinned),
      about(isPinned ? 'Unpin' : 'Pin', 'A pinned release is never removed, and no tag updates away from it'),
    ),
    !isCurrent &&
      button(`remove-${id}`, 'Remove', () => orders.remove(id), about('Remove', 'Frees its disk space')),
  ];
  return h(
    'li',
    { 'data-release': id },
    h(
      'div',
      { class: 'row' },
      h('strong', {}, id),
      ...marks.map((mark) => h('span', { class: `mark ${mark}` }, mark)),
    ),
    h('p', { class: 'soft' }, `Node ${runtime.version}, ${size(bytes)}, staged ${moment(sealedAt)}`),
    reads
      ? h(
          'p',
          { class: tone },
          READS[reads.stateCompatibility],
          h('span', { class: 'soft' }, ` (${reads.stateReason})`),
        )
      : null,
    quarantine && h('p', { class: 'bad' }, `It failed here at ${moment(quarantine.at)}.`),
    h(
      'div',
      { class: 'row' },
      !isCurrent && button(`to-${id}`, `Switch to ${id}…`, () => orders.switchTo(id), { disabled }),
      fold(`more-${id}`, ['…'], [h('div', { class: 'row' }, ...more)], {
        class: 'more',
        'aria-label': `More for ${id}`,
      }),
    ),
  );
}
