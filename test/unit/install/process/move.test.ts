import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeProgramsExecutable } from '../../../../src/install/process/move.js';
import { temporaryDirectory } from '../../../support/place.js';

/** A package directory with these programs in `bin`, beside a victim that nothing may change. */
function unpacked(bin: unknown) {
  const directory = temporaryDirectory();
  const [release, victim] = [join(directory, 'package'), join(directory, 'victim')];
  mkdirSync(join(release, 'lib'), { recursive: true });
  writeFileSync(join(release, 'package.json'), JSON.stringify({ name: 'p', bin }));
  writeFileSync(join(release, 'run.js'), '', { mode: 0o600 });
  writeFileSync(victim, '', { mode: 0o600 });
  return { release, victim, mode: (name: string) => statSync(join(release, name)).mode & 0o777 };
}

test.each([['./run.js'], [{ p: 'run.js' }], [{ p: '/run.js' }], [{ p: '../run.js' }]])(
  'the program of bin %j is executable',
  (bin) => {
    const { release, mode } = unpacked(bin);
    makeProgramsExecutable(release);
    expect(mode('run.js')).toBe(0o711);
  },
);

test.each([
  [{ p: '../victim' }],
  [{ p: '../../../../../../../../../../tmp/victim' }],
  [{ p: 'link' }],
  [{ p: 'out/victim' }],
  [{ p: 'lib' }],
  [{ p: 'absent.js' }],
  [{ p: 1, q: null }],
  [null],
])('bin %j changes no file outside of the package, and no directory', (bin) => {
  const { release, victim, mode } = unpacked(bin);
  symlinkSync(victim, join(release, 'link'));
  symlinkSync('..', join(release, 'out'));
  chmodSync(join(release, 'lib'), 0o700);
  makeProgramsExecutable(release);
  expect(statSync(victim).mode & 0o777).toBe(0o600);
  expect([mode('lib'), mode('run.js')]).toEqual([0o700, 0o600]);
});
