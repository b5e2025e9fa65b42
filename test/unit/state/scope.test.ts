import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { classify, type Scope } from '../../../src/state/scope.js';
import { leftOf, walkState } from '../../../src/state/walk.js';
import { rootAt } from '../../../src/store/root.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';

test.each<[string, Scope]>([
  ['openclaw.json', 'state'],
  ['state/openclaw.sqlite', 'state'],
  ['npm/projects/x/node_modules/y/logs/a.js', 'state'],
  ['agents/main/sessions', 'state'],
  ['agents/main/sessions/sessions.json', 'state'],
  ['agents/main/sessions/one.jsonl', 'history'],
  ['agents/main/sessions/below/one.jsonl.reset.2026', 'history'],
  ['agents/main/sessions/a\nb.jsonl', 'history'],
  ['agents/main/sessions/one.jsonl.lock', 'excluded'],
  ['agents/main/session-sqlite-import-archive', 'state'],
  ['agents/main/session-sqlite-import-archive/one.jsonl.imported-17', 'history'],
  ['agents/main/agent/openclaw-agent.sqlite', 'state'],
  ['agents/main/agent/x.jsonl', 'state'],
  ['agents/main/qmd/index.sqlite', 'excluded'],
  ['agents/main/qmdx', 'state'],
  ['sessions/one.jsonl', 'state'],
  ['media', 'excluded'],
  ['media/inbound/x.png', 'excluded'],
  ['mediax', 'state'],
  ['credentials/logs', 'state'],
  ['workspace-two/MEMORY.md', 'excluded'],
  ['tmp/openclaw-0/gateway.lock.sqlite', 'excluded'],
  ['work/mine', 'excluded'],
  ['work', 'excluded'],
  ['workers', 'state'],
])('%j is %s', (path, scope) => {
  expect(classify(path, ['work'])).toBe(scope);
});

test('workspaces that the configuration names are left, and so is a root in the state directory', () => {
  const directory = temporaryDirectory('state');
  const text = `{agents:{defaults:{workspace:'${directory}/desk'},list:[{workspace:'/elsewhere'},{id:'x'},{workspace:'${directory}/b/c'},],}}`;
  writeTree(directory, {
    'openclaw.json': text,
    'desk/a': '',
    'b/c/d': '',
    'b/e': '',
    'media/x': '',
    'releases/lock': '',
  });
  const place = { directory, config: null };
  const left = leftOf(place, rootAt(join(directory, 'releases')));
  expect(left.sort()).toEqual(['b/c', 'desk', 'releases']);
  expect([...walkState(directory, left)].map(({ path }) => path)).toEqual(['b', 'b/e', 'openclaw.json']);
});

test('a corrupt configuration names no workspace, and links are not followed', () => {
  const directory = writeTree(temporaryDirectory('state'), { 'openclaw.json': '{ agents: ' });
  mkdirSync(join(directory, 'a'));
  symlinkSync('..', join(directory, 'a/round'));
  expect(leftOf({ directory, config: null })).toEqual([]);
  expect([...walkState(directory, [])].map(({ path, kind }) => [path, kind])).toEqual([
    ['a', 'directory'],
    ['a/round', 'link'],
    ['openclaw.json', 'file'],
  ]);
});
