import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Documents } from '../../src/install/process/documents.js';
import type { ClientOptions } from '../../src/registry/client.js';
import { makePlace, type Place, rejection } from '../support/source-place.js';

const DOCUMENT = {
  name: 'plain',
  'dist-tags': { latest: '1.0.0' },
  versions: {
    '1.0.0': {
      ...{ name: 'plain', version: '1.0.0', dependencies: { other: '*' }, readme: 'nobody reads it' },
      dist: { tarball: 'http://127.0.0.1/plain-1.0.0.tgz', integrity: 'sha512-AAAA' },
    },
  },
  time: { '1.0.0': '2026-06-01T00:00:00.000Z' },
};
const KEPT = {
  ...DOCUMENT,
  versions: { '1.0.0': { ...DOCUMENT.versions['1.0.0'], readme: undefined } },
  time: undefined,
};

type Answer = (response: ServerResponse, headers: IncomingHttpHeaders) => void;

let place: Place;
let asked: IncomingHttpHeaders[];
let answer: Answer;
let url: string;

beforeEach(async () => {
  place = makePlace();
  asked = [];
  const server = createServer(({ headers }, response) => {
    asked.push(headers);
    answer(response, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

afterEach(() => place.dispose());

/** Answers with the whole document, with headers that identify its version. */
const whole =
  (validators: Record<string, string> = { etag: '"1"' }): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...validators });
    response.end(JSON.stringify(DOCUMENT));
  };
const unchanged: Answer = (response) => void response.writeHead(304).end();
const status =
  (code: number): Answer =>
  (response) =>
    void response.writeHead(code).end('{}');
const nothing: Answer = (response) => void response.destroy();

/** Answers the document of a package as one staging gets it. */
async function documentOf(
  name = 'plain',
  options: Partial<ClientOptions> = {},
): Promise<Record<string, unknown>> {
  const documents = new Documents({ ...(await place.options(url)), ...options } as ClientOptions, {
    ...{ name: 'openclaw', version: '2026.6.1' },
  });
  return documents.whole(name);
}

describe('a document of the registry', () => {
  it.each<[string, Record<string, string>, Record<string, string>]>([
    [
      'the tag',
      { etag: 'W/"1"', 'last-modified': 'Mon, 01 Jun 2026 00:00:00 GMT' },
      { 'if-none-match': 'W/"1"' },
    ],
    [
      'the time',
      { 'last-modified': 'Mon, 01 Jun 2026 00:00:00 GMT' },
      { 'if-modified-since': 'Mon, 01 Jun 2026 00:00:00 GMT' },
    ],
  ])(
    'is requested by %s of the cached one, and that one is used when it is unchanged',
    async (_what, validators, question) => {
      answer = whole(validators);
      expect(await documentOf()).toEqual(KEPT);
      answer = unchanged;
      expect(await documentOf()).toEqual(KEPT);
      expect(asked).toEqual([expect.not.objectContaining(question), expect.objectContaining(question)]);
    },
  );

  it('is replaced in the cache when it has changed', async () => {
    answer = whole();
    await documentOf();
    answer = (response) => {
      response.writeHead(200, { etag: '"2"' });
      response.end(JSON.stringify({ ...DOCUMENT, 'dist-tags': { latest: '1.0.0', next: '1.0.0' } }));
    };
    expect(await documentOf()).toMatchObject({ 'dist-tags': { next: '1.0.0' } });
    answer = unchanged;
    expect(await documentOf()).toMatchObject({ 'dist-tags': { next: '1.0.0' } });
    expect(asked.map((headers) => headers['if-none-match'])).toEqual([undefined, '"1"', '"2"']);
  });

  it('is not cached without a tag or a time to compare', async () => {
    answer = whole({});
    await documentOf();
    expect(readdirSync(place.directory)).not.toContain('cache');
    await documentOf();
    expect(asked.map((headers) => headers['if-none-match'])).toEqual([undefined, undefined]);
  });

  it('is requested in full when its cached copy is damaged', async () => {
    answer = whole();
    await documentOf();
    const content = place.path('cache/_cacache/content-v2');
    for (const path of readdirSync(content, { recursive: true, withFileTypes: true }))
      if (path.isFile()) writeFileSync(join(path.parentPath, path.name), '{}');
    expect(await documentOf()).toEqual(KEPT);
    expect(asked.map((headers) => headers['if-none-match'])).toEqual([undefined, undefined]);
  });

  it('is cached apart with its times and without them', async () => {
    answer = whole();
    await documentOf();
    const before = new Date('2026-07-01');
    expect(await documentOf('plain', { before })).toMatchObject({ time: DOCUMENT.time });
    expect(asked.map((headers) => headers['if-none-match'])).toEqual([undefined, undefined]);
  });

  it('comes from the cache while its registry is unreachable, but not when the registry answers something else', async () => {
    answer = whole();
    await documentOf();
    answer = nothing;
    expect(await documentOf()).toEqual(KEPT);
    answer = status(404);
    expect(await rejection(documentOf())).toMatchObject({ code: 'E404' });
    answer = (response) => void response.writeHead(200).end('<html>Please log in</html>');
    expect(await rejection(documentOf())).toBeInstanceOf(SyntaxError);
  });

  it.each(['offline', 'preferOffline'])('is not requested again when npm is set to %s', async (option) => {
    answer = whole();
    await documentOf();
    answer = status(500);
    expect(await documentOf('plain', { [option]: true })).toEqual(KEPT);
    expect(asked).toHaveLength(1);
  });

  it('that is not in the cache is an error without a network', async () => {
    expect(await rejection(documentOf('unknown', { offline: true }))).toMatchObject({ code: 'ENOTCACHED' });
    expect(asked).toEqual([]);
  });
});
