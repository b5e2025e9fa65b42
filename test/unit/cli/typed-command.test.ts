import { beforeEach, describe, expect, test, vi } from 'vitest';
import { asTyped, nameRoot } from '../../../src/cli/typed-command.js';
import { hasPrivilegedParent } from '../../../src/host/systemd/privileged.js';
import { rootAt } from '../../../src/store/root.js';

vi.mock('../../../src/host/systemd/privileged.js', () => ({ hasPrivilegedParent: vi.fn(() => false) }));

beforeEach(() => {
  vi.stubEnv('HOME', '/home/claw');
  vi.stubEnv('XDG_DATA_HOME', '');
  vi.stubEnv('OPENCLAW_PROFILE', '');
  return () => vi.unstubAllEnvs();
});

const DEFAULT = '/home/claw/.local/share/openclaw-releases';

describe('a command that is typed as a text names it is about the same root', () => {
  test.each([
    ['openclaw-releases list', 'openclaw-releases --root /srv/b list'],
    ['openclaw-releases rollback 2026.9.5 --yes', 'openclaw-releases --root /srv/b rollback 2026.9.5 --yes'],
    [
      'openclaw-releases list, or openclaw-releases stage 2026.9.6',
      'openclaw-releases --root /srv/b list, or openclaw-releases --root /srv/b stage 2026.9.6',
    ],
    [
      'No gateway runs. Next: openclaw-releases setup',
      'No gateway runs. Next: openclaw-releases --root /srv/b setup',
    ],
    ['sudo openclaw-releases adopt --system', 'sudo openclaw-releases --root /srv/b adopt --system'],
    ['openclaw-releases timer enable', 'openclaw-releases --root /srv/b timer enable'],
    ['openclaw-releases run --replace', 'openclaw-releases --root /srv/b run --replace'],
    ['then: openclaw-releases run', 'then: openclaw-releases --root /srv/b run'],
  ])('%s', (text, typed) => {
    nameRoot(rootAt('/srv/b'));
    expect(asTyped(text)).toBe(typed);
  });

  test.each([
    ['it names a root already', 'openclaw-releases status --root /srv/a; x'],
    ['it is for another host', 'Next, on another host: openclaw-releases import a.pack'],
    ['it is a sentence', 'openclaw-releases run was started again'],
    ['it is a path', '/opt/bin/openclaw-releases list'],
    ['it is another program', 'my-openclaw-releases list'],
    ['it names no command', 'openclaw-releases and npm'],
  ])('unless %s', (_, text) => {
    nameRoot(rootAt('/srv/b'));
    expect(asTyped(text)).toBe(text);
  });

  test('and is quoted for a shell', () => {
    nameRoot(rootAt("/srv/it's mine"));
    expect(asTyped('openclaw-releases list')).toBe(`openclaw-releases --root '/srv/it'\\''s mine' list`);
  });

  test('without a root where this user has no other, in any shell', () => {
    nameRoot(rootAt(DEFAULT));
    expect(asTyped('openclaw-releases list')).toBe('openclaw-releases list');
    vi.stubEnv('OPENCLAW_RELEASES_ROOT', '/srv/b');
    expect(asTyped('openclaw-releases list')).toBe('openclaw-releases list');
    nameRoot(rootAt('/srv/b'));
    expect(asTyped('openclaw-releases list')).toBe('openclaw-releases --root /srv/b list');
  });

  test('with the root for the superuser, who has another one, but for what finds it by the unit', () => {
    nameRoot(rootAt(DEFAULT));
    expect(asTyped('sudo openclaw-releases recover')).toBe(
      `sudo openclaw-releases --root ${DEFAULT} recover`,
    );
    expect(asTyped('sudo openclaw-releases adopt --system')).toBe('sudo openclaw-releases adopt --system');
    vi.stubEnv('XDG_DATA_HOME', '/srv/data');
    nameRoot(rootAt('/srv/data/openclaw-releases'));
    expect(asTyped('openclaw-releases list')).toBe('openclaw-releases list');
    expect(asTyped('sudo openclaw-releases adopt --system')).toBe(
      'sudo openclaw-releases --root /srv/data/openclaw-releases adopt --system',
    );
    nameRoot(rootAt(DEFAULT));
    vi.mocked(hasPrivilegedParent).mockReturnValueOnce(true);
    expect(asTyped('openclaw-releases list')).toBe(`sudo openclaw-releases --root ${DEFAULT} list`);
  });
});
