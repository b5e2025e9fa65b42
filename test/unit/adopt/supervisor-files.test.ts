import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { describeSupervisor } from '../../../src/adopt/other-supervisor.js';
import { restoreSupervisorFiles, writeSupervisorFiles } from '../../../src/adopt/supervisor-files.js';
import { filesRecordIn } from '../../../src/adopt/supervisor-files-record.js';
import { listTrusted, readTrusted } from '../../../src/adopt/trusted-files.js';
import type { Account } from '../../../src/host/account.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';

const RUN = '#!/bin/sh\nexec 2>&1\nexec chpst -u claw openclaw gateway --token s3cret\n';
const CHANGED =
  '#!/bin/sh\nexec 2>&1\nexec chpst -u claw /bin/openclaw-releases run --replace -- --token s3cret\n';

/** A service of runit, whose gateway this process stands for. */
function service(files: Record<string, string> = {}, gateway = process.pid) {
  const path = temporaryDirectory();
  writeTree(path, { 'sv/claw/run': RUN, 'root/.keep': '', ...files });
  const [directory, root] = [join(path, 'sv/claw'), join(path, 'root')];
  chmodSync(join(directory, 'run'), 0o754);
  const tree = [
    { args: ['openclaw-gateway'], directory },
    { args: ['runsv', 'claw'], directory },
  ];
  const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : null);
  const found = describeSupervisor({ gateway, tree, env: {}, groups: [] }, read, '/bin/openclaw-releases');
  return {
    root,
    directory,
    run: join(directory, 'run'),
    finish: join(directory, 'finish'),
    record: join(root, 'adopted-files.json'),
    write: (owner?: Account) => writeSupervisorFiles(filesRecordIn(root), found, owner),
    restore: () => restoreSupervisorFiles(filesRecordIn(root)),
  };
}

const refused = (message: RegExp | string, hint = 'adopt --dry-run') =>
  expect.objectContaining({
    code: 'supervisor_file',
    message: expect.stringMatching(message),
    hint: expect.stringContaining(hint),
  });

test('the lines are written, and put back byte for byte with their mode', () => {
  const { run, finish, record, write, restore } = service();
  const { mtimeMs } = statSync(run);
  expect(write()).toMatchObject({ supervisor: 'runit', commands: ['sv -w 345 restart claw'] });
  expect(readFileSync(run, 'utf8')).toBe(CHANGED);
  expect(statSync(run).mode & 0o7777).toBe(0o754);
  expect(statSync(finish).mode & 0o7777).toBe(0o755);
  expect(statSync(record).mode & 0o7777).toBe(0o600);
  expect(write).toThrow(refused('changed already', 'unadopt'));

  expect(restore()).toMatchObject({ supervisor: 'runit' });
  expect(readFileSync(run, 'utf8')).toBe(RUN);
  expect(statSync(run).mode & 0o7777).toBe(0o754);
  expect(statSync(run).mtimeMs).toBeCloseTo(mtimeMs, 0);
  expect(existsSync(finish)).toBe(false);
  expect(existsSync(record)).toBe(false);
  expect(restore()).toBe(null);
});

test('a file that changed since it was looked at is refused before anything is written', () => {
  const { run, record, write } = service();
  writeFileSync(run, `# a note\n${RUN}`);
  expect(write).toThrow(refused('changed meanwhile'));
  expect(existsSync(record)).toBe(false);
});

test('a file of a group is refused where this user may not give the new file to it', () => {
  const { run, record, write } = service();
  const { uid, gid } = statSync(run);
  vi.spyOn(process, 'getegid').mockReturnValue(gid + 1);
  vi.spyOn(process, 'getgroups').mockReturnValue([gid + 2]);
  onTestFinished(() => void vi.restoreAllMocks());
  if (uid === 0) {
    chownSync(run, uid, gid + 3);
    write();
    expect(statSync(run).gid).toBe(gid + 3);
  } else {
    expect(write).toThrow(refused(`group ${gid}`));
    expect(existsSync(record)).toBe(false);
  }
});

test('a file that was edited since stays, and its lines are named without secrets', () => {
  const { run, finish, record, write, restore } = service();
  write();
  const edited = `${CHANGED}# a note\n`;
  writeFileSync(run, edited);
  expect(restore).toThrow(refused('edited after adopt', '+ exec chpst -u claw openclaw gateway --token …'));
  expect(readFileSync(run, 'utf8')).toBe(edited);
  expect(existsSync(finish)).toBe(true);

  const byHand = `${RUN}# a note\n`;
  writeFileSync(run, byHand);
  restore();
  expect(readFileSync(run, 'utf8')).toBe(byHand);
  expect(existsSync(finish)).toBe(false);
  expect(existsSync(record)).toBe(false);
});

