import { duration } from '../../core/duration.js';
import type { ErrorRecord } from '../../core/errors.js';
import { moment } from '../../core/moment.js';
import { size } from '../../core/size.js';
import type { MethodAnswers, Removal } from '../../rpc/answers.js';
import type { Question } from './confirm.js';
import { confirm } from './confirm.js';
import { type Child, fold, h } from './dom.js';
import { model } from './model.js';

const DAY_MS = 24 * 60 * 60_000;

const select = (id: string, options: [value: string, text: string][]) =>
  h('select', { id }, ...options.map(([value, text]) => h('option', { value }, text))) as HTMLSelectElement;

const labelled = (text: string, field: HTMLElement) =>
  h('div', { class: 'row' }, h('label', { for: field.id }, text), field);

/** @returns parameters of `hold`; null for no hold */
export async function askHold(): Promise<object | null> {
  const end = select('hold-for', [
    ['1', '1 day'],
    ['7', '1 week'],
    ['', 'until it is lifted'],
  ]);
  const why = h('input', { id: 'hold-why', maxlength: '500', autocomplete: 'off' }) as HTMLInputElement;
  const body = [
    'No automatic update, and none by a tag. An update to a named version still works.',
    labelled('For', end),
    labelled('Reason', why),
  ];
  if (!(await confirm({ title: 'Hold updates?', body, yes: 'Hold' }))) return null;
  const until = end.value === '' ? null : new Date(Date.now() + Number(end.value) * DAY_MS).toISOString();
  return { until, ...(why.value.trim() && { why: why.value.trim() }) };
}

/** @returns a version of those that the registry has; null for none */
export async function askVersion({
  tags,
  versions,
}: MethodAnswers['releases.versions']): Promise<string | null> {
  const { current, releases = [] } = model.picture ?? {};
  const options = versions.flatMap(({ version, publishedAt, deprecated }): [string, string][] => {
    if (version === current) return [];
    const about = [
      ...Object.entries(tags).flatMap(([tag, of]) => (of === version ? tag : [])),
      ...(publishedAt ? [moment(publishedAt).slice(0, 'YYYY-MM-DD'.length)] : []),
      ...(releases.some(({ id }) => id === version) ? ['staged'] : []),
      ...(deprecated === null ? [] : ['deprecated']),
    ];
    return [[version, [version, about.join(', ')].filter(Boolean).join(' – ')]];
  });
  if (options.length === 0) return null;
  const version = select('version', options);
  const question = { title: 'Which version?', body: [labelled('Version', version)], yes: 'Look it up' };
  return (await confirm(question)) ? version.value : null;
}

/** @returns the question before a prune; null when it would remove nothing */
export function pruneQuestion(plan: Removal): Question | null {
  const { remove, removeUnsealed, removeRuntimes, removeStates, keep, warnings } = plan;
  const gone = [
    ...remove.map(({ id, bytes }) => `${id}, ${size(bytes)}`),
    ...removeUnsealed.map((name) => `${name}, which is no release`),
    ...removeRuntimes,
    ...removeStates.map(({ name, bytes }) => `a copy of the state (${name}), ${size(bytes)}`),
  ];
  if (gone.length === 0) return null;
  const list = (items: string[]) => h('ul', {}, ...items.map((item) => h('li', {}, item)));
  const kept = keep.map(({ id, reason }) => `${id}: ${reason}`);
  const body = [list(gone), fold('kept', ['What stays'], [list(kept)]), ...warnings];
  return { title: 'Remove what nothing needs?', body, yes: 'Remove', danger: true };
}

export function rollbackLoss(release: string): string {
  const reads = model.reads.get(release)?.stateCompatibility;
  if (reads === 'yes') return `${release} reads today’s data, so nothing is lost.`;
  return `If ${release} cannot read today’s data, you are asked again before anything is done.`;
}

/** The plain question; the files and the reason are folded. */
export function lossOf({ message, untouched, details }: ErrorRecord): Child[] {
  const { to, at, files, bytes } = details ?? {};
  if (typeof at !== 'string') return [message, untouched];
  const since = duration(Date.now() - Date.parse(at));
  return [
    `Rolling back to ${to} restores your data as of ${moment(at)} (${since} ago).`,
    `${files} files changed since then (${size(Number(bytes), Math.ceil)}). They are set aside, not deleted.`,
    fold('loss', ['Why, and which files'], [h('p', { class: 'soft' }, message)]),
  ];
}
