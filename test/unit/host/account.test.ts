import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { accountOf } from '../../../src/host/account.js';
import { temporaryDirectory } from '../../support/place.js';

const { PATH } = process.env;

afterEach(() => {
  process.env.PATH = PATH;
});

/** The directory of accounts beside /etc/passwd, such as LDAP. */
function directoryAnswers(script: string): void {
  const bin = temporaryDirectory('bin');
  writeFileSync(join(bin, 'getent'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'getent'), 0o755);
  process.env.PATH = `${bin}:${PATH}`;
}

test('an account of the file has its number, group, name and home', () => {
  expect(accountOf(0)).toEqual({ uid: 0, gid: 0, name: 'root', home: '/root' });
});

test('an account is found by its name, and a name of digits is no number', () => {
  expect(accountOf('root')).toEqual(accountOf(0));
  directoryAnswers(`echo '987654:x:1234:1234:L:/home/digits:/bin/sh'`);
  expect(accountOf(987_654)).toBeNull();
});

test('an account of a directory service is found', () => {
  directoryAnswers(`[ "$1 $2" = "passwd 987654" ] && echo 'ldap:x:987654:1234:L:/home/ldap:/bin/sh'`);
  expect(accountOf(987_654)).toEqual({ uid: 987_654, gid: 1234, name: 'ldap', home: '/home/ldap' });
});

test.each([
  ['fails', 'exit 2'],
  ['answers with nothing', 'exit 0'],
  ['answers with another number', "echo 'root:x:0:0:root:/root:/bin/sh'"],
  ['answers without a group', "echo 'x:x:987654::x:/home/x:/bin/sh'"],
  ['answers with garbage', 'echo :::::; head -c 1000 /dev/urandom'],
])('a number is no account where the directory service %s', (_, script) => {
  directoryAnswers(script);
  expect(accountOf(987_654)).toBeNull();
});

test('a number is no account where there is no directory service', () => {
  process.env.PATH = temporaryDirectory('bin');
  expect(accountOf(987_654)).toBeNull();
});
