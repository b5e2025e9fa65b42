import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { readAdoption } from '../../../src/adopt/apply.js';
import { recover } from '../../../src/change/run.js';
import { listChanges, readChange } from '../../../src/ledger/ledger.js';
import { currentRelease, readTrial } from '../../../src/store/links.js';
import { findManifest, readManifest, releaseDirectory } from '../../../src/store/manifest.js';
import { moveAside } from '../../../src/store/move-aside.js';
import { pin, readPolicy } from '../../../src/store/policy.js';
import { repairRoot } from '../../../src/store/repair.js';
import type { Root } from '../../../src/store/root.js';
import { describeRuntime } from '../../../src/store/runtimes.js';
import { selectSupervisor } from '../../../src/supervisor/select.js';
import { diagnose } from '../../../src/views/doctor.js';
import { resolveReleaseName } from '../../../src/views/release.js';
import { listing } from '../../../src/views/releases.js';
import {
  DAMAGE_NAMES,
  damage,
  IMPOSTOR_NAMES,
  NO_RELEASE,
  replaceBy,
  snapshot,
} from '../../support/damage.js';
import {
  asides,
  CURRENT,
  expectSame,
  look,
  type Model,
  modelIn,
  NEW,
  OLD,
  WHAT,
} from '../../support/model-root.js';
import { nobody } from '../../support/nobody.js';
import { removeDirectory, temporaryRoot } from '../../support/place.js';
import { makeTinyNode, sealTinyRelease } from '../../support/release.js';

let model: Model;

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-releases-model-'));
  model = await modelIn(directory);
  return () => removeDirectory(directory);
});

/** Kinds of damage; test/stories/repair.test.ts has more of them, through the commands. */
const HOW = ['empty', 'binary junk', 'schema 2'] as const;

test.each(Object.keys(WHAT).flatMap((what) => HOW.map((how) => [what, how] as const)))(
  '%s %s: repair moves it away as it is and touches nothing else',
  async (what, how) => {
    const root = model.copy();
    const path = WHAT[what]?.(root, model.change) ?? '';
    damage(path, how);
    const before = snapshot(root.path);
    const repaired = await repairRoot(root);
    const name = path.slice(root.path.length + 1);
    const after = snapshot(root.path);
    if (what === 'trial') {
      expect(repaired).toEqual([]);
      expect(readTrial(root)).toMatchObject({ boots: 0 });
    } else {
      const [aside = ''] = asides(root);
      expect(asides(root)).toEqual([
        expect.stringMatching(new RegExp(`^${name.replaceAll('/', '_')}\\.\\d{8}T\\d{9}Z$`)),
      ]);
      expect(repaired).toEqual([
        {
          path,
          movedTo: join(root.path, 'corrupt', aside),
          why: expect.stringMatching(/^\S.*\S$/),
          instead: expect.stringMatching(/^[A-Z].*\.$/),
        },
      ]);
      expectSame(before, name, after, `corrupt/${aside}`);
    }
    for (const [other, content] of before) {
      if (other === name || other.startsWith(`${name}/`)) continue;
      expect(after.get(other), other).toBe(content);
    }
    expect(await repairRoot(root)).toEqual([]);
  },
);

const PLAIN = Object.entries(WHAT).filter(([what]) => what !== 'current' && what !== 'previous');

test.each(PLAIN.flatMap(([what, at]) => IMPOSTOR_NAMES.map((how) => [what, how, at] as const)))(
  '%s replaced by %s: readers name it and do not wait, and recover ends without it',
  async (_what, how, at) => {
    const root = model.copy();
    const path = at(root, model.change);
    replaceBy(path, how);
    expect((await look(root)).corrupt).toEqual([{ path, why: expect.stringMatching(/^is /) }]);
    await recover({ root, supervisor: nobody });
    expect((await look(root)).corrupt).toEqual([]);
  },
);

test('doctor names each of them with the command that repairs it', async () => {
  const root = model.copy();
  for (const what of Object.values(WHAT)) damage(what(root, model.change), 'binary junk');
  const before = snapshot(root.path);
  const findings = (await diagnose(root, nobody)).findings.filter(({ code }) => code === 'file_corrupt');
  expect(findings.map(({ sentence }) => sentence.split(' ')[0]).sort()).toEqual(
    Object.values(WHAT)
      .map((what) => what(root, model.change))
      .sort(),
  );
  expect(new Set(findings.map(({ command }) => command))).toEqual(new Set(['openclaw-releases recover']));
  expect(snapshot(root.path)).toEqual(before);
});

