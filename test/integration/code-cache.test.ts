import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/place.js';

const MODULE = fileURLToPath(new URL('../../dist/cli/code-cache.cjs', import.meta.url));

/** Runs the bundle, and tells whether V8 took code from a file. */
const RUN = `
const vm = require('node:vm');
let code;
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    code = options.cachedData === undefined ? 'none' : this.cachedDataRejected ? 'rejected' : 'taken';
  }
};
const { answer } = require(${JSON.stringify(MODULE)}).run(process.argv[2]);
Promise.resolve(answer()).then((value) => console.log(value, code));
`;

let directory: string;
let bundle: string;

let program: string;

const run = (...flags: string[]) =>
  execFileSync(process.execPath, [...flags, program, bundle], { encoding: 'utf8' }).trim();
const others = () => readdirSync(directory).filter((name) => name !== basename(bundle));
const cache = () => join(directory, others()[0] ?? '');

beforeEach(({ onTestFinished }) => {
  directory = temporaryDirectory('code', onTestFinished);
  bundle = join(directory, 'bundle.cjs');
  program = join(temporaryDirectory('code', onTestFinished), 'run.cjs');
  writeFileSync(program, RUN);
  writeBundle('exports.answer = () => "old";');
});

/** As the build makes them. */
function writeBundle(code: string): void {
  const parameters = 'exports, require, module, __filename, __dirname, importLate';
  writeFileSync(bundle, `(function (${parameters}) {${code}\n})`);
}

test('the second start of a bundle takes the code of the first', () => {
  expect(run()).toBe('old none');
  expect(others()).toEqual([`bundle.cjs.${process.version}-${process.arch}.cache`]);
  expect(run()).toBe('old taken');
});

test('a bundle finds its place, what it requires and what it imports late', () => {
  const late = join(directory, 'late.mjs');
  writeFileSync(late, 'export const late = "late";');
  const source = `exports.answer = async () => [
    require('node:path').basename(__filename), require('node:path').join(__dirname, 'late.mjs') === ${JSON.stringify(late)},
    (await importLate('late.mjs')).late].join();`;
  writeBundle(source);
  expect([run(), run()]).toEqual(['bundle.cjs,true,late none', 'bundle.cjs,true,late taken']);
});

test('another bundle of equal length runs its own code', () => {
  run();
  writeBundle('exports.answer = () => "new";');
  expect([run(), run()]).toEqual(['new none', 'new taken']);
});

function flipped(bytes: Buffer): Buffer {
  const at = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
}

function linkInPlace(): void {
  const [path, elsewhere] = [cache(), join(temporaryDirectory('code'), 'code')];
  renameSync(path, elsewhere);
  symlinkSync(elsewhere, path);
}

/** Damage to a kept file. */
const DAMAGE: [string, () => void][] = [
  ['a flipped bit', () => writeFileSync(cache(), flipped(readFileSync(cache())))],
  ['no content', () => writeFileSync(cache(), '')],
  ['zeros', () => writeFileSync(cache(), Buffer.alloc(5000))],
  ['a link', linkInPlace],
  ['write access for others', () => chmodSync(cache(), 0o666)],
];

test.each(DAMAGE)('code with %s is not taken, and is written anew', (_, damage) => {
  run();
  damage();
  expect([run(), run()]).toEqual(['old none', 'old taken']);
});

test('a start with flags of its own neither takes nor replaces the code of one without', () => {
  expect([run('--no-opt'), run(), run('--no-opt'), run()]).toEqual([
    ...['old none', 'old none', 'old rejected', 'old taken'],
  ]);
});

test('what a killed start left is replaced', () => {
  run();
  renameSync(cache(), `${cache()}.new`);
  expect([run(), run()]).toEqual(['old none', 'old taken']);
  expect(others()).toHaveLength(1);
});

test('a bundle runs where its code cannot be kept, and leaves nothing', () => {
  run();
  const path = cache();
  rmSync(path);
  mkdirSync(join(path, 'full'), { recursive: true });
  expect([run(), run()]).toEqual(['old none', 'old none']);
  expect(others()).toEqual([basename(path)]);
});

test('a start that fails keeps no code', () => {
  writeBundle('process.exitCode = 3; exports.answer = () => "failed";');
  expect(() => run()).toThrow('Command failed');
  expect(others()).toEqual([]);
});
