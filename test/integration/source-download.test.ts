import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import ssri from 'ssri';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { download } from '../../src/install/process/download.js';
import { type Fault, type Registry, startRegistry } from '../registry/registry.js';
import { makePlace, type Place, rejection } from '../support/source-place.js';

let registry: Registry;
let place: Place;

beforeEach(async () => {
  place = makePlace();
  registry = await startRegistry();
  const text = JSON.stringify({ name: 'large', version: '1.0.0' });
  const noise = randomBytes(1 << 20).toString('base64');
  registry.publish({ name: 'large', version: '1.0.0', files: { 'package.json': text, 'noise.txt': noise } });
});

afterEach(async () => {
  await registry.close();
  place.dispose();
});

/** Downloads with these faults; answers what is in the file, and all bytes that came. */
const fetched = (...faults: Fault[]) => fetchedInto('large.tgz', ...faults);

const address = () => `${registry.url}large/-/large-1.0.0.tgz`;
const archive = async () => Buffer.from(await (await fetch(address())).arrayBuffer());

async function fetchedInto(name: string, ...faults: Fault[]) {
  const published = await archive();
  registry.requests.length = 0;
  for (const fault of faults) registry.fault(fault);
  let bytes = 0;
  const options = { ...(await place.options(registry.url)), integrity: ssri.fromData(published).toString() };
  const file = place.path(name);
  await download(`large@${address()}`, file, options, (more) => {
    bytes += more;
  });
  expect(readFileSync(file).equals(published)).toBe(true);
  return { times: bytes / published.length, requests: registry.requests.length };
}

test('a download that breaks asks for the rest alone', async () => {
  expect(await fetched({ kind: 'cut-off', once: true })).toEqual({ times: 1, requests: 2 });
});

test.each<[Fault['kind'], number]>([
  ['no-range', 2],
  ['refused-range', 3],
])('a download that breaks begins again where the registry answers with %s', async (kind, asked) => {
  const { times, requests } = await fetched({ kind: 'cut-off', once: true }, { kind });
  expect(requests).toBe(asked);
  expect(times).toBeGreaterThan(1);
});

test('an archive that a document has at the public registry comes from the registry that is set', async () => {
  const change = (document: { versions: Record<string, { dist: { tarball: string } }> }) => {
    const { dist } = document.versions['1.0.0'] ?? {};
    if (dist) dist.tarball = dist.tarball.replace(registry.url, 'https://registry.npmjs.org/');
    return document;
  };
  registry.fault({ kind: 'odd-document', match: /^\/large$/, change });
  const integrity = ssri.fromData(await archive()).toString();
  const options = { ...(await place.options(registry.url)), integrity };
  await download('large@1.0.0', place.path('large.tgz'), options, () => {});
  expect(readFileSync(place.path('large.tgz')).equals(await archive())).toBe(true);
});

test('an archive other than announced is fetched once more, and whole', async () => {
  expect((await fetched({ kind: 'wrong-integrity', once: true })).requests).toBe(2);
  expect(await rejection(fetched({ kind: 'wrong-integrity' }))).toMatchObject({ code: 'EINTEGRITY' });
});

test('a download that breaks again and again ends', async () => {
  expect(await rejection(fetched({ kind: 'cut-off' }))).toMatchObject({ code: 'ECONNRESET' });
  expect(registry.requests).toHaveLength(3);
});

test('a download that cannot be written ends at once', async () => {
  expect(await rejection(fetchedInto('missing/large.tgz'))).toMatchObject({ code: 'ENOENT' });
  expect(registry.requests).toHaveLength(1);
});
