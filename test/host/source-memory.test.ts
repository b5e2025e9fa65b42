import { randomBytes } from 'node:crypto';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ownFile } from '../../src/core/own-files.js';
import { openclawPackage } from '../registry/gateway-package.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import { limitMemory, type MemoryLimit } from '../support/memory-limit.js';
import { temporaryDirectory } from '../support/place.js';

const VERSION = '2026.6.1';
/** A third of what is promised, so that the test sees what is lost long before the promise is broken. */
const LIMIT_MEBIBYTES = 176;
const ARCHIVE_BYTES = 96 << 20;
/** Packages whose documents are of 6 MB, as those of the larger ones are. */
const LARGE = ['many-a', 'many-b', 'many-c', 'many-d', 'many-e', 'many-f'];
const SMALL = Array.from({ length: 120 }, (_, at) => `small-${at}`);

let registry: Registry;

beforeEach(async () => {
  registry = await startRegistry();
});

afterEach(() => registry.close());

function publish(name: string, version: string, rest: object, files: Record<string, string> = {}): void {
  const manifest = JSON.stringify({ name, version, ...rest });
  registry.publish({ name, version, files: { 'package.json': manifest, ...files } });
}

function publishAll(): void {
  const long = 'x'.repeat(20_000);
  for (const name of LARGE)
    for (let minor = 0; minor < 300; minor++) publish(name, `1.${minor}.0`, { contributors: [long] });
  for (const name of SMALL) publish(name, '1.0.0', {}, { 'index.js': long, 'README.md': long });
  const dependencies = Object.fromEntries([...LARGE, ...SMALL].map((name) => [name, '^1.0.0']));
  const pkg = openclawPackage(VERSION, { dependencies });
  const bytes = randomBytes((ARCHIVE_BYTES / 4) * 3).toString('base64');
  registry.publish({ ...pkg, files: { ...pkg.files, 'large.txt': bytes } });
}

async function stageWithin({ prefix: [file, ...args] }: MemoryLimit) {
  const directory = temporaryDirectory('memory');
  const cli = [ownFile('dist/cli/main.cjs'), 'stage', VERSION, '--json', '--registry', registry.url];
  return execa(file, [...args, process.execPath, ...cli, '--root', `${directory}/root`], {
    env: { npm_config_cache: `${directory}/cache` },
    reject: false,
  });
}

describe(`a release, where there are ${LIMIT_MEBIBYTES} MB of memory`, () => {
  it('is staged, though its archive and the documents about its packages are large', async () => {
    publishAll();
    const limit = limitMemory(LIMIT_MEBIBYTES);
    onTestFinished(() => limit.remove());
    const { exitCode, stdout } = await stageWithin(limit);
    expect(limit.kills()).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ to: VERSION });
    expect(exitCode).toBe(0);
  });
});
