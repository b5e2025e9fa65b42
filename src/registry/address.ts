import { ReleasesError } from '../core/errors.js';

/**
 * Checks the address of a registry that an operator gives. Credentials are refused, because the address is kept in the
 * ledger, in units and in messages.
 * @throws ReleasesError `usage`
 */
export function checkRegistryAddress(address: string): void {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.username || url?.password || url?.search || /\/\/[^/]*@/.test(address)) {
    throw new ReleasesError(
      'usage',
      'The address of the registry has a user name, a password or a query in it.',
      {
        hint: `Give it without them, and put a token into ~/.npmrc: npm config set //${url?.host ?? '<host>'}/:_authToken=<token>`,
      },
    );
  }
  if (url !== null && /^https?:$/.test(url.protocol)) return;
  throw new ReleasesError('usage', `${JSON.stringify(address)} is not the address of a registry.`, {
    hint: 'Give an address that begins with https:// or http://.',
  });
}
