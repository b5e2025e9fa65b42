import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { type Arena, give, leaksBelow, OTHER, OWNER, openArena, pictureOf, SECRET } from './arena.js';
import {
  adoptedFilesRecord,
  adoptedRecord,
  changeRecord,
  DIRECTORIES,
  plantRelease,
  plantRoot,
  plantState,
  plantSupervisor,
  timerRecord,
  write,
} from './forged.js';

/*
 * Attacks of a user on root, and of others on a user, through the root directory: B1 to B5.
 * A row is: the attack, what it plants, the command, and the code that answers. Each row also expects that a tree of
 * root's is as it was, that its secret is nowhere else, and that no program of the user ran as root.
 *
 * Other kinds are in the tests of what they attack. A row for one of them goes into a table of its own below `describe.each`.
 * B6, B7 (checksums, lockfiles): test/attacks/source-checksums.test.ts, test/unit/install/lockfile.test.ts
 * B8 (addresses): test/attacks/secrets.test.ts, test/unit/core/address.test.ts
 * B8b (what a candidate says): test/unit/candidate/environment.test.ts, test/unit/state/secrets.test.ts
 * B9 (pipes): test/unit/core/bounded-file.test.ts, test/stories/damaged-root.test.ts
 * B10, B11 (verify, current): test/unit/store/tree.test.ts, test/stories/damaged-root.test.ts
 * B12 (bin of an archive): test/integration/source-install.test.ts
 * B13 (control characters): test/stories/untrusted-text.test.ts
 * B14, B15 (the API of the page): test/unit/plugin/routes.test.ts
 * B16 (no TMPDIR, no HOME): test/integration/bare-environment.test.ts
 * B17 (signatures): test/unit/registry/signing-keys.test.ts
 * B18 (documents of a registry): test/unit/registry/packument.test.ts, test/integration/source-resolve.test.ts
 */

interface Attack {
  /** Begins with its number in the table above. */
  name: string;
  plant(place: Place): void | Promise<void>;
  /** Words of the command; `ROOT` is the root. */
  run: string[];
  /** Code of the error with `--json`; null for none. */
  code: string | null;
  exit: number;
  /** The user who types the command; root by default. */
  as?: { uid: number; gid: number };
}

interface Place {
  home: string;
  root: string;
  canary: string;
}

const atEnd = atEndOfAll();
let arena: Arena;
let before: Record<string, string>;
const servers: { close(): void }[] = [];
/** Authorization headers that a listener of the user got. */
const headers: string[] = [];

beforeAll(async () => {
  arena = await openArena(atEnd);
  before = pictureOf(arena.canary);
});

afterAll(() => {
  for (const server of servers) server.close();
});

const json = (...words: string[]) => [...words, '--json', '--root', 'ROOT'];
const change = (root: string, forged: Parameters<typeof changeRecord>[1], canary: string) => {
  const record = changeRecord(canary, forged) as { id: string };
  write(join(root, 'changes', `${record.id}.json`), record);
};

const LOOKS = [
  ['list'],
  ['status'],
  ['show', 'current'],
  ['history'],
  ['doctor'],
  ['verify', '2026.6.1'],
  ['timer', 'status'],
  ['why', 'current'],
  ['diff', '2026.6.1'],
  ['setup', '--dry-run'],
];

const FORGED: Attack[] = [
  {
    name: 'B1 timer.json names files of root, and root disables the timer',
    plant: ({ root, canary }) => write(join(root, 'timer.json'), timerRecord(canary)),
    run: json('timer', 'disable', '--system'),
    code: 'write_failed',
    exit: 4,
  },
  {
    name: 'B1 timer.json of a timer of the system names files of root',
    plant: ({ root, canary }) =>
      write(
        join(root, 'timer.json'),
        timerRecord(canary, { kind: 'systemd', scope: 'system', service: 'cron.service' }),
      ),
    run: json('timer', 'disable', '--system'),
    code: 'write_failed',
    exit: 4,
  },
  {
    name: 'B1 adopted.json names files of root, and root leaves the unit',
    plant: ({ root, canary }) => write(join(root, 'adopted.json'), adoptedRecord(canary)),
    run: json('unadopt', '--system'),
    code: 'write_failed',
    exit: 6,
  },
  {
    name: 'B1 adopted-files.json names files of root, and root gives them back',
    plant: ({ root, canary }) => write(join(root, 'adopted-files.json'), adoptedFilesRecord(canary)),
    run: json('unadopt'),
    code: 'supervisor_file',
    exit: 3,
  },
  {
    name: 'B1 a change with facts.unitChange is undone by a setting',
    plant: ({ root, canary }) => change(root, {}, canary),
    run: json('timer', 'disable', '--system'),
    code: null,
    exit: 0,
  },
  {
    name: 'B1 a change with facts.unitChange is recovered',
    plant: ({ root, canary }) => change(root, {}, canary),
    run: json('recover'),
    code: null,
    exit: 6,
  },
  {
    name: 'B1 a change with facts.earlierUnitChange is recovered',
    plant: ({ root, canary }) => change(root, { kind: 'adopt', steps: ['attach'] }, canary),
    run: json('recover'),
    code: null,
    exit: 6,
  },
  {
    name: 'B1 the same with a unit of the user',
    plant: ({ root, canary }) => change(root, { kind: 'adopt', steps: ['attach'], scope: 'user' }, canary),
    run: json('recover'),
    code: null,
    exit: 6,
  },
];

