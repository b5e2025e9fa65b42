import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeEach, describe, expect, it } from 'vitest';
import { ownText } from '../../src/store/owner-symlink.js';
import { IMPOSTOR_NAMES, NO_RELEASE, replaceBy } from '../support/damage.js';
import { temporaryDirectory, writeTree } from '../support/place.js';

const RESCUE = fileURLToPath(new URL('../../layout/bin/rescue', import.meta.url));
const UNIT = 'openclaw-gateway.service';
/** All that the rescue may need from the host; Node is not among them. */
const TOOLS = ['cat', 'dd', 'ln', 'mv', 'readlink', 'rm', 'sleep', 'sync'];

function which(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

const busybox = which('busybox');
const SHELLS = [
  { name: 'dash', program: which('dash'), flags: [] as string[], tool: which },
  { name: 'busybox sh', program: busybox, flags: ['sh'], tool: () => busybox },
  { name: 'bash --posix', program: which('bash'), flags: ['--posix'], tool: which },
];

let root: string;
let tools: string;
let log: string;

const current = () => readlinkSync(join(root, 'current'));
const trial = () => existsSync(join(root, 'trial'));
const asked = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
/** Commands to systemd, beyond questions. */
const told = () => asked().filter((line) => !line.includes(' show '));

function addRelease(id: string): void {
  writeTree(join(root, 'releases', id), {
    'release.json': '{}',
    'openclaw.mjs': '',
    main: '-> openclaw.mjs',
    'bin-node': '',
    node: '-> bin-node',
  });
  chmodSync(join(root, 'releases', id, 'bin-node'), 0o755);
}

/** A systemctl that writes down its commands, and says of the unit what the test wants. */
function systemd(state: string, job = 'Job=0'): void {
  writeFileSync(
    join(tools, 'systemctl'),
    `#!/bin/sh\nprintf '%s\\n' "$*" >>'${log}'\ncase "$*" in *" show "*) printf '%s\\nActiveState=${state}\\n' '${job}' ;; esac\n`,
    { mode: 0o755 },
  );
}

describe.each(SHELLS)('the rescue under $name', (shell) => {
  beforeEach(() => {
    const base = temporaryDirectory('rescue test');
    root = join(base, 'a root');
    tools = join(base, 'tools');
    log = join(base, 'systemctl.log');
    mkdirSync(join(root, 'bin'), { recursive: true });
    mkdirSync(tools);
    for (const tool of TOOLS) symlinkSync(shell.tool(tool) ?? `/bin/${tool}`, join(tools, tool));
    copyFileSync(RESCUE, join(root, 'bin/rescue'));
    addRelease('2026.5.28');
    addRelease('2026.6.1');
    symlinkSync('releases/2026.5.28', join(root, 'previous'));
    symlinkSync('releases/2026.6.1', join(root, 'current'));
    writeFileSync(join(root, 'trial'), '2026.6.1 2 01234567-89ab-cdef-0123-456789abcdef\n');
    systemd('failed');
  });

  async function rescue(scope = '--user', prefix: string[] = [], path = tools) {
    const [file = '', ...rest] = [
      ...prefix,
      shell.program ?? '',
      ...shell.flags,
      join(root, 'bin/rescue'),
      scope,
      UNIT,
    ];
    const { exitCode, stderr } = await execa(file, rest, {
      env: { PATH: path, OPENCLAW_RELEASES_RESCUE_GRACE: '0' },
      extendEnv: false,
      reject: false,
      timeout: 20_000,
    });
    return { exitCode, stderr };
  }

  const nothingHappened = () => {
    expect(current()).toBe('releases/2026.6.1');
    expect(told()).toEqual([]);
    expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
  };

  it('hands the restore request to the launcher, which restores the state before the gateway starts', async () => {
    writeFileSync(join(root, 'trial-restore.json'), 'what goes back');
    expect((await rescue()).exitCode).toBe(0);
    expect(readFileSync(join(root, 'restore.json'), 'utf8')).toBe('what goes back');
    expect(existsSync(join(root, 'trial-restore.json'))).toBe(false);
    expect([current(), trial()]).toEqual(['releases/2026.5.28', false]);
  });

  it('replaces a restore that has moved nothing yet, when the release it was for failed', async () => {
    writeFileSync(join(root, 'restore.json'), '{\n  "phase": "pending"\n}');
    writeFileSync(join(root, 'trial-restore.json'), 'what goes back');
    expect((await rescue()).exitCode).toBe(0);
    expect(readFileSync(join(root, 'restore.json'), 'utf8')).toBe('what goes back');
    expect(current()).toBe('releases/2026.5.28');
  });

  it.each(['{ "phase": "displacing" }', '{ "phase": "putting-back" }', '', 'not JSON'])(
    'changes nothing when the state is half restored: restore.json %j',
    async (text) => {
      writeFileSync(join(root, 'restore.json'), text);
      writeFileSync(join(root, 'trial-restore.json'), 'what goes back');
      expect((await rescue('--system')).exitCode).toBe(1);
      nothingHappened();
      expect(readFileSync(join(root, 'restore.json'), 'utf8')).toBe(text);
      expect(trial()).toBe(true);
    },
  );

  it('rolls back to previous, ends the trial and starts the unit', async () => {
    expect(await rescue()).toEqual({
      exitCode: 0,
      stderr: 'openclaw-releases: the trial of 2026.6.1 failed; went back to 2026.5.28',
    });
    expect(current()).toBe('releases/2026.5.28');
    expect(trial()).toBe(false);
    expect(told()).toEqual([`--user reset-failed -- ${UNIT}`, `--user --no-block start -- ${UNIT}`]);
    expect(readdirSync(root).sort()).toEqual(['bin', 'current', 'previous', 'releases']);
  });

  it('switches nothing and says so outside of a trial', async () => {
    rmSync(join(root, 'trial'));
    const { exitCode, stderr } = await rescue();
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^openclaw-releases: openclaw-gateway\.service failed outside of a trial/);
    nothingHappened();
    expect(asked()).toEqual([]);
  });

  it('acts once: the second time there is no trial any more', async () => {
    await rescue();
    rmSync(log);
    const { stderr } = await rescue();
    expect(stderr).toMatch(/outside of a trial/);
    expect(asked()).toEqual([]);
  });

  it.each([
    ['starts again automatically', () => systemd('activating')],
    ['runs', () => systemd('active')],
    ['was stopped on purpose', () => systemd('inactive')],
    ['is being started by somebody', () => systemd('failed', 'Job=4711')],
    ['cannot be asked about', () => rmSync(join(tools, 'systemctl'))],
  ])('leaves a unit alone that %s', async (_title, arrange) => {
    arrange();
    const { exitCode, stderr } = await rescue();
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/has not given up/);
    nothingHappened();
    expect(trial()).toBe(true);
  });

  /** Puts a note in the place of each pause. */
  function notePauses(): () => number {
    const notes = join(tools, '..', 'pauses');
    rmSync(join(tools, 'sleep'));
    writeFileSync(join(tools, 'sleep'), `#!/bin/sh\necho >>'${notes}'\n`, { mode: 0o755 });
    return () => readFileSync(notes, 'utf8').length;
  }

  it('gives a change that is alive half a minute to start the unit, and no longer', async () => {
    symlinkSync(ownText(), join(root, 'lock'));
    const pauses = notePauses();
    expect((await rescue()).stderr).toMatch(/went back to 2026\.5\.28$/);
    expect(pauses()).toBe(6);
  });

  it('leaves the unit to a change that starts it meanwhile', async () => {
    symlinkSync(ownText(), join(root, 'lock'));
    const [once, started] = ['once', 'started'].map((name) => join(tools, '..', name));
    rmSync(join(tools, 'sleep'));
    const second = `#!/bin/sh\n[ ! -e '${once}' ] || : >'${started}'\n: >'${once}'\n`;
    writeFileSync(join(tools, 'sleep'), second, { mode: 0o755 });
    const said = `#!/bin/sh\nprintf 'Job=0\\nActiveState='\n[ -e '${started}' ] && echo active || echo failed\n`;
    writeFileSync(join(tools, 'systemctl'), said, { mode: 0o755 });
    expect((await rescue()).stderr).toMatch(/has not given up/);
    nothingHappened();
    expect(trial()).toBe(true);
  });

  it.each([
    ['has ended', ownText().replace(/^\d+/, '4194303')],
    ['had the same pid', ownText().replace(/\.\d+\./, '.1.')],
    ['ran before the last boot', ownText().replace(/[0-9a-f]{4}$/, 'none')],
    ['has no pid', `x${ownText()}`],
    ['has an empty name', '.'],
  ])('does not wait for a change that %s', async (_title, owner) => {
    symlinkSync(owner, join(root, 'lock'));
    const pauses = notePauses();
    expect((await rescue()).stderr).toMatch(/went back to 2026\.5\.28$/);
    expect(pauses()).toBe(1);
  });

  it('switches nothing for a trial of a release that is not current', async () => {
    writeFileSync(join(root, 'trial'), '2026.7.1 2 01234567-89ab-cdef-0123-456789abcdef\n');
    expect((await rescue()).stderr).toMatch(/trial is of 2026\.7\.1, which is not current/);
    nothingHappened();
  });

  it.each(['', '\0'.repeat(16)])('rolls back for a corrupt trial (%#)', async (content) => {
    writeFileSync(join(root, 'trial'), content);
    await rescue();
    expect(current()).toBe('releases/2026.5.28');
    expect(trial()).toBe(false);
  });

  it.each(IMPOSTOR_NAMES)('rolls back, without waiting, when the trial is %s', async (how) => {
    replaceBy(join(root, 'trial'), how);
    expect((await rescue()).stderr).toMatch(/went back to 2026\.5\.28$/);
    expect(current()).toBe('releases/2026.5.28');
  });

  it.each(IMPOSTOR_NAMES)('changes nothing, and does not wait, when restore.json is %s', async (how) => {
    writeFileSync(join(root, 'restore.json'), '{\n  "phase": "pending"\n}');
    replaceBy(join(root, 'restore.json'), how);
    expect((await rescue('--system')).exitCode).toBe(1);
    nothingHappened();
  });

  it('does not wait for a pipe in the place of its own note', async () => {
    writeFileSync(join(root, 'rescued'), '');
    replaceBy(join(root, 'rescued'), 'a pipe');
    expect((await rescue()).stderr).toMatch(/went back to 2026\.5\.28$/);
  });

  it.each(NO_RELEASE)('starts nothing that previous names as %j', async (text) => {
    rmSync(join(root, 'previous'));
    symlinkSync(text, join(root, 'previous'));
    expect((await rescue()).stderr).toMatch(/there is no way back; run: openclaw-releases recover$/);
    nothingHappened();
  });

  it('says which command is missing from an empty PATH', async () => {
    const { exitCode, stderr } = await rescue('--system', [], '');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: "openclaw-releases: there is no readlink on the PATH, which is ''",
    });
    nothingHappened();
  });

  it('rolls back when current cannot be started at all', async () => {
    rmSync(join(root, 'releases/2026.6.1'), { recursive: true });
    await rescue();
    expect(current()).toBe('releases/2026.5.28');
  });

  it.each([
    ['is absent', () => rmSync(join(root, 'previous'))],
    ['cannot be started', () => rmSync(join(root, 'releases/2026.5.28/release.json'))],
    [
      'is the same release',
      () => {
        rmSync(join(root, 'previous'));
        symlinkSync('releases/2026.6.1', join(root, 'previous'));
      },
    ],
  ])('starts nothing when previous %s', async (_title, damage) => {
    damage();
    expect((await rescue()).stderr).toMatch(/there is no way back; run: openclaw-releases recover$/);
    nothingHappened();
  });

  it('does not do it again where the trial could not be removed', async () => {
    // The trial stays: this rm refuses to remove it.
    rmSync(join(tools, 'rm'));
    const real = `'${shell.tool('rm')}'${shell.tool('rm') === busybox ? ' rm' : ''}`;
    writeFileSync(join(tools, 'rm'), `#!/bin/sh\ncase "$*" in */trial) exit 1 ;; esac\nexec ${real} "$@"\n`, {
      mode: 0o755,
    });
    await rescue();
    expect(current()).toBe('releases/2026.5.28');
    rmSync(join(root, 'current'));
    symlinkSync('releases/2026.6.1', join(root, 'current'));
    rmSync(log);
    expect((await rescue()).stderr).toMatch(/was rescued before/);
    nothingHappened();
  });

  it('does nothing when it cannot record that it acted', async () => {
    const prefix = [which('bash') ?? 'bash', '-c', `trap '' XFSZ; ulimit -f 0; exec "$@"`, '-'];
    // The size limit would stop the log too, so nothing can be asked without one.
    writeFileSync(join(tools, 'systemctl'), `#!/bin/sh\nprintf 'Job=0\\nActiveState=failed\\n'\n`, {
      mode: 0o755,
    });
    expect((await rescue('--user', prefix)).stderr).toMatch(
      /cannot be written, so the trial of 2026\.6\.1 is left alone/,
    );
    expect(current()).toBe('releases/2026.6.1');
    expect(trial()).toBe(true);
  });

  it('lets the unit start a system service, and tells it so by its exit code', async () => {
    expect(await rescue('--system')).toMatchObject({ exitCode: 0 });
    expect(current()).toBe('releases/2026.5.28');
    expect(told()).toEqual([]);
    expect(await rescue('--system')).toMatchObject({ exitCode: 1 });
  });
});
