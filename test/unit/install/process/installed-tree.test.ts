import type Arborist from '@npmcli/arborist';
import { expect, test } from 'vitest';
import { addChecksums } from '../../../../src/install/process/installed-tree.js';
import type { Picked } from '../../../../src/install/process/manifests.js';

const node = (name: string, rest: object) => ({
  ...{
    packageName: name,
    version: '1.0.0',
    package: { name, version: '1.0.0' },
    isRoot: false,
    inBundle: false,
    isLink: false,
  },
  ...{ isRegistryDependency: true, resolved: null, integrity: null },
  ...rest,
});

test('the registry is asked for checksums of its own packages alone', async () => {
  const nodes = [
    node('openclaw', { integrity: 'sha512-known' }),
    node('plain', {}),
    node('inside', { inBundle: true }),
    node('from-git', { isRegistryDependency: false, resolved: 'git+ssh://git@host/from-git.git#0123456' }),
  ];
  const asked: string[] = [];
  await addChecksums({ inventory: new Map(nodes.entries()) } as unknown as Arborist.Node, async (id) => {
    asked.push(id);
    return { _resolved: `https://registry/${id}.tgz`, _integrity: 'sha512-asked' } as Picked;
  });
  expect(asked).toEqual(['plain@1.0.0']);
  expect(nodes.map(({ integrity }) => integrity)).toEqual(['sha512-known', 'sha512-asked', null, null]);
});
