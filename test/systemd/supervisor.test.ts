import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { identify } from '../../src/host/process.js';
import { lingers } from '../../src/host/systemd/linger.js';
import { systemdSupervisor } from '../../src/supervisor/systemd/supervisor.js';
import { until } from '../support/place.js';
import { endsWithTest, makeUnit, SCOPE } from './place.js';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

const HEALTHY = 'ExecStart=/bin/sleep infinity\nRestart=always\nRestartSec=100ms\n';
/** Reports that it drains, and continues; so do its children, which are killed with it and replaced. */
const DRAINING = `ExecStart=/bin/sh -c 'trap "echo draining" TERM; while :; do sleep 0.1; done'\nRestart=always\n`;
const DEAF = `ExecStart=/bin/sh -c 'trap "" TERM; exec sleep infinity'\nRestart=always\n`;
/** Crashes until there is a file `well`. */
const CRASHING = `ExecStart=/bin/sh -c 'test -e %DIR%/well || exit 1; exec sleep infinity'\nRestart=always\nRestartSec=20ms\n`;

/** The pid that a unit's shell wrote down: the file is there before what is in it. */
async function childOf(directory: string): Promise<number> {
  const path = join(directory, 'child');
  const read = () => (existsSync(path) ? readFileSync(path, 'utf8').trim() : '');
  await until('its child runs', () => read() !== '');
  return Number(read());
}