describe('a manifest', () => {
  const manifestOf = (root: Root, id: string) => join(releaseDirectory(root, id), 'release.json');

  test('is rebuilt from the files of its release, and names what it cannot know', async () => {
    const root = model.copy();
    const { addedBytes, sharedBytes, ...original } = readManifest(root, CURRENT);
    expect([addedBytes, sharedBytes]).toEqual([expect.any(Number), expect.any(Number)]);
    damage(manifestOf(root, CURRENT), 'binary junk');
    expect(await repairRoot(root)).toHaveLength(1);
    expect(readManifest(root, CURRENT)).toEqual({
      ...original,
      spec: 'unknown',
      integrity: '',
      signature: 'unchecked',
      engines: '>=22',
      schemas: { state: 3, agent: 4 },
      packages: 2,
      lockfileDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      sealedAt: statSync(join(releaseDirectory(root, CURRENT), 'files.sha256')).mtime.toISOString(),
    });
    expect(statSync(releaseDirectory(root, CURRENT)).mode & 0o777).toBe(0o555);
    expect(statSync(manifestOf(root, CURRENT)).mode & 0o777).toBe(0o444);
  });

  test('made anew describes its Node', async () => {
    const root = temporaryRoot();
    makeTinyNode(root, '24.21.0');
    const runtime = describeRuntime(root, '24.21.0');
    const openclaw = JSON.stringify({ name: 'openclaw', version: CURRENT });
    await sealTinyRelease(root, CURRENT, { 'node_modules/openclaw/package.json': openclaw }, { runtime });
    damage(manifestOf(root, CURRENT), 'empty');
    await repairRoot(root);
    expect(readManifest(root, CURRENT)).toMatchObject({
      runtime: { ...runtime, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      ...{ engines: null, schemas: null, lockfileDigest: '', packages: 0 },
    });
  });

  test.each<[string, (directory: string) => void]>([
    ['a file differs', (directory) => damage(join(directory, 'package-lock.json'), 'empty')],
    ['the list of its files is a pipe', (directory) => replaceBy(join(directory, 'files.sha256'), 'a pipe')],
    ['a file is a pipe', (directory) => replaceBy(join(directory, 'package-lock.json'), 'a pipe')],
    ['a file was added', (directory) => writeFileSync(join(directory, 'added'), '')],
    [
      'the list of its files is not there',
      (directory) => damage(join(directory, 'files.sha256'), 'a directory'),
    ],
    ['its list is empty', (directory) => damage(join(directory, 'files.sha256'), 'empty')],
  ])('is not rebuilt when %s: that is no release any more', async (_, spoil) => {
    const root = model.copy();
    const directory = releaseDirectory(root, NEW);
    damage(manifestOf(root, NEW), 'empty');
    chmodSync(directory, 0o755);
    spoil(directory);
    const [repaired] = await repairRoot(root);
    expect(repaired).toMatchObject({ movedTo: expect.stringContaining('releases_2026.6.5_release.json.') });
    expect(repaired?.instead).toMatch(
      /^Nothing: 2026\.6\.5 is not a release any more \(.+\)\. Next: openclaw-releases prune, then openclaw-releases stage 2026\.6\.5$/,
    );
    expect(existsSync(manifestOf(root, NEW))).toBe(false);
    expect(findManifest(root, NEW)).toBe(null);
    expect(await repairRoot(root)).toEqual([]);
  });

  test.each([CURRENT, OLD])('stays when it is not rebuilt and a link names its release (%s)', async (id) => {
    const root = model.copy();
    damage(manifestOf(root, id), 'empty');
    damage(join(releaseDirectory(root, id), 'package-lock.json'), 'empty');
    const before = snapshot(root.path);
    expect(await repairRoot(root)).toEqual([
      {
        path: manifestOf(root, id),
        why: 'is empty',
        movedTo: null,
        instead: expect.stringMatching(
          /^Nothing \(.+\); .+ Next: openclaw-releases update, to a release that is whole$/,
        ),
      },
    ]);
    expect(snapshot(root.path)).toEqual(before);
    expect((await look(root)).corrupt).toHaveLength(1);
  });

  test.each(['before write release.json', 'after write release.json'])(
    'stays as it was when the rebuilt one cannot be written (%s)',
    async (point) => {
      const root = model.copy();
      damage(manifestOf(root, CURRENT), 'zero-filled');
      const old = readFileSync(manifestOf(root, CURRENT));
      inject(`throw ${point}`);
      const [repaired] = await repairRoot(root);
      expect(repaired).toMatchObject({
        movedTo: null,
        instead: expect.stringContaining('could not be moved'),
      });
      expect(readFileSync(manifestOf(root, CURRENT))).toEqual(old);
      expect(asides(root)).toEqual([]);
      inject('');
      expect(await repairRoot(root)).toMatchObject([{ movedTo: expect.any(String) }]);
      expect(readManifest(root, CURRENT)).toMatchObject({ version: CURRENT });
    },
  );

  test('under the name of another release does not count', async () => {
    const root = model.copy();
    const text = readFileSync(manifestOf(root, CURRENT), 'utf8');
    damage(manifestOf(root, OLD), 'empty');
    chmodSync(manifestOf(root, OLD), 0o644);
    writeFileSync(manifestOf(root, OLD), text);
    expect(() => readManifest(root, OLD)).toThrow(
      expect.objectContaining({ code: 'release_unsealed', hint: 'openclaw-releases recover' }),
    );
    await repairRoot(root);
    expect(readManifest(root, OLD)).toMatchObject({ id: OLD, version: OLD });
  });
});

test('a file that cannot be moved stays and is named, and recovery continues', async () => {
  const root = model.copy();
  damage(root.policy, 'empty');
  inject('EIO before rename corrupt policy.json');
  expect(await repairRoot(root)).toEqual([
    { path: root.policy, movedTo: null, why: 'is empty', instead: expect.stringContaining('EIO') },
  ]);
  expect(readPolicy(root)).toEqual({ schema: 1, pins: [], quarantine: {} });
  expect(await recover({ root, supervisor: nobody })).toMatchObject({
    repaired: [{ path: root.policy, movedTo: null }],
  });
});

test('a policy that became corrupt after the lock was taken is kept when it is written', () => {
  const root = model.copy();
  damage(root.policy, 'of another shape');
  const text = readFileSync(root.policy, 'utf8');
  expect(pin(root, CURRENT)).toEqual({ schema: 1, pins: [CURRENT], quarantine: {} });
  const [aside = ''] = asides(root);
  expect(readFileSync(join(root.path, 'corrupt', aside), 'utf8')).toBe(text);
});

test('a corrupt record of a change is no change, and its error says so', () => {
  const root = model.copy();
  damage(join(root.changes, `${model.change}.json`), 'truncated at half');
  expect(listChanges(root)).toHaveLength(1);
  expect(() => readChange(root, model.change)).toThrow(
    expect.objectContaining({ code: 'change_not_found', hint: 'openclaw-releases recover' }),
  );
  expect(() => readChange(root, 'x')).toThrow(expect.objectContaining({ hint: 'openclaw-releases history' }));
});

test('a copy of a record under another name is not a second change', async () => {
  const root = model.copy();
  linkSync(join(root.changes, `${model.change}.json`), join(root.changes, 'copy.json'));
  expect(listChanges(root)).toHaveLength(2);
  expect(await repairRoot(root)).toMatchObject([{ path: join(root.changes, 'copy.json') }]);
  expect(listChanges(root)).toHaveLength(2);
});

test('supervisor.json and adopted.json stay where they are: a wrong guess could start a second gateway', async () => {
  const root = model.copy();
  for (const name of ['supervisor.json', 'adopted.json'])
    writeFileSync(join(root.path, name), '{"schema":2}');
  expect(await repairRoot(root)).toEqual([]);
  const error = { code: 'root_invalid', hint: expect.stringContaining('mv '), untouched: expect.any(String) };
  expect(() => selectSupervisor(root.path)).toThrow(expect.objectContaining(error));
  expect(() => readAdoption(root.path)).toThrow(expect.objectContaining(error));
});

test.each(DAMAGE_NAMES)(
  'restore.json and trial-restore.json stay where they are and are named each time: %s',
  async (how) => {
    const root = model.copy();
    for (const path of [root.restore, root.return]) {
      writeFileSync(path, JSON.stringify({ schema: 1, change: 'c' }));
      damage(path, how);
    }
    const why = expect.stringMatching(/^\S.*\S$/);
    for (const round of [1, 2]) {
      const repaired = await repairRoot(root);
      expect(repaired, `round ${round}`).toEqual(
        [root.restore, root.return].map((path) => ({
          path,
          why,
          movedTo: null,
          instead: expect.stringMatching(/^Nothing: no gateway is started /),
        })),
      );
    }
    expect((await look(root)).corrupt.map(({ path }) => path)).toEqual([root.restore, root.return]);
  },
);

test.each(IMPOSTOR_NAMES)(
  'recover ends without a trial-restore.json that is %s, outside of a trial',
  async (how) => {
    const root = model.copy();
    rmSync(root.trial);
    writeFileSync(root.return, '{}');
    replaceBy(root.return, how);
    await recover({ root, supervisor: nobody });
    expect(existsSync(root.return)).toBe(false);
    expect((await look(root)).corrupt).toEqual([]);
  },
);

test('a corrupt record of the last restore is moved away', async () => {
  const root = model.copy();
  writeFileSync(root.lastRestore, '{}');
  expect(await repairRoot(root)).toMatchObject([{ path: root.lastRestore, movedTo: expect.any(String) }]);
  expect((await look(root)).corrupt).toEqual([]);
});

test('a directory in place of the trial is replaced by a trial that can be ended', async () => {
  const root = model.copy();
  damage(root.trial, 'a directory');
  await repairRoot(root);
  expect(readFileSync(root.trial, 'utf8')).toMatch(new RegExp(`^${CURRENT} 0( |\n)`));
});

test('a link to a release that is gone stays, and readers do not fail on it', async () => {
  const root = model.copy();
  for (const link of [root.current, root.previous]) relink(link, 'releases/gone');
  expect(await look(root)).toMatchObject({ current: 'gone', previous: 'gone', corrupt: [] });
  expect(await repairRoot(root)).toEqual([]);
  expect(readlinkSync(root.current)).toBe('releases/gone');
});

test.each(NO_RELEASE)(
  'current and previous that lead to %j name no release, and are moved away',
  async (text) => {
    const root = model.copy();
    const links = [root.current, root.previous];
    for (const link of links) relink(link, text);
    const { current, previous, corrupt } = await look(root);
    expect({ current, previous }).toEqual({ current: null, previous: null });
    expect(corrupt.map(({ path }) => path)).toEqual(links);
    const { findings } = await diagnose(root, nobody);
    expect(findings.filter(({ code }) => code === 'file_corrupt')).toHaveLength(2);
    for (const name of ['current', 'previous'])
      expect(() => resolveReleaseName(root, name)).toThrow(
        expect.objectContaining({ code: 'corrupt_files' }),
      );
    const { repaired } = await recover({ root, supervisor: nobody });
    expect(repaired.slice(0, 2)).toMatchObject(links.map((path) => ({ path, movedTo: expect.any(String) })));
    expect(
      repaired
        .map(({ movedTo }) => movedTo)
        .filter(Boolean)
        .map((path) => readlinkSync(path ?? '')),
    ).toEqual([text, text]);
  },
);

test('recover points current to previous where current leads out of the root', async () => {
  const root = model.copy();
  relink(root.current, `/elsewhere/${CURRENT}`);
  await recover({ root, supervisor: nobody });
  expect(currentRelease(root)).toBe(OLD);
});

function relink(path: string, text: string): void {
  rmSync(path);
  symlinkSync(text, path);
}

test('a plain file below releases/ is no release', async () => {
  const root = model.copy();
  writeFileSync(join(root.releases, 'notes.txt'), '');
  expect((await listing(root, nobody)).unsealed).toEqual(['notes.txt']);
  expect(await repairRoot(root)).toEqual([]);
});

describe('moving a file away', () => {
  test('never takes a name that exists, and records why', () => {
    const root = temporaryRoot();
    const places = Array.from({ length: 5 }, (_, at) => {
      writeFileSync(root.policy, String(at));
      return moveAside(root, root.policy, 'is wrong');
    });
    expect(places.map((path) => readFileSync(path, 'utf8'))).toEqual(['0', '1', '2', '3', '4']);
    expect(readFileSync(join(root.path, 'corrupt/reasons.txt'), 'utf8').split('\n')[0]).toBe(
      `${basename(places[0] ?? '')}: policy.json is wrong`,
    );
  });

  test('moves directories and links as they are', () => {
    const root = temporaryRoot();
    mkdirSync(root.previous);
    writeFileSync(join(root.previous, 'x'), 'x');
    chmodSync(root.previous, 0o555);
    symlinkSync('nothing', root.current);
    const [directory, link] = [root.previous, root.current].map((path) => moveAside(root, path, 'w')) as [
      string,
      string,
    ];
    expect(statSync(directory).mode & 0o777).toBe(0o555);
    expect(readFileSync(join(directory, 'x'), 'utf8')).toBe('x');
    expect(readlinkSync(link)).toBe('nothing');
    expect(currentRelease(root)).toBe(null);
  });

  test('uses the same directory where corrupt/ cannot be made', () => {
    const root = temporaryRoot();
    writeFileSync(join(root.path, 'corrupt'), 'a file of somebody');
    writeFileSync(root.policy, 'x');
    expect(moveAside(root, root.policy, 'w')).toMatch(/\/corrupt-policy\.json\.\d{8}T\d{9}Z$/);
  });

  test('shortens a name that is too long for a timestamp', () => {
    const root = temporaryRoot();
    const path = join(root.changes, `${'ü'.repeat(100)}${'x'.repeat(40)}.json`);
    writeFileSync(path, 'x');
    expect(readFileSync(moveAside(root, path, 'w'), 'utf8')).toBe('x');
  });
});

/** Injects a fault for this test in this process. */
function inject(fault: string): void {
  process.env.OPENCLAW_RELEASES_FAULT = fault;
  onTestFinished(() => {
    delete process.env.OPENCLAW_RELEASES_FAULT;
  });
}