test('a record whose files were not written yet is undone', () => {
  const { run, finish, record, write, restore } = service();
  write();
  const text = readFileSync(record);
  restore();
  writeFileSync(record, text);
  restore();
  expect(readFileSync(run, 'utf8')).toBe(RUN);
  expect(existsSync(finish)).toBe(false);
  expect(existsSync(record)).toBe(false);
});

test('a finish script that is there is not overwritten, and the same one is used', () => {
  const other = service({ 'sv/claw/finish': '#!/bin/sh\nlogger ended\n' });
  expect(other.write).toThrow(refused(/finish exists already/));
  expect(readFileSync(other.run, 'utf8')).toBe(RUN);
  expect(existsSync(other.record)).toBe(false);
  const ours = '#!/bin/sh\ncase $1 in 69 | 78) exec sv down . ;; esac\n';
  const same = service({ 'sv/claw/finish': ours });
  same.write();
  same.restore();
  expect(readFileSync(same.finish, 'utf8')).toBe(ours);
});

test.each<[string, RegExp, (directory: string, run: string) => void]>([
  ['with a second name', /one name/, (directory, run) => linkSync(run, join(directory, 'second'))],
  ['in a directory that all may write', /written by others/, (directory) => chmodSync(directory, 0o777)],
  [
    'that is not UTF-8',
    /not UTF-8/,
    (_, run) => writeFileSync(run, Buffer.from([...Buffer.from(RUN), 0xff])),
  ],
])('a file %s is not changed', (_, message, spoil) => {
  const { directory, run, record, write } = service();
  spoil(directory, run);
  const before = readFileSync(run);
  expect(write).toThrow(refused(message));
  expect(readFileSync(run)).toEqual(before);
  expect(existsSync(record)).toBe(false);
});

test('a gateway of another user, or without a line that starts it, is refused', () => {
  // No process has this number.
  expect(service({}, 2 ** 22 + 1).write).toThrow(refused(/runs as another user/));
  expect(service({ 'sv/claw/run': '#!/bin/sh\nexec ./start\n' }).write).toThrow(refused(/No file was found/));
});

test('files that root writes must start the gateway as the owner of the root', () => {
  const owner = { uid: process.getuid?.() ?? -1, gid: 1, name: 'claw', home: '/home/claw' };
  const named = service();
  for (const other of ['root', 'cla'])
    expect(() => named.write({ ...owner, name: other })).toThrow(refused(/says that claw is the user/));
  const unnamed = service({ 'sv/claw/run': '#!/bin/sh\nexec openclaw gateway\n' });
  expect(() => unnamed.write(owner)).toThrow(refused('does not say as whom'));
  expect(() => named.write({ ...owner, uid: owner.uid + 1 })).toThrow(refused('runs as another user'));
  expect([existsSync(named.record), existsSync(unnamed.record)]).toEqual([false, false]);
  named.write(owner);
  expect(readFileSync(named.run, 'utf8')).toBe(CHANGED);
});

test('what others can replace is neither opened nor listed for a user', () => {
  const path = temporaryDirectory();
  writeTree(path, { 'own/a.conf': 'a', 'open/a.conf': 'b', 'own/all.conf': 'c' });
  chmodSync(join(path, 'open'), 0o777);
  chmodSync(join(path, 'own/all.conf'), 0o666);
  symlinkSync('../open/a.conf', join(path, 'own/link.conf'));
  symlinkSync('../open', join(path, 'own/conf.d'));
  expect(readTrusted(join(path, 'own/a.conf'))).toBe('a');
  expect(readTrusted(join(path, 'own/absent'))).toBeNull();
  expect(listTrusted(join(path, 'own'))).toHaveLength(4);
  const byOthers = refused(/can be written by others/);
  for (const name of ['open/a.conf', 'own/all.conf', 'own/link.conf'])
    expect(() => readTrusted(join(path, name))).toThrow(byOthers);
  for (const name of ['open', 'own/conf.d']) expect(() => listTrusted(join(path, name))).toThrow(byOthers);
});

test('nothing is left of a file that could not be written', () => {
  const { run, finish, record, write } = service();
  mkdirSync(finish);
  expect(write).toThrow(refused('no plain file'));
  expect(readFileSync(run, 'utf8')).toBe(RUN);
  expect(existsSync(record)).toBe(false);
});
