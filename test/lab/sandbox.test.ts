import { beforeAll, describe, expect, test } from 'vitest';
import { answerIn } from '../support/answer-schema.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { npmPrefix } from './gateway.js';
import { rememberInstance } from './observed.js';
import { CLI, FIRST, makeOperator, type Operator, QUICK } from './operator.js';

// These ask their unit for more than `FIRST` does.
const [GOOD, WORSE, CRASHES, CUT] = ['2026.9.6', '2026.9.7', '2026.9.8', '2026.9.9'];
const STATE = '/home/claw/.openclaw';
const ROOT = '/home/claw/releases';

/** Settings of the drop-in for a sandbox, or the code of the refusal with the setting behind it. */
interface Row {
  lines: string[];
  added?: string[];
  refused?: string;
}

const STRICT = ['ProtectSystem=strict', 'ProtectHome=read-only', `ReadWritePaths=${STATE}`];
const HIDDEN = ['ProtectHome=tmpfs', `BindPaths=${STATE}`, 'BindReadOnlyPaths=/home/claw/.npm-global'];

const ROWS: Row[] = [
  { lines: STRICT, added: [`ReadWritePaths="${ROOT}"`] },
  {
    lines: ['ProtectHome=yes', 'Environment=OPENCLAW_STATE_DIR=/var/tmp/none'],
    added: ['ProtectHome=tmpfs', `BindPaths="${ROOT}"`],
  },
  { lines: ['NoExecPaths=/home'], added: [`ExecPaths="${ROOT}"`] },
  {
    lines: ['NoExecPaths=/', 'ExecPaths=/opt/node/bin/node /usr/lib /lib64'],
    added: [expect.stringMatching(/^ExecPaths="\S*(da)?sh" "\S+readlink" /), `ExecPaths="${ROOT}"`],
  },
  { lines: ['UMask=0777', 'SystemCallFilter=@system-service', 'ProtectHome=no'], added: [] },
  { lines: [`InaccessiblePaths=${ROOT}`], refused: `InaccessiblePaths=${ROOT}` },
  { lines: [`TemporaryFileSystem=${STATE}`], refused: `TemporaryFileSystem=${STATE}` },
  {
    lines: ['SystemCallFilter=~rename renameat renameat2', 'SystemCallErrorNumber=EPERM'],
    refused: 'SystemCallFilter=~rename renameat renameat2',
  },
  { lines: ['SystemCallFilter=~fsync', 'SystemCallErrorNumber=EPERM'], refused: 'SystemCallFilter=~fsync' },
  { lines: ['LimitFSIZE=0'], refused: 'LimitFSIZE=0' },
  { lines: ['User=', 'DynamicUser=yes'], refused: 'DynamicUser=yes' },
  { lines: ['RootDirectory=/srv'], refused: 'RootDirectory=/srv' },
];

