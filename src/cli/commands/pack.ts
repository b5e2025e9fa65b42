import { constants, setPriority } from 'node:os';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { shellWord } from '../../core/shell-word.js';
import { size } from '../../core/size.js';
import { digestLarge } from '../../host/digest.js';
import { CODECS, type Codec } from '../../pack/pack.js';
import { writePack } from '../../pack/write.js';
import { readManifest } from '../../store/manifest.js';
import { resolveReleaseName } from '../../views/release.js';
import { command, SAME_RELEASE } from '../command.js';

interface PackOptions {
  output?: string;
  codec?: Codec;
  sign?: string;
  base?: string;
}

export const packCommand = () =>
  command(
    'pack',
    'write a release with its Node into one file, for hosts without a registry',
    'openclaw-releases pack current',
  )
    .argument('<release>', SAME_RELEASE)
    .option('-o, --output <file>', 'where to (default: openclaw-<release>-<system>.pack)')
    .addOption(
      new Option('--codec <name>', 'how to compress; as the Node of the release can').choices(CODECS),
    )
    .option('--base <release>', 'leave out what this release has; each host must have it')
    .option('--sign <key>', 'sign it with a key of SSH; needs ssh-keygen here, and on no other host')
    .acts(async ({ environment }, release: string, { output, codec, sign, base }: PackOptions) => {
      const { root, signal } = environment;
      const id = resolveReleaseName(root, release);
      const file = resolve(output ?? `openclaw-${id}-${process.platform}-${process.arch}.pack`);
      // As for `stage`. Without the lock, because it takes minutes, and a rollback must not wait for them.
      setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
      const pack = await writePack(root, readManifest(root, id), {
        file,
        signal,
        ...(codec && { codec }),
        ...(sign && { sign: resolve(sign) }),
        ...(base && { base: readManifest(root, resolveReleaseName(root, base)) }),
      });
      const { sha256, size: bytes } = await digestLarge(file);
      return {
        document: { path: file, bytes, sha256, pack },
        text: () =>
          `${id} is in ${file}: ${size(bytes)}, sha256 ${sha256}\nNext, on another host: openclaw-releases import ${shellWord(file)}`,
      };
    });
