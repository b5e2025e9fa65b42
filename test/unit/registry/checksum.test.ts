import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { checksumStrength } from '../../../src/registry/checksum.js';

const of = (algorithm: string) => `${algorithm}-${createHash(algorithm).update('bytes').digest('base64')}`;
const SHA512 = of('sha512');

test.each<[string, unknown, 'strong' | 'weak' | null]>([
  ['sha512', SHA512, 'strong'],
  ['sha384', of('sha384'), 'strong'],
  ['sha256', of('sha256'), 'strong'],
  ['sha1 beside a better one', `${of('sha1')} ${SHA512}`, 'strong'],
  ['sha1 alone', of('sha1'), 'weak'],
  ['md5', of('md5'), null],
  ['md5 beside a better one', `${of('md5')} ${SHA512}`, null],
  ['a word', 'trust-me', null],
  ['no digest', 'sha512-', null],
  ['a digest that is too short', `sha512-${of('sha256').slice(7)}`, null],
  ['a digest that was cut off', SHA512.slice(0, -4), null],
  ['a digest in hex', `sha512-${createHash('sha512').digest('hex')}`, null],
  ['a digest with bits beyond its end', SHA512.replace(/.==$/, 'x=='), null],
  ['another alphabet', `sha512-${'_'.repeat(86)}==`, null],
  ['upper case', SHA512.replace('sha', 'SHA'), null],
  ['a name of every object', 'constructor-AAAA', null],
  ['nothing', '', null],
  ['blanks', '  ', null],
  ['a number', 1, null],
  ['null', null, null],
  ['undefined', undefined, null],
  ['a list', [SHA512], null],
])('checksumStrength judges %s', (_what, integrity, expected) => {
  expect(checksumStrength(integrity)).toBe(expected);
});