const LINKED_ROOT: Attack[] = [
  ...LOOKS,
  ['recover'],
  ['prune'],
  ['timer', 'disable', '--system'],
  ['adopt', '--system'],
].map((words) => ({
  name: `B2a the root is a link of the user to a tree of root, and root types ${words.join(' ')}`,
  plant: ({ root, canary }) => {
    rmSync(root, { recursive: true });
    symlinkSync(canary, root);
  },
  run: json(...words),
  code: 'root_invalid',
  exit: 3,
}));

const LINKED_DIRECTORIES: Attack[] = DIRECTORIES.flatMap((name) =>
  [['timer', 'disable', '--system'], ['recover'], ['prune'], ['list']].flatMap((words) =>
    [undefined, OWNER].map((as) => ({
      name: `${as ? 'B2b' : 'B2'} ${name} is a link to ${as ? "a tree of the same user's" : 'a tree of root'}, and ${as ? 'that user' : 'root'} types ${words.join(' ')}`,
      plant: ({ root, home, canary }: Place) => {
        rmSync(join(root, name), { recursive: true, force: true });
        write(join(home, 'big/2026.1.1/precious'), 'keep');
        write(join(home, 'big/precious'), 'keep');
        symlinkSync(as ? join(home, 'big') : canary, join(root, name));
      },
      run: json(...words),
      code: 'root_invalid',
      exit: 3,
      ...(as && { as }),
    })),
  ),
);

const PROGRAMS: Attack[] = LOOKS.map((words) => ({
  name: `B3 a planted Node and a false supervisor wait for root, who types ${words.join(' ')}`,
  plant: async ({ root, home }) => {
    plantRelease(arena, root);
    plantState(join(home, 'state'));
    servers.push(await plantSupervisor(root, join(home, 'state')));
    give(home);
  },
  run: json(...words),
  code: words[0] === 'verify' ? 'release_damaged' : null,
  // A program in the place of a link to a Node is damage.
  exit: ['verify', 'doctor'].includes(words[0] ?? '') ? 7 : 0,
}));

const READS: Attack[] = [['status'], ['doctor'], ['timer', 'explain'], ['timer', 'status'], ['list']].map(
  (words) => ({
    name: `B4 a false supervisor names a directory of root as the state, and root types ${words.join(' ')}`,
    plant: async ({ root, canary }) => {
      plantRelease(arena, root);
      servers.push(await plantSupervisor(root, canary, await listener()));
      give(root);
    },
    run: json(...words),
    code: null,
    exit: words[0] === 'doctor' ? 7 : 0,
  }),
);

const MODES: Attack[] = [0o777, 0o1777, 0o770, 0o775, 0o720, 0o702].flatMap((mode) =>
  [undefined, OWNER].map((as) => ({
    name: `B5 the root has mode ${mode.toString(8)}, and ${as ? 'its owner' : 'root'} looks`,
    plant: ({ root }: Place) => chmodSync(root, mode),
    run: json('list'),
    code: 'root_invalid',
    exit: 3,
    ...(as && { as }),
  })),
);

