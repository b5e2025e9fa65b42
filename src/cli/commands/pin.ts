import type { Command } from 'commander';
import { exclusive } from '../../change/exclusive.js';
import { readManifest } from '../../store/manifest.js';
import { pin, unpin } from '../../store/policy.js';
import { resolveReleaseName } from '../../views/release.js';
import { command } from '../command.js';
import { type CommonOptions, inSession } from '../session.js';

export function pinCommand(): Command {
  return pinning('pin', 'keep a release for good, and updates that name no version away from it', true);
}

export function unpinCommand(): Command {
  return pinning('unpin', 'let a pinned release go', false);
}

function pinning(name: 'pin' | 'unpin', description: string, pinned: boolean): Command {
  return command(name, description, `openclaw-releases ${name} 2026.9.2`)
    .argument('<release>', 'id of a release, or current, or previous')
    .action((release: string, options: CommonOptions) =>
      inSession(options, async ({ environment, output }) => {
        const { root } = environment;
        const id = resolveReleaseName(root, release);
        if (pinned) readManifest(root, id);
        const edit = pinned ? pin : unpin;
        const doing = `${name} ${id}`;
        const { pins } = await exclusive(environment, { doing, recover: false }, () => edit(root, id));
        output.answer({ ok: true, release: id, pins }, () => `Pinned: ${pins.join(', ') || 'none'}`);
        return 0;
      }),
    );
}
