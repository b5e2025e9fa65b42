import { expect, test } from 'vitest';
import { hasCredentials, withoutCredentials } from '../../../src/core/address.js';

test.each([
  ['GET http://user:PW@host/openclaw - 418', 'GET http://host/openclaw - 418'],
  ['https://PW@host:8443/a', 'https://host:8443/a'],
  ['https://:PW@host', 'https://host'],
  ['http://user:P@W@host/', 'http://host/'],
  ['http://user:P?W#x@host/', 'http://host/'],
  ['http://user:P/W@host/', 'http://host/'],
  ['http://user:P%40W@host/', 'http://host/'],
  ['postgres://u:PW@db:5432/x?sslpassword=PW and more', 'postgres://db:5432/x and more'],
  ['https://host/a.tgz?X-Amz-Signature=PW', 'https://host/a.tgz'],
  ['http://127.0.0.1:18789/#token=PW', 'http://127.0.0.1:18789/'],
  ['//user:PW@host/:_auth', '//host/:_auth'],
  ['http://a:PW@b/ then http://c:PW@d/', 'http://b/ then http://d/'],
  ['"registry": "http://user:PW@host/?q=PW",\n', '"registry": "http://host/",\n'],
])('%j is shown as %j', (text, shown) => {
  expect(withoutCredentials(text)).toBe(shown);
});

test.each([
  'https://registry.example/@scope/pkg@1.0.0/-/pkg-1.0.0.tgz',
  'http://127.0.0.1:8080/@scope%2fname',
  'openclaw@2026.6.1 and someone@example.com',
  'file:/tmp/a?b#c',
  'Did you mean this? // a comment',
])('%j stays as it is', (text) => {
  expect(withoutCredentials(text)).toBe(text);
});

test.each([
  ['https://user:x@host/a.tgz', true],
  ['https://x@host/a.tgz', true],
  ['https://host/a.tgz?t=x', true],
  ['git+ssh://git@host/a.git#abc', false],
  ['https://host/@scope/a-1.0.0.tgz', false],
  ['file:openclaw-2026.6.1.tgz', false],
])('hasCredentials(%j) is %s', (address, has) => {
  expect(hasCredentials(address)).toBe(has);
});
