import { moment } from '../../core/moment.js';
import { proofText } from '../../views/rollback-proof.js';
import type { PageData } from '../page-data.js';
import { setToken } from './client.js';
import { ago, button, command, h } from './dom.js';
import { failure } from './failure.js';
import { isBusy, type Model, type Orders } from './model.js';

export function runningGateway(model: Model, orders: Orders): Node[] {
  const { picture, lostSince } = model;
  if (!picture) return [];
  const { gateway, current, adopted, hold, previous } = picture;
  const disabled = isBusy(model);
  return [
    h('h2', {}, lostSince === null ? 'Running now' : 'Running when it last answered'),
    h(
      'p',
      { class: 'row' },
      h(
        'span',
        { class: 'big' },
        gateway.release ?? `OpenClaw ${gateway.version ?? 'of an unknown version'}`,
      ),
      badge(model),
    ),
    h(
      'p',
      { class: 'soft' },
      `on ${gateway.host}, Node ${gateway.node}, started `,
      ago(gateway.since),
      `, process ${gateway.pid}`,
    ),
    adopted && current !== gateway.release
      ? h('p', { class: 'warn' }, `The next start is of ${current ?? 'nothing: no release is current'}.`)
      : null,
    hold
      ? h(
          'p',
          { class: 'warn' },
          `Held ${hold.until ? `until ${moment(hold.until)}` : 'until it is lifted'}: no automatic update, and none by a tag.`,
          hold.why ? ` ${hold.why}` : '',
        )
      : null,
    ...wayBack(model),
    ...(adopted ? [] : notAdopted(picture)),
    h(
      'div',
      { class: 'row' },
      previous &&
        button('rollback', `Roll back to ${previous}…`, () => orders.rollBack(previous), { disabled }),
      hold
        ? button('unhold', 'Lift the hold', () => orders.unhold(), { disabled })
        : button('hold', 'Hold updates…', () => orders.hold(), { disabled }),
    ),
  ].filter((node) => node !== null);
}

function badge({ picture, ready, lostSince }: Model): HTMLElement {
  if (lostSince !== null) return h('span', { class: 'mark warn' }, 'No answer');
  if (picture?.trial) return h('span', { class: 'mark warn', id: 'health' }, 'On trial');
  if (ready === null) return h('span', { class: 'mark', id: 'health' }, 'Answers');
  return ready
    ? h('span', { class: 'mark good', id: 'health' }, 'Ready')
    : h('span', { class: 'mark bad', id: 'health' }, 'Not ready');
}

function wayBack({ picture, proof, reads }: Model): Node[] {
  if (!picture?.previous)
    return [h('p', { class: 'soft' }, 'There is no earlier release to roll back to yet.')];
  const known = reads.get(picture.previous);
  const needs = {
    yes: 'It reads today’s state, so a rollback loses nothing.',
    'with-snapshot': 'A rollback restores its own state, and sets today’s aside.',
    no: 'It cannot read today’s state.',
    unknown: null,
  };
  const text = known && needs[known.stateCompatibility];
  return [
    ...(proof ? [h('p', { class: proof.at && !proof.error ? 'good' : 'soft' }, proofText(proof))] : []),
    ...(text ? [h('p', { class: 'soft' }, text)] : []),
  ];
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

export function notice({ notice }: Model): Node[] {
  if (!notice) return [];
  return [
    h('p', { id: 'notice-text' }, notice.text),
    ...(notice.error ? [failure(notice.error, 'notice')] : []),
  ];
}

export function tokenForm({ refusals }: Model, again: () => void): Node[] {
  const input = h('input', {
    ...{ id: 'token-field', type: 'password', autocomplete: 'off', 'aria-label': 'Token of the gateway' },
    ...(refusals > 0 && { 'aria-invalid': 'true', 'aria-describedby': 'token-refused' }),
  }) as HTMLInputElement;
  const submit = (event: Event) => {
    event.preventDefault();
    setToken(input.value.trim());
    again();
  };
  return [
    h('h2', {}, 'Sign in'),
    refusals > 0
      ? h('p', { id: 'token-refused', class: 'bad', role: 'alert' }, 'That token was refused (401).')
      : null,
    h(
      'p',
      {},
      'The token is ',
      h('code', {}, 'gateway.auth.token'),
      ' in ',
      h('code', {}, 'openclaw.json'),
      '. It is kept for this tab alone, and goes nowhere but to this gateway.',
    ),
    h(
      'form',
      { class: 'row', submit },
      input,
      h('button', { type: 'submit', id: 'token-button', class: 'main' }, 'Sign in'),
    ),
  ].filter((node) => node !== null);
}
