import { Option } from 'commander';
import { exclusive } from '../../change/exclusive.js';
import { readPlainFile, whyUnusable } from '../../core/bounded-file.js';
import { ReleasesError } from '../../core/errors.js';
import { moment } from '../../core/moment.js';
import { shellWord } from '../../core/shell-word.js';
import { keepSigners, MOST_SIGNERS, readSigners, type Signer } from '../../pack/signers.js';
import { readPolicy, SIGNATURES, type Signatures, setSignatures } from '../../store/policy.js';
import { command } from '../command.js';
import { table } from '../table.js';

export const signersCommand = () =>
  command(
    'signers',
    'show or set whose packs this host imports',
    'openclaw-releases signers allowed_signers --policy required',
  )
    .argument('[file]', 'allowed_signers of OpenSSH, in place of the present ones')
    .addOption(new Option('--policy <policy>', 'whether a pack must be signed').choices(SIGNATURES))
    .acts(async ({ environment }, file: string | undefined, { policy }: { policy?: Signatures }) => {
      const { root } = environment;
      const text = file === undefined ? null : readFile(file);
      if (text !== null || policy !== undefined) {
        await exclusive(environment, { doing: 'signers', recover: false }, () => {
          if (text !== null) keepSigners(root, text);
          if (policy !== undefined) setSignatures(root, policy);
        });
      }
      const signers = readSigners(root);
      const { signatures = 'wanted' } = readPolicy(root);
      return { document: { policy: signatures, signers }, text: () => signersText(signatures, signers) };
    });

function readFile(path: string): string {
  try {
    return readPlainFile(path, MOST_SIGNERS, { follow: true }).toString();
  } catch (cause) {
    throw new ReleasesError('usage', `${path} ${whyUnusable(cause)}.`, {
      hint: `ls -l ${shellWord(path)}`,
      cause,
    });
  }
}

function signersText(policy: Signatures, signers: readonly Signer[]): string {
  const meaning =
    policy === 'required'
      ? 'Packs must be signed by one of these keys.'
      : 'Packs need not be signed; a signature must be by one of these keys.';
  const rows = signers.map(({ principals, fingerprint, validBefore }) => [
    principals,
    fingerprint,
    validBefore === null ? '' : `until ${moment(validBefore)}`,
  ]);
  return `${meaning}\n${rows.length > 0 ? table(rows) : 'No keys are known.'}`;
}
