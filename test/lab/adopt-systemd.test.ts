import { beforeAll, describe, expect, it } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { bootMachine, type Machine, REPOSITORY } from './machine.js';

const UNIT = 'openclaw-gateway.service';
const GATEWAY = `
if (process.argv.includes('--version')) { console.log('OpenClaw VERSION'); process.exit(0); }
if ('VERSION' === '2026.6.1') process.exit(78);
setInterval(() => {}, 1000);
`;

const packageJson = (version: string) =>
  JSON.stringify({ name: 'openclaw', version, bin: { openclaw: 'openclaw.mjs' } });

/** Runs what change/ and cli/ do with these functions, as one program inside the machine. */
const DRIVER = `
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
const load = (path) => import(${JSON.stringify(REPOSITORY)} + '/dist/' + path + '.js');
const { findInstall } = await load('adopt/install');
const { planUnitChange } = await load('adopt/plan');
const { applyUnitChange, undoUnitChange } = await load('adopt/apply');
const { gatherFacts } = await load('adopt/facts');
const { examine } = await load('adopt/doctor');
const { rootAt, prepareRoot } = await load('store/root');
const { sealRelease } = await load('store/seal');
const { installLaunchers } = await load('store/launchers');
const { pointCurrent, pointPrevious, startTrial } = await load('store/links');
const [verb, rootPath, scope] = process.argv.slice(2);
const root = rootAt(rootPath);
const systemctl = (...args) => execFileSync('systemctl', ['--' + scope, ...args], { encoding: 'utf8' });
const recover = ['/bin/sh', '-c', 'echo "recovered $0"', 'a 100% $HOME'];
const verbs = {
  find: () => findInstall({ scope }),
  async stage() {
    prepareRoot(root);
    installLaunchers(root);
    const install = await findInstall({ scope });
    const into = join(root.staging, 'adopt/release');
    cpSync(install.packageRoot, join(into, 'node_modules/openclaw'), { recursive: true });
    const seal = async (id, staged) => {
      symlinkSync(install.node.path, join(staged, 'node'));
      symlinkSync('node_modules/openclaw/openclaw.mjs', join(staged, 'main'));
      await sealRelease(root, staged, { id, version: id, spec: id, integrity: '', signature: 'absent', engines: null,
        schemas: null, runtime: { version: install.node.version, path: install.node.path }, main: 'node_modules/openclaw/openclaw.mjs',
        lockfileDigest: '', packages: 1, skippedScripts: [] });
    };
    await seal('2026.5.28', into);
    const bad = join(root.staging, 'bad/release');
    mkdirSync(join(bad, 'node_modules/openclaw'), { recursive: true });
    writeFileSync(join(bad, 'node_modules/openclaw/openclaw.mjs'), ${JSON.stringify(GATEWAY.replaceAll('VERSION', '2026.6.1'))});
    await seal('2026.6.1', bad);
    pointCurrent(root, '2026.5.28');
  },
  async adopt() {
    applyUnitChange(planUnitChange({ install: await findInstall({ scope }), root: root.path, recover }));
    systemctl('daemon-reload');
    systemctl('restart', '${UNIT}');
  },
  async try() {
    pointPrevious(root, '2026.5.28');
    startTrial(root, '2026.6.1');
    pointCurrent(root, '2026.6.1');
  },
  async unadopt() {
    undoUnitChange(root.path);
    systemctl('daemon-reload');
    systemctl('restart', '${UNIT}');
  },
  async doctor() {
    return examine(await gatherFacts({ root: root.path, recover, running: null, current: '2026.5.28', trial: null, activeChange: false, unmet: null, corrupt: [], sharing: [] }));
  },
};
console.log(JSON.stringify((await verbs[verb]()) ?? null));
`;

const LISTING = String.raw`find "$0" -mindepth 1 -not -path '*/node_modules/*' -not -path "$1" -not -path "$1/*" \( -type f -printf '%P %m %u %T@ ' -exec sha256sum {} \; -o -type l -printf '%P -> %l\n' -o -type d -printf '%P/ %m %u\n' \) | sort`;

