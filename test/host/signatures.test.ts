import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readHead } from '../../src/pack/read.js';
import { rootAt } from '../../src/store/root.js';
import { makeTinyNode } from '../support/release.js';
import { makeWorld } from '../support/world.js';

test.each(['ed25519', 'ecdsa', 'rsa'])(
  'a pack that is signed with a key of %s is trusted by a host, and by the real ssh-keygen',
  async (kind) => {
    const world = await makeWorld(undefined, { seeded: false });
    makeTinyNode(rootAt(world.root));
    world.publish('2026.6.1');
    await world.ok('stage', '2026.6.1');
    const at = (name: string) => join(world.path, name);
    execFileSync('ssh-keygen', ['-q', '-t', kind, '-N', '', '-f', at('key')]);
    await world.ok('pack', '2026.6.1', '-o', at('release.pack'), '--sign', at('key'));
    writeFileSync(
      at('signers'),
      `fleet namespaces="openclaw-releases-*" ${readFileSync(at('key.pub'), 'utf8')}`,
    );
    await world.ok('signers', at('signers'), '--policy', 'required');
    expect(await world.ok('import', at('release.pack'))).toMatchObject({ status: 'staged', warnings: [] });
    const file = openSync(at('release.pack'), 'r');
    const { text, signature } = readHead(file);
    closeSync(file);
    writeFileSync(at('signature'), signature ?? '');
    const verify = ['-Y', 'verify', '-f', at('signers'), '-I', 'fleet', '-n', 'openclaw-releases-pack'];
    const said = execFileSync('ssh-keygen', [...verify, '-s', at('signature')], { input: text });
    expect(said.toString()).toContain('Good');
  },
);