describe.each(['system', 'user'] as const)('a %s unit with a sandbox', (scope) => {
  const atEnd = atEndOfAll();
  const as = scope === 'system' ? 'root' : 'claw';
  const flag = scope === 'system' ? '--system' : '';
  const units = scope === 'system' ? '/etc/systemd/system' : '/home/claw/.config/systemd/user';
  const hardening = `${units}/openclaw-gateway.service.d/10-hardening.conf`;
  // A user's systemd makes no mounts without a user namespace, and ignores these settings.
  const always = ['Environment=NODE_OPTIONS=', ...(scope === 'user' ? ['PrivateUsers=yes'] : [])];
  let operator: Operator;

  beforeAll(async () => {
    const versions = {
      [GOOD]: {},
      [WORSE]: { neverReady: true, touchesConfig: true },
      [CRASHES]: { crashAtStart: true },
      [CUT]: { neverReady: true, touchesConfig: true },
    };
    operator = await makeOperator(atEnd, versions, { scope, timeoutStopSec: 30 });
    expect(npmPrefix(operator.machine), 'the sandboxes below name it').toBe('/home/claw/.npm-global');
  }, 120_000);

  async function ocr(command: string, who: 'claw' | 'root' = 'claw') {
    const { machine, env } = operator;
    const { exitCode, stdout, stderr } = await machine.run(`${CLI} ${command} --root ${ROOT} --json`, {
      env: { ...env, npm_config_cache: `/tmp/npm-${who}` },
      ...{ as: who, reject: false, timeoutMs: 120_000 },
    });
    if (!stdout) throw new Error(`${command} ended with ${exitCode} and printed nothing: ${stderr}`);
    return { exitCode, json: answerIn(command.split(' '), stdout) };
  }

  async function harden(lines: string[]) {
    const { machine } = operator;
    await machine.write(hardening, ['[Service]', ...always, ...lines, ''].join('\n'), as);
    await machine.run(`systemctl --${scope} daemon-reload`, { as });
  }

  async function settingsAdded(): Promise<string[]> {
    const { json } = await ocr(`adopt ${flag} --dry-run`, as);
    if (json.error) return [`${json.error.code}: ${json.error.message}`];
    const dropIn = json.writes.find(({ path }: { path: string }) => path.endsWith('openclaw-releases.conf'));
    return (dropIn.content.split(/^# The launcher needs .*\n/m)[1] ?? '').split('\n').filter(Boolean);
  }

  async function policy(): Promise<string> {
    const { KillMode, TimeoutStopUSec, StartLimitBurst } = await operator.gateway.show();
    return `${KillMode} ${TimeoutStopUSec} ${StartLimitBurst}`;
  }

  /** Release that has changed the state last, as it says in the configuration. */
  async function stateOf(): Promise<string | null> {
    const { stdout } = await operator.machine.run(`cat ${STATE}/openclaw.json`);
    return JSON.parse(stdout).meta?.lastTouchedVersion ?? null;
  }

  /** Restores the state of a release that changed it, after a power cut in its trial. */
  async function cutPower(): Promise<void> {
    const { machine, gateway } = operator;
    const asked = ocr(`update ${CUT} --probe version --settle 0.5 --ready-timeout 100`, as).catch(() => null);
    const isOnTrial = async () => (await gateway.version()) === CUT && (await stateOf()) === CUT;
    await until(`${CUT} is on trial, and has changed the state`, isOnTrial, 30_000);
    await machine.crash();
    await asked;
    await gateway.ready(GOOD, 30_000);
    expect(await stateOf()).toBe(null);
    await until('recovery has its verdict', async () => {
      const { json } = await ocr('status');
      return json.running === null && json.interrupted.length === 0 && json.lock === null;
    });
    expect((await ocr('status')).json).toMatchObject({
      current: GOOD,
      trial: null,
      last: { status: 'rolled_back', undoError: null, to: CUT },
    });
  }

  test('a state that no restore could replace is refused by adopt before anything is written', async () => {
    const { machine, gateway } = operator;
    const token = `${STATE}/credentials/token`;
    await machine.write(token, 'secret');
    const look = async () => {
      const { MainPID, InvocationID } = await gateway.show();
      const { stdout } = await machine.run(`find ${units} ! -type d | xargs sha256sum`, { as });
      return { MainPID, InvocationID, files: stdout };
    };
    const before = await look();
    await machine.run(`mount --bind ${token} ${token}`, { as: 'root' });
    const { exitCode, json } = await ocr(`adopt ${flag} ${QUICK}`, as);
    await machine.run(`umount ${token}`, { as: 'root' });
    expect([exitCode, json.error]).toEqual([
      3,
      expect.objectContaining({
        code: 'snapshot_refused',
        message: expect.stringContaining(`${token}" is mounted into the state directory`),
      }),
    ]);
    expect(await look(), 'the gateway and its unit are untouched').toEqual(before);
    const left = await machine.run(`ls -A ${ROOT}/releases ${ROOT}/staging; readlink ${ROOT}/current`, {
      ...{ as, reject: false },
    });
    expect(left.stdout.split('\n').filter((line) => !line.endsWith(':') && line !== '')).toEqual([]);
    await machine.run(`rm -rf ${ROOT}`, { as });
  });

  test('adopt plans what each sandbox lacks, refuses where nothing helps, and leaves nothing', async () => {
    const rows = scope === 'system' ? ROWS : ROWS.filter((_, at) => at % 3 === 0);
    for (const { lines, added, refused } of rows) {
      await harden(lines);
      const found = await settingsAdded();
      if (added) expect(found, lines.join(' ')).toEqual(added);
      else expect(found, lines.join(' ')).toEqual([expect.stringContaining(`(${refused})`)]);
      if (refused) expect(found[0]).toMatch(/^sandbox_forbids: /);
    }
    const left = await operator.machine.run(
      `ls -d ${ROOT} ${STATE}/.openclaw-releases-*; ls -R /run/systemd/system /run/user/*/systemd | grep trial; systemctl --${scope} list-units --all --no-legend 'openclaw-releases-trial*'`,
      { as, reject: false },
    );
    expect(left.stdout).toBe('');
    expect(await operator.gateway.starts(), 'nothing was restarted').toHaveLength(1);
  }, 180_000);

  test.each([
    ['that shows the host read-only', STRICT],
    [
      'that hides the home, executes nothing there, shows the host’s boot and has no mask',
      [...HIDDEN, 'NoExecPaths=/home', 'ProtectKernelTunables=yes', 'UMask=0'],
    ],
  ])(
    'in a sandbox %s a bad release is rolled back, by us and by the launcher',
    async (_, lines) => {
      const { machine, gateway } = operator;
      await harden(lines);
      await gateway.systemctl('restart');
      await gateway.ready(FIRST);
      const expectOutside = await rememberInstance(machine, gateway);
      const adopted = await ocr(`adopt ${flag} ${QUICK}`, as);
      await expectOutside(FIRST);
      expect(adopted.json, JSON.stringify(adopted.json.error)).toMatchObject({ to: FIRST });
      expect(await policy()).toBe('control-group 30s 5');
      const updated = await ocr(`update ${GOOD} ${QUICK}`, as);
      expect(updated.json).toMatchObject({ status: 'package_updated_restart_verified', warnings: [] });
      await expectOutside(GOOD);
      expect(await policy()).toBe('mixed 5min 30s 10');
      const worse = await ocr(`update ${WORSE} --probe version ${QUICK}`, as);
      expect(worse.json).toMatchObject({
        ...{ status: 'rolled_back', error: { code: 'gateway_not_ready' }, undoError: null },
        stateRestored: { restored: true },
      });
      await gateway.ready(GOOD);
      await expectOutside(GOOD);
      expect(await stateOf()).toBe(null);
      if (scope === 'system' && lines === STRICT) await cutPower();

      // A trial that nobody watches: the launcher counts its starts.
      expect((await ocr(`stage ${CRASHES} --probe version`)).exitCode).toBe(0);
      await machine.run(
        `cd ${ROOT} && ln -sfn releases/${GOOD} previous && echo '${CRASHES} 3' >trial && ln -sfn releases/${CRASHES} current`,
      );
      await gateway.systemctl('restart');
      const went = `the trial of ${CRASHES} ended without a verdict; went back to ${GOOD}`;
      // The journal does not always know whose line it was, when a process has ended before it looks.
      await until('the launcher says so', async () =>
        (await machine.run('journalctl --quiet --no-pager', { as: 'root' })).stdout.includes(went),
      );
      await gateway.ready(GOOD);
      await expectOutside(GOOD);
      expect((await ocr('doctor')).json.findings).toEqual([]);
      // Files of the state keep the modes that the gateway gave them.
      const open = await machine.run(
        `find ${ROOT} -path ${ROOT}/states/\\* -prune -o -perm /022 ! -type l ! -path '*/node_modules/*' -print`,
      );
      expect(open.stdout, 'nobody else may write what the launcher wrote').toBe('');

      const left = await ocr(`unadopt ${flag} ${QUICK}`, as);
      expect(left.json, JSON.stringify(left.json.error)).toMatchObject({ ok: true });
      await machine.run(`chmod -R u+w ${ROOT}; rm -rf ${ROOT}`);
    },
    300_000,
  );

  test('doctor and update see a sandbox that came after the adoption, and adopt fits it', async () => {
    const { gateway } = operator;
    await harden([]);
    await gateway.systemctl('restart');
    await gateway.ready(FIRST);
    await ocr(`adopt ${flag} ${QUICK}`, as);
    await harden(STRICT);
    await gateway.systemctl('restart');
    await gateway.ready(FIRST);
    const found = (await ocr('doctor')).json.findings;
    expect(found).toEqual([expect.objectContaining({ code: 'sandbox_forbids' })]);
    expect(found[0].sentence).toContain('ProtectSystem=strict');
    const refused = await ocr(`update ${GOOD} ${QUICK}`);
    expect(refused).toMatchObject({ exitCode: 3, json: { error: { code: 'sandbox_forbids' } } });
    expect((await ocr(`adopt ${flag} ${QUICK}`, as)).exitCode).toBe(0);
    expect((await ocr('doctor')).json.findings).toEqual([]);

    // The owner alone may not write a unit of the system, and learns who may.
    const updated = await ocr(`update ${GOOD} ${QUICK}`);
    expect(updated.exitCode).toBe(0);
    const [outdated, next] = [{ code: 'unit_outdated' }, 'sudo openclaw-releases adopt --system'];
    const system = scope === 'system';
    expect(updated.json.warnings).toEqual(system ? [expect.stringContaining(next)] : []);
    expect((await ocr('doctor')).json.findings).toMatchObject(system ? [outdated] : []);
    expect(await policy()).toBe(system ? 'control-group 30s 5' : 'mixed 5min 30s 10');
    expect((await ocr(`adopt ${flag} ${QUICK}`, as)).exitCode).toBe(0);
    expect(await policy()).toBe('mixed 5min 30s 10');
    expect((await ocr(`rollback ${QUICK}`, as)).json).toMatchObject({ to: FIRST });
    expect(await policy()).toBe('control-group 30s 5');
    expect((await ocr('doctor')).json.findings).toEqual([]);
  }, 180_000);
});
