import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { ownFile } from '../../src/core/own-files.js';
import { startPrivateRegistry } from '../registry/private.js';
import { startRegistry } from '../registry/registry.js';

const TRUST = ownFile('dist/install/process/default-ca.js');

/** Runs in its own process, whose authorities stay changed. */
const PROGRAM = `
import { once } from 'node:events';
import { get } from 'node:https';
import { trustOnce } from ${JSON.stringify(TRUST)};
const [url, ca] = JSON.parse(process.env.GIVEN);
const options = trustOnce({ registry: url, cache: '', ca });
const answered = once(get(url, { ca: options.ca ?? undefined, servername: 'localhost' }), 'response');
const status = await answered.then(([{ statusCode }]) => statusCode, (error) => error.code);
console.log(JSON.stringify({ status, left: options.ca }));
process.exit();
`;

test.each([
  ['one certificate', (cert: string) => cert],
  ['a list', (cert: string) => [cert]],
])('a registry is trusted by what npm has configured once, as %s', async (_what, given) => {
  const registry = await startRegistry();
  const hidden = await startPrivateRegistry(registry, {
    token: 'secret',
  });
  onTestFinished(async () => {
    await hidden.close();
    await registry.close();
  });
  const told = async (ca: unknown) => {
    const env = { ...process.env, GIVEN: JSON.stringify([hidden.url, ca]) };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', PROGRAM],
      { env },
    );
    return JSON.parse(stdout);
  };
  const ca = given(readFileSync(hidden.cafile, 'utf8'));
  const once = 'setDefaultCACertificates' in tls;
  expect(await told(ca)).toEqual({ status: 401, left: once ? null : ca });
  expect(await told(null)).toEqual({ status: 'DEPTH_ZERO_SELF_SIGNED_CERT', left: null });
  // The first request reports what cannot be read.
  expect(await told(['no certificate'])).toMatchObject({ left: ['no certificate'] });
});
