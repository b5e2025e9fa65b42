import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReleasesError } from '../../../src/core/errors.js';
import { isManifest, readPackument } from '../../../src/registry/packument.js';

const manifest = {
  name: 'tool',
  version: '1.0.0',
  dist: { tarball: 'https://registry.example.invalid/tool.tgz', signatures: [{ keyid: 'a', sig: 'b' }] },
};
const packument = {
  name: 'tool',
  'dist-tags': { latest: '1.0.0' },
  versions: { '1.0.0': manifest },
  time: { '1.0.0': '2026-06-01T00:00:00.000Z', unpublished: { by: 'npm' } },
};
const withDist = (dist: unknown) => ({ ...packument, versions: { '1.0.0': { ...manifest, dist } } });
const code = (code: string) => expect.objectContaining({ code });

test.each<[string, object]>([
  ['of a package', packument],
  ['without tags', { name: 'tool', versions: {} }],
  ['of a package that was unpublished', { name: 'tool', time: { unpublished: {} } }],
  ['without times', { ...packument, time: null }],
  ['without signatures', withDist({ tarball: 'x', signatures: null })],
  ['with only the older checksum', withDist({ tarball: 'x', integrity: null, shasum: 'ab' })],
])('readPackument accepts a document %s', (_what, document) => {
  expect(readPackument(document, 'tool')).toBe(document);
});

test.each<[string, unknown]>([
  ['null', null],
  ['a list', [packument]],
  ['text', 'tool'],
  ['no name', { versions: {} }],
  ['a name that is no text', { ...packument, name: 1 }],
  ['tags that are null', { ...packument, 'dist-tags': null }],
  ['tags in a list', { ...packument, 'dist-tags': ['latest'] }],
  ['a tag that is no text', { ...packument, 'dist-tags': { latest: null } }],
  ['a tag of an object', { ...packument, 'dist-tags': { latest: { version: '1.0.0' } } }],
  ['versions that are null', { ...packument, versions: null }],
  ['versions in a list', { ...packument, versions: [manifest] }],
  ['a version that is null', { ...packument, versions: { '1.0.0': null } }],
  ['a version of text', { ...packument, versions: { '1.0.0': '1.0.0' } }],
  ['times in a list', { ...packument, time: [] }],
  ['a description that is text', withDist('x')],
  ['a description in a list', withDist([])],
  ['an address that is no text', withDist({ tarball: 1 })],
  ['a checksum that is no text', withDist({ integrity: 1 })],
  ['a checksum in a list', withDist({ integrity: ['sha512-x'] })],
  ['an older checksum that is no text', withDist({ shasum: {} })],
  ['signatures that are no list', withDist({ signatures: { keyid: 'a', sig: 'b' } })],
  ['signatures of text', withDist({ signatures: ['a'] })],
  ['signatures without a key', withDist({ signatures: [{ sig: 'b' }] })],
])('readPackument refuses %s', (_what, document) => {
  expect(() => readPackument(document, 'tool')).toThrow(code('registry_error'));
  expect(() => readPackument(document, 'tool')).toThrow('document of tool');
});

test('no JSON of a registry causes another error', () => {
  const odd = fc.jsonValue();
  const partly = fc.record(
    {
      name: fc.oneof(fc.constant('tool'), odd),
      'dist-tags': fc.oneof(odd, fc.dictionary(fc.string(), odd)),
      versions: fc.dictionary(
        fc.string(),
        fc.oneof(odd, fc.record({ dist: fc.oneof(odd, fc.record({ signatures: odd })) })),
      ),
    },
    { requiredKeys: [] },
  );
  const check = (document: unknown) => {
    for (const read of [(value: unknown) => readPackument(value, 'tool'), isManifest]) {
      try {
        read(document);
      } catch (error) {
        if (!(error instanceof ReleasesError) || error.code !== 'registry_error') throw error;
      }
    }
  };
  fc.assert(fc.property(fc.oneof(odd, partly), check), { numRuns: 2000 });
});
