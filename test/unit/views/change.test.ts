import { expect, test } from 'vitest';
import { changeText } from '../../../src/cli/report.js';
import type { RestartNotice } from '../../../src/ledger/facts.js';
import { type Change, type ChangeStatus, newChange, saveChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { pictureOf } from '../../../src/plugin/page-data.js';
import { handle } from '../../../src/rpc/handle.js';
import { prepareRoot } from '../../../src/store/root.js';
import { changeDocument } from '../../../src/views/change.js';
import { temporaryRoot } from '../../support/place.js';

const [FROM, TO] = ['2026.5.28', '2026.6.1'];

function aChange(more: Partial<Change>): Change {
  const change = newChange(planChange('update', 'latest'), { from: FROM, to: TO, previous: null });
  return { ...change, ...more };
}

const ended = (status: ChangeStatus | null) => ({ status, endedAt: new Date().toISOString() });

const DEAD = { pid: 2 ** 22 - 1, startTicks: 1, bootId: 'another' };

const CRASH = { code: 'gateway_crashed', message: 'It ended.' } as const;

test.each<[string, Partial<Change>, string, object]>([
  [
    'verified',
    ended('package_updated_restart_verified'),
    `${TO} runs and is verified.`,
    { phase: 'finished', after: { version: TO } },
  ],
  [
    'failed verification',
    { ...ended('rolled_back'), error: CRASH },
    `${TO} failed verification; ${FROM} is current again.`,
    { after: { version: FROM }, reason: 'gateway_crashed', downtimeMs: null },
  ],
  [
    'was cancelled during its verification',
    { ...ended('rolled_back'), error: { code: 'interrupted', message: 'Cancelled by you (Ctrl-C).' } },
    `Cancelled by you (Ctrl-C); ${FROM} is current again.`,
    { after: { version: FROM }, reason: 'interrupted' },
  ],
  [
    'was cancelled before its switch',
    { ...ended('package_update_failed'), error: { code: 'interrupted', message: 'Cancelled by a person.' } },
    `Cancelled by a person; ${FROM} is current still.`,
    { after: { version: FROM } },
  ],
  [
    'had no time left',
    { ...ended('rolled_back'), error: { code: 'timed_out', message: 'It had 5 ms.' } },
    `${TO} was not verified in time; ${FROM} is current again.`,
    { reason: 'timed_out' },
  ],
  ['is active', {}, 'It is active.', { status: 'running', phase: 'requested', goingBack: false }],
  [
    'is being undone',
    { error: CRASH },
    'It failed, and is being undone.',
    { status: 'running', goingBack: true, after: { version: null } },
  ],
  [
    'lost its process before its first step',
    { owner: DEAD },
    'Its process ended without a verdict. It had not begun: nothing was changed.',
    { status: 'interrupted', reason: 'interrupted', step: null, handoff: { status: 'ended' } },
  ],
])('the document of a change that %s has its sentence and agrees with itself', (_, more, sentence, rest) => {
  const root = temporaryRoot();
  prepareRoot(root);
  const change = aChange(more);
  saveChange(root, change);
  expect(changeDocument(root, change)).toMatchObject({ sentence, from: FROM, to: TO, ...rest });
});

test('a change that another process has ended meanwhile is shown with its verdict', () => {
  const root = temporaryRoot();
  prepareRoot(root);
  const known = aChange({ owner: DEAD });
  saveChange(root, { ...known, ...ended('rolled_back') });
  expect(changeDocument(root, known).status).toBe('rolled_back');
});

test('the methods and the page show one document of a change, and a text says what it says', async () => {
  const root = temporaryRoot();
  prepareRoot(root);
  const change = aChange({ ...ended('package_updated_restart_verified'), warnings: ['It was slow.'] });
  change.facts.install = { lockfileDigest: '', packages: 1, ranScripts: [], skippedScripts: ['tiny-dep'] };
  change.facts.idle = {
    announcedAt: change.startedAt,
    deadlineAt: change.startedAt,
    restartAt: null,
    busy: null,
    outcome: 'deadline',
    interruptedWork: ['1 task'],
  };
  saveChange(root, change);
  const document = changeDocument(root, change);
  const told = (restartNotice?: RestartNotice) => {
    const facts = {
      ...change.facts,
      restartRequestedAt: change.startedAt,
      ...(restartNotice && { restartNotice }),
    };
    return changeDocument(root, { ...change, facts }).notes;
  };
  expect(told({ way: 'handoff' })).toContain(
    'The restart cut off 1 task. The gateway was told, and continues its turns where it can.',
  );
  expect(told({ way: null, why: '2026.8.1 has no way to be told' })).toContain(
    'The restart cut off 1 task. The gateway took it for a stop (2026.8.1 has no way to be told), so its turns may be lost.',
  );
  expect(told()).toContain('The restart cut off 1 task.');
  expect(document.notes, 'the restart was never requested').toEqual(['Install scripts not run: tiny-dep.']);
  expect(changeText(document)).toBe(
    [
      `${TO} runs and is verified. [package_updated_restart_verified]`,
      'Install scripts not run: tiny-dep.',
      'warning: It was slow.',
    ].join('\n'),
  );
  const shown = JSON.parse(JSON.stringify(document));
  expect(await handle({ root }, 'releases.history')).toEqual({ ok: true, changes: [shown] });
  const host = { root, cli: '', release: TO, version: TO, pid: 1, since: '' };
  expect(pictureOf(host).changes).toEqual([shown]);
});
