import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import cacache from 'cacache';
import ssri from 'ssri';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findInCache, moveIntoCache } from '../../../../src/install/process/archive-cache.js';

const BYTES = Buffer.from('an archive');
const INTEGRITY = ssri.fromData(BYTES).toString();
const MEMORY = '/dev/shm';

function directory(below = tmpdir()): string {
  const path = mkdtempSync(join(below, 'openclaw-releases-cache-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function moveInto(cache: string, bytes = BYTES): Promise<string> {
  const archive = join(directory(), 'archive.tgz');
  writeFileSync(archive, bytes);
  await moveIntoCache(cache, INTEGRITY, 'openclaw@2026.6.1', archive);
  return archive;
}

const isElsewhere = existsSync(MEMORY) && statSync(MEMORY).dev !== statSync(tmpdir()).dev;

const PLACES: [where: string, below: string][] = [['of the same filesystem', tmpdir()]];
if (isElsewhere) PLACES.push(['of another filesystem', MEMORY]);

describe("an archive in npm's cache", () => {
  test.each(PLACES)('%s is found by its checksum, and is not garbage to npm', async (_where, below) => {
    const cache = directory(below);
    await moveInto(cache);
    expect(await cacache.get.byDigest(cache, INTEGRITY)).toEqual(BYTES);
    expect(await cacache.verify(cache)).toMatchObject({ verifiedContent: 1, reclaimedCount: 0 });
    expect(readFileSync(findInCache(cache, INTEGRITY) ?? '')).toEqual(BYTES);
    expect(existsSync(join(cache, 'tmp')) ? readdirSync(join(cache, 'tmp')) : []).toEqual([]);
  });

  test('takes the place of a damaged one', async () => {
    const cache = directory();
    await moveInto(cache, Buffer.from('an archiv!'));
    await expect(cacache.get.byDigest(cache, INTEGRITY)).rejects.toMatchObject({ code: 'EINTEGRITY' });
    await moveInto(cache);
    expect(await cacache.get.byDigest(cache, INTEGRITY)).toEqual(BYTES);
  });

  test('is not found where there is none', () => {
    expect(findInCache(directory(), INTEGRITY)).toBe(null);
  });
});