const PLACES: Attack[] = [
  {
    name: 'B5 a link of the user leads to a directory of root that everybody may write to',
    plant: ({ root }) => {
      rmSync(root, { recursive: true });
      symlinkSync(arena.open, root);
    },
    run: json('recover'),
    code: 'root_invalid',
    exit: 3,
  },
  {
    name: 'B5 a link of the user is on the way to a root of root',
    plant: ({ home, root }) => {
      rmSync(root, { recursive: true });
      mkdirSync(join(home, 'real/root'), { recursive: true, mode: 0o700 });
      chownSync(join(home, 'real'), 0, 0);
      symlinkSync(join(home, 'real'), join(home, 'way'));
      symlinkSync('way/root', root);
      give(join(home, 'way'));
    },
    run: json('recover'),
    code: 'root_invalid',
    exit: 3,
  },
  {
    name: 'B5 everybody may write to the directory above the root',
    plant: ({ home }) => chmodSync(home, 0o777),
    run: json('recover'),
    code: 'root_invalid',
    exit: 3,
  },
  {
    name: 'B5 the directory above the root is of another user',
    plant: ({ home }) => chownSync(home, OTHER.uid, OTHER.gid),
    run: json('recover'),
    code: 'root_invalid',
    exit: 3,
  },
  {
    name: "B5 a root of root is in a user's directory",
    plant: ({ root }) => give(root, { uid: 0, gid: 0 }),
    run: json('recover'),
    code: 'root_invalid',
    exit: 3,
  },
  ...DIRECTORIES.map((name) => ({
    name: `B5 ${name} is of another user`,
    plant: ({ root }: Place) => {
      mkdirSync(join(root, name), { recursive: true, mode: 0o755 });
      give(join(root, name), OTHER);
    },
    run: json('list'),
    code: 'root_invalid',
    exit: 3,
  })),
  {
    name: 'B5 the root is a file',
    plant: ({ root }) => {
      rmSync(root, { recursive: true });
      write(root, '');
    },
    run: json('recover'),
    code: 'root_invalid',
    exit: 3,
  },
  {
    name: 'B5 a file is above the root',
    plant: ({ root }) => {
      rmSync(root, { recursive: true });
      write(root, '');
    },
    run: ['recover', '--json', '--root', 'ROOT/a/b'],
    code: 'root_invalid',
    exit: 3,
  },
  {
    name: 'B5 a loop of links is above the root',
    plant: ({ root }) => {
      rmSync(root, { recursive: true });
      symlinkSync('root', root);
    },
    run: ['recover', '--json', '--root', 'ROOT/a/b'],
    code: 'root_invalid',
    exit: 3,
  },
];

/** Port of a listener of the user, which keeps the credentials that it gets. */
async function listener(): Promise<number> {
  const server = createServer((request, response) => {
    headers.push(`${request.headers.authorization}`);
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

function expectHarmless(home: string, output: string): void {
  expect(pictureOf(arena.canary)).toEqual(before);
  expect(output).not.toContain(SECRET);
  expect(leaksBelow(home)).toEqual([]);
  expect(headers.join()).not.toContain(SECRET);
  expect(arena.ran().filter((line) => line.startsWith('0 '))).toEqual([]);
}

describe.each([
  ['forged records', FORGED],
  ['a linked root', LINKED_ROOT],
  ['linked directories', LINKED_DIRECTORIES],
  ['programs of the user', PROGRAMS],
  ['files that only root may read', READS],
  ['modes', MODES],
  ['places', PLACES],
])('%s', (_, attacks) => {
  test.each(attacks)('$name: $code', async ({ plant, run, code, exit, as }) => {
    const home = arena.home();
    const root = plantRoot(home);
    await plant({ home, root, canary: arena.canary });
    const ran = await arena.ocr(
      run.map((word) => word.replace('ROOT', root)),
      as,
    );
    expectHarmless(home, ran.output);
    expect({ exit: ran.exitCode, code: ran.code, late: ran.late }, ran.output).toEqual({
      exit,
      code,
      late: false,
    });
    if (existsSync(join(home, 'big'))) expect(existsSync(join(home, 'big/2026.1.1/precious'))).toBe(true);
  });
});

test('list starts a planted Node, as the owner of the root', async () => {
  const home = arena.home();
  const root = plantRoot(home);
  await PROGRAMS[0]?.plant({ home, root, canary: arena.canary });
  await arena.ocr(['list', '--root', root]);
  expect(arena.ran()).toContain(`${OWNER.uid} ${join(root, 'releases/2026.6.1/node')}`);
});

test('a root that does not exist yet in the directory of another user is made as that user', async () => {
  const home = arena.home();
  const root = join(home, 'not/yet');
  const ran = await arena.ocr(json('recover').map((word) => word.replace('ROOT', root)));
  expect(ran.exitCode, ran.output).toBe(0);
  for (const path of [join(home, 'not'), root, join(root, 'releases'), join(root, 'bin/gateway')]) {
    expect(lstatSync(path)).toMatchObject({ uid: OWNER.uid, gid: OWNER.gid });
  }
  expect(lstatSync(root).mode & 0o777).toBe(0o700);
});