describe.each([
  {
    scope: 'user',
    root: '/home/claw/my releases 100% $x',
    units: '/home/claw/.config/systemd/user',
    as: 'claw',
  },
  { scope: 'system', root: '/home/claw/system releases', units: '/etc/systemd/system', as: 'root' },
] as const)('adopting a $scope unit under a real systemd', ({ scope, root, units, as }) => {
  let machine: Machine;
  let before: string;
  const atEnd = atEndOfAll();

  const drive = async (verb: string, who: 'claw' | 'root' = as) => {
    const { stdout } = await machine.run(`node ~claw/driver.mjs ${verb} '${root}' ${scope}`, { as: who });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null');
  };
  const unit = (name = UNIT) => machine.unit(name, scope);
  const listing = async () =>
    (
      await machine.run(
        `bash -c ${quote(LISTING)} '${units}' '${root}'; bash -c ${quote(LISTING)} /home/claw '${root}'`,
        { as: 'root' },
      )
    ).stdout;
  const release = async () => {
    const { MainPID } = await unit();
    const { stdout } = await machine.run(`tr '\\0' '\\n' </proc/${MainPID}/environ`, { as: 'root' });
    return /^OPENCLAW_RELEASES_RELEASE=(.*)$/m.exec(stdout)?.[1] ?? null;
  };

  /** The journal does not always know whose line it was, when a process has ended before it looks. */
  const untilJournal = (line: string) =>
    until(`the journal says: ${line}`, async () =>
      (await machine.run('journalctl --quiet --no-pager', { as: 'root' })).stdout.includes(line),
    );

  beforeAll(async () => {
    machine = await bootMachine({ atEnd });
    await machine.write('/home/claw/driver.mjs', DRIVER);
    const prefix = '/home/claw/.npm-global/lib/node_modules/openclaw';
    await machine.write(`${prefix}/package.json`, packageJson('2026.5.28'));
    await machine.write(`${prefix}/openclaw.mjs`, GATEWAY.replaceAll('VERSION', '2026.5.28'));
    const user = scope === 'system' ? 'User=claw\n' : '';
    await machine.write(
      `${units}/${UNIT}`,
      `[Unit]\nDescription=OpenClaw Gateway (v2026.5.28)\nStartLimitBurst=5\nStartLimitIntervalSec=60\n\n[Service]\n${user}ExecStart=/opt/node/bin/node ${prefix}/openclaw.mjs gateway --port 18789 "two words" $EXTRA\nRestart=always\nRestartSec=1\nRestartPreventExitStatus=78\nKillMode=control-group\nEnvironment=OPENCLAW_SERVICE_VERSION=2026.5.28 "EXTRA=more words"\n\n[Install]\nWantedBy=${scope === 'user' ? 'default' : 'multi-user'}.target\n`,
      as,
    );
    await machine.run(`systemctl --${scope} daemon-reload && systemctl --${scope} enable --now ${UNIT}`, {
      as,
    });
    before = await listing();
  });

  it('finds what the unit starts', async () => {
    expect(await drive('find')).toMatchObject({
      packageRoot: '/home/claw/.npm-global/lib/node_modules/openclaw',
      version: '2026.5.28',
      node: { path: '/opt/node/bin/node', version: process.versions.node },
      others: [],
      unit: {
        name: UNIT,
        scope,
        dropIns: [],
        own: { environment: { EXTRA: 'more words' } },
        user: scope === 'system' ? 'claw' : null,
      },
      command: { before: '', after: ' --port 18789 "two words" $EXTRA', place: 'program' },
    });
  });

  it('makes the unit start the launcher with the same arguments, under a description without a version', async () => {
    await drive('stage', 'claw');
    await drive('adopt');
    await until(
      'the gateway runs from the release',
      async () => (await release()) === `${root}/releases/2026.5.28`,
    );
    const { Description, MainPID, OnFailure } = await unit();
    expect(Description).toBe('OpenClaw Gateway (openclaw-releases)');
    expect(OnFailure).toBe('openclaw-releases-rescue.service');
    const { stdout } = await machine.run(
      `tr '\\0' '\\n' </proc/${MainPID}/cmdline; tr '\\0' '\\n' </proc/${MainPID}/environ`,
      { as: 'root' },
    );
    expect(stdout).toContain('\ngateway\n--port\n18789\ntwo words\nmore\nwords\n');
    expect(stdout).toContain('OPENCLAW_SUPERVISOR_MODE=external');
    expect(stdout).toContain('OPENCLAW_NO_AUTO_UPDATE=1');
    expect(stdout).not.toContain('OPENCLAW_SERVICE_VERSION');
    expect(
      (
        await machine.run(
          `systemd-analyze --${scope} verify ${UNIT} openclaw-releases-rescue.service openclaw-releases-recover.service 2>&1`,
          { as },
        )
      ).stdout,
    ).not.toMatch(/openclaw/);
  });

  it('has nothing to repair afterwards', async () => {
    expect((await drive('doctor')).map(({ code }: { code: string }) => code)).toEqual([]);
  });

  it('rolls back to the proven release when the one on trial gives up at once and nobody watches', async () => {
    await drive('try', 'claw');
    await machine.run(`systemctl --${scope} restart ${UNIT}`, { as, reject: false });
    await until(
      'the gateway runs again',
      async () => (await release().catch(() => null)) === `${root}/releases/2026.5.28`,
      30_000,
    );
    const { ActiveState, SubState } = await unit();
    expect([ActiveState, SubState]).toEqual(['active', 'running']);
    await untilJournal('the trial of 2026.6.1 failed; went back to 2026.5.28');
    expect((await machine.run(`ls '${root}'; readlink '${root}/current'`)).stdout).not.toMatch(
      /trial|rescued|2026\.6\.1/,
    );
  });

  it('runs recovery before the gateway at boot', async () => {
    await machine.reboot();
    await until('the gateway runs', async () => (await unit()).SubState === 'running');
    const recovery = await unit('openclaw-releases-recover.service');
    expect(recovery).toMatchObject({ UnitFileState: 'enabled', Result: 'success', ExecMainStatus: '0' });
    expect(Number(recovery.ExecMainExitTimestampMonotonic)).toBeGreaterThan(0);
    expect(Number((await unit()).ExecMainStartTimestampMonotonic)).toBeGreaterThanOrEqual(
      Number(recovery.ExecMainExitTimestampMonotonic),
    );
    await untilJournal('recovered a 100% $HOME');
  });

  it('sees a unit that was regenerated, and a drop-in that is gone', async () => {
    await machine.run(`sed -i 's/18789/18790/' ${units}/${UNIT}`, { as });
    const codes = async () => (await drive('doctor')).map(({ code }: { code: string }) => code);
    expect(await codes()).toEqual(['drop_in_changed', 'daemon_reload_needed']);
    await machine.run(`rm ${units}/${UNIT}.d/zz-openclaw-releases.conf; systemctl --${scope} daemon-reload`, {
      as,
    });
    expect(await codes()).toEqual(['drop_in_missing', 'starts_another_program', 'unit_names_a_version']);
    await machine.run(`sed -i 's/18790/18789/' ${units}/${UNIT}`, { as });
    await drive('adopt');
    expect(await codes()).toEqual([]);
  });

  it('leaves the files of the host as they were, and the unit starting what it did', async () => {
    await drive('unadopt');
    const after = await listing();
    // The test itself has edited the unit above, and back.
    const edited = new RegExp(`^(\\S*${UNIT} \\d+ \\w+) [\\d.]+`, 'gm');
    const timeless = (text: string) => text.replaceAll(edited, '$1');
    expect(timeless(after)).toBe(timeless(before));
    await until('the gateway runs', async () => (await unit()).SubState === 'running');
    expect(await release()).toBeNull();
    expect((await unit()).Description).toBe('OpenClaw Gateway (v2026.5.28)');
  });
});

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
