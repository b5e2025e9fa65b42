import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { notification, send, shownTarget } from '../../../src/cli/notification.js';
import type { ChangeDocument } from '../../../src/views/change.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';

const CHANGE = {
  status: 'rolled_back',
  error: { code: 'gateway_not_ready', message: 'no' },
} as ChangeDocument;
const DOCUMENT = notification('/root', 'change', '2026.9.5 "is" current again.', CHANGE);
const PATH = process.env.PATH;

afterEach(() => {
  process.env.PATH = PATH;
});

async function address(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=secret`;
}

describe('an address', () => {
  test('gets the document as a POST', async () => {
    let got = '';
    const url = await address((request, response) => {
      request.on('data', (chunk) => {
        got += chunk;
      });
      request.on('end', () => response.end());
      expect([request.method, request.headers['content-type']]).toEqual(['POST', 'application/json']);
    });
    expect(await send(url, DOCUMENT)).toBeNull();
    expect(JSON.parse(got)).toEqual(JSON.parse(JSON.stringify(DOCUMENT)));
  });

  test('that fails is a reason without the address', async () => {
    const url = await address((_, response) => response.writeHead(500).end('secret'));
    expect(await send(url, DOCUMENT)).toBe('the address answered with 500');
    expect(await send('http://127.0.0.1:1/secret', DOCUMENT)).toMatch(
      /^the address cannot be reached \(\w+( \w+)*\)$/,
    );
  });

  test('is shown without its path', () => {
    expect(shownTarget('https://hooks.slack.com/services/T/B/x')).toBe('https://hooks.slack.com/…');
    expect(shownTarget('/usr/local/bin/tell-me')).toBe('/usr/local/bin/tell-me');
  });
});

test('a program that fails is a reason with what it said', async () => {
  const directory = writeTree(temporaryDirectory('notify'), {
    tell: '#!/bin/sh\necho no mail >&2; exit 3\n',
  });
  chmodSync(join(directory, 'tell'), 0o755);
  expect(await send(join(directory, 'tell'), DOCUMENT)).toBe('the program failed (code 3: no mail)');
});

describe('recipes of docs/notifications.md, with stand-ins for sendmail and curl', () => {
  const document = readFileSync(new URL('../../../docs/notifications.md', import.meta.url), 'utf8');
  const recipes = [...document.matchAll(/^By \[?(\w+)[^`]*```sh\n(.*?)```/gms)].map(
    ([, name = '', text = '']) => ({ name, text }),
  );

  test('there are four', () => {
    expect(recipes.map(({ name }) => name)).toEqual(['mail', 'ntfy', 'healthchecks', 'Slack']);
  });

  test.each(recipes)('$name', async ({ name, text }) => {
    const directory = writeTree(temporaryDirectory('recipe'), {
      'tell-me': text,
      'bin/curl': '#!/bin/sh\nprintf "%s\\n" "$@" >"$0.said"\n',
      'bin/sendmail': '#!/bin/sh\n{ echo "$@"; cat; } >"$0.said"\n',
    });
    for (const file of ['tell-me', 'bin/curl', 'bin/sendmail']) chmodSync(join(directory, file), 0o755);
    process.env.PATH = `${join(directory, 'bin')}:${PATH}`;
    expect(await send(join(directory, 'tell-me'), DOCUMENT)).toBeNull();
    const said = ['curl', 'sendmail']
      .map((program) => join(directory, 'bin', `${program}.said`))
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path, 'utf8'))
      .join('');
    if (name === 'Slack') {
      const body = said.split('\n').find((line) => line.startsWith('{')) ?? '';
      expect(JSON.parse(body).text).toBe(DOCUMENT.text.replaceAll('"', "'"));
    } else expect(said).toContain(DOCUMENT.text);
    if (name === 'mail') expect(said).toContain('"status":"rolled_back"');
    if (name === 'healthchecks') expect(said).toMatch(/\/fail$/m);
    if (name === 'ntfy') expect(said).toContain('Title: OpenClaw rolled_back');
  });
});