describe(`a service of the ${SCOPE}'s systemd`, () => {
  describe('inspect', () => {
    test('tells the process, its start and what it was started with', async () => {
      const { supervisor, unit, directory, systemctl } = makeUnit(
        [
          'EnvironmentFile=%DIR%/env',
          'Environment=OPENCLAW_PROFILE=work "OPENCLAW_QUOTED=a \\"b\\" c" SECRET=x HOME=%DIR%',
          "ExecStart=/bin/sh -c 'exec sleep infinity' gateway --port 18790",
        ].join('\n'),
      );
      writeFileSync(join(directory, 'env'), 'OPENCLAW_FROM_FILE=1\n');
      const shown = { OPENCLAW_PROFILE: 'work', OPENCLAW_QUOTED: 'a "b" c', HOME: directory };
      expect(await supervisor.inspect()).toMatchObject({
        state: 'stopped',
        pid: null,
        instance: null,
        lastExit: null,
        launch: { env: shown },
      });
      systemctl('start', unit);
      const pid = Number(systemctl('show', '--value', '-p', 'MainPID', unit));
      // The process is another one's copy until it has executed the program.
      await until('the program runs', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
      expect(await supervisor.inspect()).toEqual({
        state: 'running',
        pid,
        instance: systemctl('show', '--value', '-p', 'InvocationID', unit),
        restarts: 0,
        lastExit: null,
        launch: {
          args: expect.arrayContaining(['gateway', '--port', '18790']),
          env: { ...shown, OPENCLAW_FROM_FILE: '1' },
        },
      });
    });

    test('tells a service that waits for its next start, and how often it was started', async () => {
      const { supervisor, unit, systemctl } = makeUnit(
        "ExecStart=/bin/sh -c 'exit 7'\nRestart=always\nRestartSec=1h\n",
      );
      systemctl('start', unit);
      await until('it ended', async () => (await supervisor.inspect()).state === 'waiting');
      expect(await supervisor.inspect()).toMatchObject({
        pid: null,
        instance: null,
        lastExit: { code: 7, signal: null },
      });
    });

    test('tells the signal that ended a service that failed', async () => {
      const { supervisor, unit, systemctl } = makeUnit('ExecStart=/bin/sleep infinity\n');
      systemctl('start', unit);
      systemctl('kill', '--signal=SIGSEGV', unit);
      await until('it failed', async () => (await supervisor.inspect()).state === 'failed');
      expect((await supervisor.inspect()).lastExit).toEqual({ code: null, signal: 'SIGSEGV' });
    });

    test('finds the bus where the environment lacks it, or has the one of another user', async () => {
      const { supervisor, unit, systemctl } = makeUnit(HEALTHY);
      systemctl('start', unit);
      onTestFinished(() => void vi.unstubAllEnvs());
      for (const directory of [undefined, '/run/user/4294967294', '']) {
        vi.stubEnv('XDG_RUNTIME_DIR', directory);
        vi.stubEnv('DBUS_SESSION_BUS_ADDRESS', undefined);
        expect(await supervisor.inspect()).toMatchObject({ state: 'running' });
      }
      expect(await supervisor.restart()).toMatchObject({ killed: false });
    });

    test('refuses a unit that is not there', async () => {
      const supervisor = systemdSupervisor({ scope: SCOPE ?? 'user', unit: 'openclaw-nowhere.service' });
      for (const asked of [
        () => supervisor.inspect(),
        () => supervisor.restart(),
        () => supervisor.owns(1),
      ]) {
        await expect(asked()).rejects.toMatchObject({
          code: 'supervisor_not_found',
          message: expect.stringContaining('There is no unit openclaw-nowhere.service'),
        });
      }
    });

    test('refuses a masked unit, says how to unmask it, and restarts nothing', async () => {
      const { supervisor, unit, systemctl, mask } = makeUnit(HEALTHY);
      systemctl('start', unit);
      const { pid } = await supervisor.inspect();
      mask();
      for (const asked of [() => supervisor.inspect(), () => supervisor.restart()]) {
        await expect(asked()).rejects.toMatchObject({
          code: 'supervisor_failed',
          message: expect.stringContaining('is masked'),
          hint: expect.stringMatching(`unmask ${unit}$`),
        });
      }
      expect(identify(pid ?? 0)).not.toBe(null);
    });

    test('refuses a unit whose file systemd cannot use', async () => {
      const { supervisor } = makeUnit('ExecStart=\n');
      await expect(supervisor.inspect()).rejects.toMatchObject({
        code: 'supervisor_failed',
        message: expect.stringContaining('cannot be loaded'),
      });
    });
  });

  describe('restart', () => {
    test('replaces a healthy process by another', async () => {
      const { supervisor, unit, systemctl } = makeUnit(HEALTHY);
      systemctl('start', unit);
      const before = await supervisor.inspect();
      const report = await supervisor.restart();
      const after = await supervisor.inspect();
      expect(report).toEqual({ stopMs: expect.any(Number), killed: false, instance: after.instance });
      expect(after.state).toBe('running');
      expect(after.pid).not.toBe(before.pid);
      expect(after.instance).not.toBe(before.instance);
      expect(identify(before.pid ?? 0)).toBe(null);
    });

    test('starts a unit that is failed, more often than its start limit allows', async () => {
      const { supervisor, unit, systemctl } = makeUnit('ExecStart=/bin/sleep infinity\n', {
        unitSection: 'StartLimitBurst=2\nStartLimitIntervalSec=1h',
      });
      for (let turn = 0; turn < 4; turn++) {
        systemctl('start', unit);
        systemctl('kill', '--signal=SIGKILL', unit);
        await until('it failed', async () => (await supervisor.inspect()).state === 'failed');
        expect(await supervisor.restart()).toMatchObject({ stopMs: 0, killed: false });
        expect((await supervisor.inspect()).state).toBe('running');
      }
    });

    test('starts a unit whose crash loop reached the start limit', async () => {
      const { supervisor, unit, directory, systemctl } = makeUnit(CRASHING, {
        unitSection: 'StartLimitBurst=3\nStartLimitIntervalSec=1h',
      });
      systemctl('start', unit);
      await until('systemd gave up', async () => (await supervisor.inspect()).state === 'failed');
      writeFileSync(join(directory, 'well'), '');
      expect(await supervisor.restart()).toMatchObject({ stopMs: 0, killed: false });
      expect((await supervisor.inspect()).state).toBe('running');
    });

    test('says which commands to type when the unit is dead after each start', async () => {
      const { supervisor, unit } = makeUnit('ExecStartPre=/bin/false\nExecStart=/bin/sleep infinity\n');
      await expect(supervisor.restart()).rejects.toMatchObject({
        code: 'restart_failed',
        message: expect.stringContaining('failed (exit-code)'),
        hint: expect.stringMatching(`reset-failed ${unit}; .* restart ${unit}; .*journalctl .* -u ${unit}$`),
      });
      expect((await supervisor.inspect()).state).toBe('failed');
    });

    test('incident-4: cuts a drain that does not end, below the stop limit of the unit, and ends running', async () => {
      const { supervisor, unit, systemctl } = makeUnit(`${DRAINING}TimeoutStopSec=4\n`);
      systemctl('start', unit);
      const before = await supervisor.inspect();
      const report = await supervisor.restart();
      expect(report).toMatchObject({ killed: true, instance: (await supervisor.inspect()).instance });
      expect(report.stopMs).toBeGreaterThanOrEqual(2_000);
      expect(report.stopMs).toBeLessThan(4_000);
      expect(await supervisor.inspect()).toMatchObject({ state: 'running' });
      expect(identify(before.pid ?? 0)).toBe(null);
    });

    test('incident-4: ends running when systemd’s own limit comes first and kills', async () => {
      const { supervisor, unit, systemctl } = makeUnit(`${DEAF}TimeoutStopSec=1\n`, { stopLimitMs: 20_000 });
      systemctl('start', unit);
      expect(await supervisor.restart()).toMatchObject({ killed: true });
      expect(await supervisor.inspect()).toMatchObject({ state: 'running' });
    });

    test('kills a process that ignores SIGTERM, with what it started', async () => {
      const { supervisor, unit, directory, systemctl } = makeUnit(
        `ExecStart=/bin/sh -c 'trap "" TERM; sleep infinity & echo $$! >%DIR%/child; exec sleep infinity'\nTimeoutStopSec=30`,
        { stopLimitMs: 500 },
      );
      systemctl('start', unit);
      const child = await childOf(directory);
      const report = await supervisor.restart();
      expect(report).toMatchObject({ killed: true });
      expect(report.stopMs).toBeLessThan(10_000);
      expect(identify(child)).toBe(null);
      expect(await supervisor.inspect()).toMatchObject({ state: 'running' });
    });

    test('restarts a process that is suspended', async () => {
      const { supervisor, unit, systemctl } = makeUnit(`${HEALTHY}TimeoutStopSec=30`, { stopLimitMs: 500 });
      systemctl('start', unit);
      systemctl('kill', '--signal=SIGSTOP', unit);
      await supervisor.restart();
      expect(await supervisor.inspect()).toMatchObject({ state: 'running' });
    });

    test('kills the main process alone where systemd would', async () => {
      const { supervisor, unit, directory, systemctl } = makeUnit(
        `ExecStart=/bin/sh -c 'trap "" TERM; sleep infinity & echo $$! >%DIR%/child; exec sleep infinity'\nKillMode=process`,
        { stopLimitMs: 300 },
      );
      systemctl('start', unit);
      const child = await childOf(directory);
      expect(await supervisor.restart()).toMatchObject({ killed: true });
      expect(identify(child)).not.toBe(null);
      expect(await supervisor.inspect()).toMatchObject({ state: 'running' });
    });

    test('incident-2: restarts a unit that is frozen', async () => {
      const { supervisor, unit, systemctl } = makeUnit(`${HEALTHY}TimeoutStopSec=10`, { stopLimitMs: 500 });
      systemctl('start', unit);
      // Only cgroup2 freezes; `systemctl.test.ts` has a systemd that says so anywhere.
      if (existsSync('/sys/fs/cgroup/cgroup.controllers')) systemctl('freeze', unit);
      await supervisor.restart();
      expect(await supervisor.inspect()).toMatchObject({ state: 'running' });
    });

    test.each([
      ['broken', 'ExecStart=\n', 'cannot be loaded'],
      ['removed', null, 'There is no unit'],
    ])('incident-2: refuses a unit that was %s, and restarts nothing', async (_, service, message) => {
      const { supervisor, unit, systemctl, write, remove } = makeUnit(HEALTHY);
      systemctl('start', unit);
      const before = await supervisor.inspect();
      if (service) write(service);
      else remove();
      await expect(supervisor.restart()).rejects.toMatchObject({ message: expect.stringContaining(message) });
      expect(identify(before.pid ?? 0)).not.toBe(null);
      write(HEALTHY);
      systemctl('daemon-reload');
      expect(await supervisor.inspect()).toMatchObject({ pid: before.pid, instance: before.instance });
    });

    test('goes by the unit file as it is now', async () => {
      const { supervisor, unit, directory, systemctl, write } = makeUnit(HEALTHY);
      systemctl('start', unit);
      write(`${HEALTHY}Environment=OPENCLAW_EDITED=1 HOME=${directory}\n`);
      await supervisor.restart();
      const { launch } = await supervisor.inspect();
      expect(launch.env).toMatchObject({ OPENCLAW_EDITED: '1' });
    });

    test('answers about a new process that crashes at once, and does not wait for it to be healthy', async () => {
      const { supervisor, unit, directory, systemctl } = makeUnit(CRASHING.replace('20ms', '1h'));
      writeFileSync(join(directory, 'well'), '');
      systemctl('start', unit);
      const before = await supervisor.inspect();
      rmSync(join(directory, 'well'));
      const report = await supervisor.restart();
      expect(report.instance).not.toBe(before.instance);
      await until('it crashed', async () => (await supervisor.inspect()).state === 'waiting');
      expect(await supervisor.inspect()).toMatchObject({ lastExit: { code: 1 } });
    });
  });

  test('owns what runs in the control group of the unit, and nothing else', async () => {
    const { supervisor, unit, directory, systemctl } = makeUnit(
      `ExecStart=/bin/sh -c 'setsid sleep infinity & echo $$! >%DIR%/child; exec sleep infinity'`,
    );
    expect(await supervisor.owns(process.pid)).toBe(false);
    systemctl('start', unit);
    const child = await childOf(directory);
    const outsider = spawn('sleep', ['infinity']);
    onTestFinished(() => void outsider.kill('SIGKILL'));
    expect(await supervisor.owns(child)).toBe(true);
    expect(await supervisor.owns((await supervisor.inspect()).pid ?? 0)).toBe(true);
    expect(await supervisor.owns(outsider.pid ?? 0)).toBe(false);
    expect(await supervisor.owns(1)).toBe(false);
    expect(await supervisor.owns(2 ** 30)).toBe(false);
  });

  describe('a detached worker', () => {
    test('incident-1: continues through a restart that ends every process of the gateway', async () => {
      const { supervisor, unit, directory, scope, write, systemctl } = makeUnit(HEALTHY);
      const name = unit.replace('.service', '-helper');
      endsWithTest(`openclaw-releases-${name}.service`);
      const gateway = join(directory, 'gateway.mjs');
      // The old way and ours, both begun by a process of the gateway.
      writeFileSync(
        gateway,
        `import { spawn } from 'node:child_process';
        import { existsSync, writeFileSync } from 'node:fs';
        import { systemdSupervisor } from '${DIST}/supervisor/systemd/supervisor.js';
        if (!existsSync('plain')) {
          const plain = spawn('sleep', ['infinity'], { detached: true, stdio: 'ignore' });
          writeFileSync('plain', String(plain.pid));
          const argv = ['sh', '-c', 'echo $$ >"$OUT"; exec sleep infinity'];
          const program = { name: '${name}', argv, env: { OUT: '${directory}/outside' } };
          const answer = await systemdSupervisor({ scope: '${scope}', unit: '${unit}' }).runOutside(program);
          writeFileSync('answer', JSON.stringify(answer));
        }
        setInterval(() => {}, 1e6);`,
      );
      write(
        `ExecStart=${process.execPath} ${gateway}\nWorkingDirectory=${directory}\nKillMode=control-group\nRestart=always\n`,
      );
      systemctl('daemon-reload');
      systemctl('start', unit);
      const read = (file: string) => readFileSync(join(directory, file), 'utf8');
      await until('the helper runs', () => existsSync(join(directory, 'outside')) && read('outside') !== '');
      await until('it was taken on', () => existsSync(join(directory, 'answer')));
      const plain = Number(read('plain'));
      const outside = Number(read('outside'));
      expect(await supervisor.owns(plain)).toBe(true);
      expect(await supervisor.owns(outside)).toBe(false);
      const before = identify(outside);

      expect(await supervisor.restart()).toMatchObject({ killed: false });
      expect(identify(plain)).toBe(null);
      expect(identify(outside)).toEqual(before);
      expect(JSON.parse(read('answer')).follow).toMatch(
        new RegExp(`^journalctl .*-fu openclaw-releases-${name}$`),
      );
    });

    test('has its own limits and environment, and its unit goes away with it', async () => {
      const { supervisor, unit, directory, systemctl } = makeUnit(HEALTHY);
      const name = unit.replace('.service', '-helper');
      endsWithTest(`openclaw-releases-${name}.service`);
      await supervisor.runOutside({
        name,
        argv: [
          'sh',
          '-c',
          `while ! [ -e ${directory}/go ]; do sleep 0.1; done; echo "$1 $A" >${directory}/out; exit 3`,
          'x',
          '$A %n',
        ],
        env: { A: "a 'b'\n$c", 'npm_config_@scope:registry': 'left out' },
      });
      const shown = (property: string) =>
        systemctl('show', '--value', '-p', property, `openclaw-releases-${name}.service`);
      expect(shown('CPUWeight')).toBe('20');
      expect(shown('IOWeight')).toBe('20');
      expect(Number(shown('MemoryMax'))).toBeLessThanOrEqual(2 * 1024 ** 3);
      expect(shown('KillMode')).toBe('control-group');
      writeFileSync(join(directory, 'go'), '');
      await until('it ended', () => shown('LoadState') === 'not-found');
      expect(readFileSync(join(directory, 'out'), 'utf8')).toBe("$A %n a 'b'\n$c\n");
    });

    test('is refused when it cannot be executed, or its name is taken, or there is no systemd-run', async () => {
      const { supervisor, unit } = makeUnit(HEALTHY);
      const name = unit.replace('.service', '-helper');
      endsWithTest(`openclaw-releases-${name}.service`);
      const refused = { code: 'supervisor_failed' };
      await expect(supervisor.runOutside({ name, argv: ['/nowhere'], env: {} })).rejects.toMatchObject(
        refused,
      );
      await supervisor.runOutside({ name, argv: ['sleep', 'infinity'], env: {} });
      const again = supervisor.runOutside({ name, argv: ['sleep', 'infinity'], env: {} });
      await expect(again).rejects.toMatchObject(refused);
      vi.stubEnv('PATH', '/nowhere');
      onTestFinished(() => void vi.unstubAllEnvs());
      await expect(supervisor.runOutside({ name: 'x', argv: ['true'], env: {} })).rejects.toMatchObject(
        refused,
      );
    });

    test.runIf(SCOPE === 'system')('runs as the user of the gateway', async () => {
      const { supervisor, unit, directory } = makeUnit(`${HEALTHY}User=nobody\n`);
      const name = unit.replace('.service', '-helper');
      const program = {
        name,
        argv: ['sh', '-c', 'id -un >/dev/shm/"$N"; mv /dev/shm/"$N" /dev/shm/"$N".done'],
        env: { N: name },
      };
      onTestFinished(() => rmSync(`/dev/shm/${name}.done`, { force: true }));
      await supervisor.runOutside(program);
      await until('it ran', () => existsSync(`/dev/shm/${name}.done`));
      expect(readFileSync(`/dev/shm/${name}.done`, 'utf8')).toBe('nobody\n');
      expect(existsSync(directory)).toBe(true);
    });
  });

  test('gets what the gateway leaves, until it is hurried', async () => {
    const { supervisor, systemctl } = makeUnit(HEALTHY);
    const background = supervisor.background?.();
    const [file = '', ...args] = background?.command ?? [];
    const told = "process.on('message', () => process.exit()); process.send(Object.keys(process.env))";
    const child = execa(file, [...args, process.execPath, '-e', told], {
      ...{ ipc: true, env: { PATH: process.env.PATH ?? '' }, extendEnv: false },
    });
    const variables = await child.getOneMessage();
    expect(variables).not.toContain('XDG_RUNTIME_DIR');
    expect(variables).not.toContain('DBUS_SESSION_BUS_ADDRESS');
    const pid = child.pid ?? Number.NaN;
    const unit = /[^/]+\.scope$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[0] ?? '';
    const shown = (property: string) => systemctl('show', '--value', '-p', property, unit);
    expect([shown('CPUWeight'), shown('IOWeight')]).toEqual(['idle', '20']);
    expect(Number(shown('MemoryMax'))).toBeLessThanOrEqual(2 * 1024 ** 3);
    await background?.hurry(pid);
    expect(shown('CPUWeight')).toBe('20');
    await child.sendMessage('end');
    await child;
    await until('its scope is gone', () => shown('LoadState') === 'not-found');
    await background?.hurry(pid);
  });

  describe.runIf(SCOPE === 'system')('asked by the user that it runs as', () => {
    /** Answer of a method to `claw`, as JSON; throws with the error's code. */
    function ask(unit: string, method: string, ...args: unknown[]) {
      const program = `import { systemdSupervisor } from '${DIST}/supervisor/systemd/supervisor.js';
        const supervisor = systemdSupervisor({ scope: 'system', unit: '${unit}', stopLimitMs: 1000 });
        const failed = ({ code, hint }) => ({ code, hint });
        console.log(JSON.stringify(await supervisor.${method}(...${JSON.stringify(args)}).catch(failed)));`;
      const uid = Number(execFileSync('id', ['-u', 'claw'], { encoding: 'utf8' }));
      const options = { uid, gid: uid, env: { PATH: process.env.PATH }, cwd: '/', encoding: 'utf8' } as const;
      return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], options));
    }

    test('is restarted by its end, where systemd starts it again', async () => {
      const { supervisor, unit, systemctl } = makeUnit(`${HEALTHY}User=claw\n`);
      systemctl('start', unit);
      const before = await supervisor.inspect();
      const report = ask(unit, 'restart');
      const after = await supervisor.inspect();
      expect(report).toEqual({ stopMs: expect.any(Number), killed: false, instance: after.instance });
      expect(after.pid).not.toBe(before.pid);
    });

    test('is killed when it ignores that', async () => {
      const { supervisor, unit, systemctl } = makeUnit(`${DEAF}RestartSec=100ms\nUser=claw\n`);
      systemctl('start', unit);
      const pid = (await supervisor.inspect()).pid ?? 0;
      await until('it ignores SIGTERM', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
      expect(ask(unit, 'restart')).toMatchObject({ killed: true });
      expect((await supervisor.inspect()).state).toBe('running');
      expect(identify(pid)).toBe(null);
    });

    test('is left alone where systemd would not start it again', async () => {
      const { supervisor, unit, systemctl } = makeUnit('ExecStart=/bin/sleep infinity\nUser=claw\n');
      systemctl('start', unit);
      const { pid } = await supervisor.inspect();
      // A simple unit counts as started while its process is still systemd's own, with systemd's environment.
      await until('the program runs', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
      const before = await supervisor.inspect();
      expect(ask(unit, 'restart')).toEqual({
        code: 'restart_failed',
        hint: expect.stringContaining(`sudo systemctl restart ${unit}`),
      });
      expect(await supervisor.inspect()).toEqual(before);
    });

    test('has its program run by the systemd of that user', async () => {
      const { unit } = makeUnit(`${HEALTHY}User=claw\n`);
      const name = unit.replace('.service', '-helper');
      const out = `/dev/shm/${name}`;
      onTestFinished(() => rmSync(out, { force: true }));
      const program = { name, argv: ['cp', '/proc/self/cgroup', out], env: {} };
      expect(ask(unit, 'runOutside', program)).toEqual({
        follow: `journalctl --user -fu openclaw-releases-${name}`,
      });
      await until('it ran', () => existsSync(out) && readFileSync(out, 'utf8') !== '');
      expect(readFileSync(out, 'utf8')).toContain(`/app.slice/openclaw-releases-${name}.service`);
    });
  });

  test.runIf(process.env.OPENCLAW_RELEASES_LAB === '1')('says whether a user lingers', () => {
    expect(lingers('claw')).toBe(true);
    expect(lingers('nobody')).toBe(false);
  });
});
