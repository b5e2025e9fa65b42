import { moment } from '../../core/moment.js';
import type { PageData } from '../page-data.js';
import { setToken } from './client.js';
import { command, h } from './dom.js';
import { failure } from './failure.js';

import type { Model, Orders } from './model.js';

export function runningGateway({ picture, lostSince }: Model): Node[] {
  if (!picture) return [];
  const { gateway, current, trial, adopted, hold } = picture;
  return [
    h('h2', {}, lostSince === null ? 'What runs' : 'What ran when it last answered'),
    h('p', { class: 'big' }, gateway.release ?? `OpenClaw ${gateway.version ?? 'of an unknown version'}`),
    h('p', { class: 'soft' }, `since ${moment(gateway.since)}, process ${gateway.pid}`),
    adopted && current !== gateway.release
      ? h('p', { class: 'warn' }, `The next start is of ${current ?? 'nothing: no release is current'}.`)
      : null,
    trial ? h('p', { class: 'warn' }, `${trial} is on trial: it has not been verified.`) : null,
    hold
      ? h(
          'p',
          { class: 'warn' },
          `Held ${hold.until ? `until ${moment(hold.until)}` : 'until it is lifted'}: no automatic update, and none by a tag.`,
          hold.why ? ` ${hold.why}` : '',
        )
      : null,
    ...(adopted ? [] : notAdopted(picture)),
  ].filter((node) => node !== null);
}

function notAdopted({ root }: PageData): Node[] {
  return [
    h(
      'p',
      { class: 'warn' },
      `No release below ${root} started this gateway, so it cannot be updated from here.`,
    ),
    command('openclaw-releases adopt --dry-run', 'adopt'),
  ];
}

export function actions(model: Model, orders: Orders): Node[] {
  const { picture, asking, lostSince } = model;
  if (!picture) return [];
  const isBusy = picture.running !== null || asking !== null || lostSince !== null;
  const spec = h('input', {
    ...{ id: 'spec', value: model.spec, autocomplete: 'off', spellcheck: 'false', size: '14' },
    'aria-label': 'Version or tag to update to',
    input: () => {
      model.spec = spec.value;
    },
  }) as HTMLInputElement;
  const update = () => orders.update(spec.value.trim() || 'latest');
  return [
    h('h2', {}, 'Do'),
    h(
      'div',
      { class: 'row' },
      h('label', { for: 'spec' }, 'Version or tag'),
      spec,
      h('button', { type: 'button', id: 'update', class: 'main', disabled: isBusy, click: update }, 'Update'),
    ),
    h(
      'div',
      { class: 'row' },
      h(
        'button',
        {
          type: 'button',
          id: 'rollback',
          disabled: isBusy || !picture.previous,
          click: () => orders.rollBack(null),
        },
        picture.previous ? 'Roll back' : 'Roll back (nothing to return to)',
      ),
      picture.hold
        ? h(
            'button',
            { type: 'button', id: 'unhold', disabled: isBusy, click: () => orders.unhold() },
            'Lift the hold',
          )
        : h(
            'button',
            { type: 'button', id: 'hold', disabled: isBusy, click: () => orders.hold(null) },
            'Hold updates',
          ),
    ),
  ];
}

export function notice({ notice }: Model): Node[] {
  if (!notice) return [];
  return [
    h('p', { id: 'notice-text' }, notice.text),
    ...(notice.error ? [failure(notice.error, 'notice')] : []),
  ];
}

export function tokenForm(again: () => void): Node[] {
  const input = h('input', {
    ...{ id: 'token-field', type: 'password', autocomplete: 'off', 'aria-label': 'Token of the gateway' },
  }) as HTMLInputElement;
  const submit = (event: Event) => {
    event.preventDefault();
    setToken(input.value.trim());
    again();
  };
  return [
    h('h2', {}, 'The token of the gateway'),
    h('p', {}, 'It is kept for this tab alone, and goes nowhere but to this gateway.'),
    h(
      'form',
      { class: 'row', submit },
      input,
      h('button', { type: 'submit', id: 'token-button', class: 'main' }, 'Look'),
    ),
  ];
}
