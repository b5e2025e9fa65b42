import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadClientOptions } from '../../../src/registry/client.js';

const REGISTRY = 'https://mirror.example.invalid/npm/';

let home: string;
let cwd: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'client-')));
  cwd = process.cwd();
  for (const name of Object.keys(process.env)) {
    if (/^npm_/i.test(name)) vi.stubEnv(name, undefined);
  }
  vi.stubEnv('HOME', home);
  vi.stubEnv('npm_config_globalconfig', join(home, 'global'));
});

afterEach(() => {
  process.chdir(cwd);
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

function npmrc(text: string): void {
  writeFileSync(join(home, '.npmrc'), text);
}

describe('loadClientOptions', () => {
  test("takes the user's mirror, credentials, proxy and certificates", async () => {
    writeFileSync(join(home, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    vi.stubEnv('MIRROR_TOKEN', 'from-the-environment');
    npmrc(
      [
        `registry=${REGISTRY}`,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: npm itself fills it in
        '//mirror.example.invalid/npm/:_authToken=${MIRROR_TOKEN}',
        '@scope:registry=https://other.example.invalid/',
        'https-proxy=http://proxy.example.invalid:3128/',
        `cafile=${join(home, 'ca.pem')}`,
        'strict-ssl=false',
      ].join('\n'),
    );
    expect(await loadClientOptions()).toMatchObject({
      registry: REGISTRY,
      '//mirror.example.invalid/npm/:_authToken': 'from-the-environment',
      '@scope:registry': 'https://other.example.invalid/',
      httpsProxy: 'http://proxy.example.invalid:3128/',
      ca: [expect.stringContaining('BEGIN CERTIFICATE')],
      strictSSL: false,
      cache: join(home, '.npm/_cacache'),
    });
  });

  test('reads the global npmrc and the environment too', async () => {
    writeFileSync(join(home, 'global'), `registry=${REGISTRY}\nmaxsockets=3\n`);
    vi.stubEnv('npm_config_maxsockets', '4');
    expect(await loadClientOptions()).toMatchObject({ registry: REGISTRY, maxSockets: 4 });
  });

  test.each([
    ['claw:PW', 'claw:PW'],
    ['claw:P%40W%25', 'claw:P@W%'],
    ['PW', 'PW:'],
  ])('moves the credentials %j of an address to those of its host', async (userinfo, plain) => {
    vi.stubEnv('npm_config_registry', REGISTRY.replace('//', `//${userinfo}@`));
    npmrc(`@scope:registry=https://${userinfo}@other.example.invalid/`);
    const auth = Buffer.from(plain).toString('base64');
    const options = await loadClientOptions();
    expect(options).toMatchObject({
      registry: REGISTRY,
      '//mirror.example.invalid/npm/:_auth': auth,
      '@scope:registry': 'https://other.example.invalid/',
      '//other.example.invalid/:_auth': auth,
    });
    expect(Object.values(options).some((value) => String(value).includes('PW@'))).toBe(false);
  });

  test('prefers explicit options', async () => {
    npmrc('registry=https://elsewhere.example.invalid/');
    expect(await loadClientOptions({ registry: REGISTRY, cache: join(home, 'c') })).toMatchObject({
      registry: REGISTRY,
      cache: join(home, 'c/_cacache'),
    });
  });

  test("does not depend on the operator's directory", async () => {
    mkdirSync(join(home, 'project'));
    writeFileSync(join(home, 'project/package.json'), '{}');
    writeFileSync(join(home, 'project/.npmrc'), 'registry=https://project.example.invalid/');
    npmrc(`registry=${REGISTRY}`);
    process.chdir(join(home, 'project'));
    expect(await loadClientOptions()).toMatchObject({ registry: REGISTRY });
  });

  test('ignores how the user lays out trees, so that a release is the same for everyone', async () => {
    npmrc(
      'omit[]=optional\ninstall-strategy=nested\nlegacy-peer-deps=true\nomit-lockfile-registry-resolved=true',
    );
    const options = await loadClientOptions();
    expect(options).toMatchObject({ omitLockfileRegistryResolved: false });
    for (const name of ['omit', 'installStrategy', 'legacyPeerDeps', 'global', 'ignoreScripts']) {
      expect(options).not.toHaveProperty(name);
    }
  });

  test('gives up soon unless set to be patient', async () => {
    expect(await loadClientOptions()).toMatchObject({
      timeout: 30_000,
      retry: { retries: 2, minTimeout: 1_000, maxTimeout: 5_000 },
    });
    npmrc('fetch-timeout=120000\nfetch-retries=5\nfetch-retry-maxtimeout=90000');
    expect(await loadClientOptions()).toMatchObject({
      timeout: 120_000,
      retry: { retries: 5, minTimeout: 1_000, maxTimeout: 90_000 },
    });
  });

  test('passes on a minimum age of releases', async () => {
    npmrc('min-release-age=7');
    const { before } = await loadClientOptions();
    expect(Date.now() - Number(before)).toBeGreaterThan(6.9 * 86_400_000);
  });

  test('prints nothing about keys that npm does not know, and leaves the environment alone', async () => {
    npmrc('no-such-key=1\nnodedir=/usr\nomit[]=dev');
    const before = { ...process.env };
    const written = [vi.spyOn(process.stderr, 'write'), vi.spyOn(process.stdout, 'write')];
    await loadClientOptions();
    for (const stream of written) {
      expect(stream).not.toHaveBeenCalled();
      stream.mockRestore();
    }
    expect(process.env).toEqual(before);
  });

  test('names the repair of credentials that npm no longer accepts', async () => {
    npmrc('_authToken=secret');
    await expect(loadClientOptions()).rejects.toMatchObject({
      code: 'registry_error',
      hint: expect.stringContaining('npm config fix'),
      message: expect.not.stringContaining('secret'),
    });
  });

  test.each(['', 'mirror', 'ftp://example.invalid', 'file:///srv'])(
    'refuses %j as a registry',
    async (registry) => {
      await expect(loadClientOptions({ registry })).rejects.toMatchObject({ code: 'usage' });
    },
  );
});
