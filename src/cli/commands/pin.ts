import { exclusive } from '../../change/exclusive.js';
import { readManifest } from '../../store/manifest.js';
import { pin, unpin } from '../../store/policy.js';
import { resolveReleaseName } from '../../views/release.js';
import { command, SAME_RELEASE } from '../command.js';

export const pinCommand = () =>
  pinning('pin', 'keep a release for good, and updates that name no version away from it');

export const unpinCommand = () => pinning('unpin', 'let a pinned release go');

function pinning(name: 'pin' | 'unpin', description: string) {
  return command(name, description, `openclaw-releases ${name} 2026.9.2`)
    .argument('<release>', SAME_RELEASE)
    .acts(async ({ environment }, release: string) => {
      const { root } = environment;
      const id = resolveReleaseName(root, release);
      if (name === 'pin') readManifest(root, id);
      const edit = name === 'pin' ? pin : unpin;
      const doing = `${name} ${id}`;
      const { pins } = await exclusive(environment, { doing, recover: false }, () => edit(root, id));
      return { document: { release: id, pins }, text: () => `Pinned: ${pins.join(', ') || 'none'}` };
    });
}
