import { describe, expect, test } from 'vitest';
import { ReleasesError } from '../../../src/core/errors.js';
import { sourceFailure } from '../../../src/registry/failure.js';

const REGISTRY = 'https://user:secret@mirror.example.invalid/';
const coded = (code: string) => Object.assign(new Error('the reason\nmore'), { code });

describe('sourceFailure', () => {
  test.each([
    ['ENOTFOUND', 'registry_unreachable'],
    ['EAI_AGAIN', 'registry_unreachable'],
    ['ECONNREFUSED', 'registry_unreachable'],
    ['ECONNRESET', 'registry_unreachable'],
    ['ETIMEDOUT', 'registry_unreachable'],
    ['EIDLETIMEOUT', 'registry_unreachable'],
    ['ECONNECTIONTIMEOUT', 'registry_unreachable'],
    ['EHOSTUNREACH', 'registry_unreachable'],
    ['ENOTCACHED', 'registry_unreachable'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'registry_unreachable'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'registry_unreachable'],
    ['CERT_HAS_EXPIRED', 'registry_unreachable'],
    ['EINTEGRITY', 'integrity_mismatch'],
    ['EMANIFESTMISMATCH', 'integrity_mismatch'],
    ['EINTEGRITYSIGNATURE', 'signature_invalid'],
    ['EMISSINGSIGNATUREKEY', 'signature_invalid'],
    ['EEXPIREDSIGNATUREKEY', 'signature_invalid'],
    ['TAR_BAD_ARCHIVE', 'archive_invalid'],
    ['Z_BUF_ERROR', 'archive_invalid'],
    ['Z_DATA_ERROR', 'archive_invalid'],
    ['E401', 'registry_error'],
    ['E403', 'registry_error'],
    ['E429', 'registry_error'],
    ['E503', 'registry_error'],
    ['E404', 'version_not_found'],
    ['ETARGET', 'version_not_found'],
    ['ENOSPC', 'insufficient_space'],
    ['EACCES', 'install_failed'],
    ['ESOMETHING', 'registry_error'],
  ])('turns %s into %s', (code, expected) => {
    const error = sourceFailure(coded(code), 'openclaw@latest', REGISTRY);
    expect(error).toMatchObject({ code: expected, hint: expect.any(String), untouched: expect.any(String) });
    expect(`${error.message} ${error.hint}`).not.toContain('secret');
  });

  test.each(['E404', 'ETARGET', 'ERESOLVE', ''])(
    'turns %j in an installation into a failed installation',
    (code) => {
      const error = sourceFailure(coded(code), 'openclaw@2026.6.1', REGISTRY, 'install');
      expect(error).toMatchObject({
        code: 'install_failed',
        message: 'openclaw@2026.6.1 could not be installed: the reason',
      });
    },
  );

  test('leaves our own errors as they are', () => {
    const own = new ReleasesError('not_openclaw', 'no');
    expect(sourceFailure(own, 'x', REGISTRY)).toBe(own);
  });

  test('accepts a value that is no error', () => {
    expect(sourceFailure('odd', 'x@1', 'nowhere')).toMatchObject({ code: 'registry_error' });
  });
});
