import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { hierarchies } from './disk.js';
import { bootMachine, type Machine, NODE, REPOSITORY } from './machine.js';

/** Every place on the host where a machine of this name has something. */
function traces(machine: Machine): string[] {
  const own = machine.root.split('/').at(-2) ?? '';
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const lists = ['/run/systemd/nspawn/propagate', '/run/systemd/machines'].filter(existsSync);
  return [
    ...mounts.filter((line) => line.includes(own)),
    ...hierarchies()
      .map((path) => join(path, own))
      .filter(existsSync),
    ...lists.flatMap((path) => readdirSync(path)).filter((name) => name === machine.name),
    ...[join(machine.root, '..')].filter(existsSync),
  ];
}

describe('a machine with a real systemd', () => {
  let machine: Machine;
  const atEnd = atEndOfAll();
  beforeAll(async () => {
    machine = await bootMachine({ atEnd });
  });

  test('has a user with a manager that nobody logged in for', async () => {
    expect(await machine.unit(`user@${machine.claw.uid}.service`, 'system')).toMatchObject({
      ActiveState: 'active',
    });
    expect((await machine.run('loginctl show-user claw --property=Linger')).stdout).toBe('Linger=yes');
    expect((await machine.run('systemctl --failed --quiet', { as: 'root' })).stdout).toBe('');
  });

  test('runs commands as a login would, outside of every service', async () => {
    const asked =
      'echo "$USER $HOME $PWD $XDG_RUNTIME_DIR [$INVOCATION_ID] 100%n"; command -v node; cat /proc/self/cgroup';
    const { stdout } = await machine.run(asked);
    expect(stdout).toContain(`claw /home/claw /home/claw /run/user/${machine.claw.uid} [] 100%n\n${NODE}`);
    expect(stdout).toMatch(
      new RegExp(`^0::/user.slice/user-${machine.claw.uid}.slice/session-\\w+.scope$`, 'm'),
    );
    expect((await machine.run('node --version')).stdout).toBe(process.version);
    expect((await machine.run('id -un; pwd', { as: 'root' })).stdout).toBe('root\n/root');
  });

  test('tells how a command ended and what it printed where', async () => {
    const ran = await machine.run('echo out; echo "$WORD" >&2; exit 7', {
      env: { WORD: 'a "b" $c' },
      reject: false,
    });
    expect(ran).toEqual({ exitCode: 7, stdout: 'out', stderr: 'a "b" $c' });
    await expect(machine.run('echo why >&2; exit 7')).rejects.toThrow(/Ended with 7: .*why/s);
    expect((await machine.run('kill -KILL $$', { reject: false })).exitCode).toBe(137);
  });

  test('ends a command that takes too long', async () => {
    await expect(machine.run('echo begun; sleep 61.5; true', { timeoutMs: 1_000 })).rejects.toThrow(
      /Not within \d+ ms: .*begun/s,
    );
    expect((await machine.run('pgrep -f "sleep 61.[5]"', { reject: false })).stdout).toBe('');
  });

  test('starts a user unit, shows it and keeps its journal', async () => {
    const unit = '[Service]\nExecStart=/bin/sh -c "echo from inside; exec sleep 600"\n';
    await machine.write('/home/claw/.config/systemd/user/forever.service', unit);
    await machine.run('systemctl --user daemon-reload && systemctl --user start forever');
    const shown = await machine.unit('forever.service', 'user');
    expect(shown).toMatchObject({ ActiveState: 'active', SubState: 'running', NRestarts: '0' });
    expect(shown.ControlGroup).toContain(`/user@${machine.claw.uid}.service/app.slice/forever.service`);
    await until('the journal has what it and its manager said', async () => {
      const said = await machine.journal('forever.service');
      return said.includes('Started forever.service') && said.includes('from inside');
    });
    await machine.run('systemctl --user stop forever');
    expect(await machine.unit('forever.service', 'user')).toMatchObject({ ActiveState: 'inactive' });
  });

  test('runs transient units of the user', async () => {
    const { stdout } = await machine.run('systemd-run --user --quiet --pipe --wait cat /proc/self/cgroup');
    expect(stdout).toMatch(/^0::\/user.slice\/.*\/app.slice\/run-[\w-]+.service$/m);
  });

  test('sees the checkout and a shared directory, and nothing it writes elsewhere reaches the host', async () => {
    expect(await machine.read(join(REPOSITORY, 'package.json'))).toBe(
      readFileSync(join(REPOSITORY, 'package.json'), 'utf8'),
    );
    const refused = await machine.run(`touch ${REPOSITORY}/x`, { as: 'root', reject: false });
    expect(refused.stderr).toContain('Read-only file system');
    writeFileSync(join(machine.shared, 'to'), 'there');
    await machine.run(`cat ${machine.shared}/to >${machine.shared}/back`);
    expect(readFileSync(join(machine.shared, 'back'), 'utf8')).toBe('there');
    await machine.write('/etc/lab-was-here', 'yes\n', 'root');
    expect(await machine.read('/etc/lab-was-here')).toBe('yes\n');
    expect(existsSync('/etc/lab-was-here')).toBe(false);
    expect(existsSync('/home/claw')).toBe(false);
  });

  test.each(['reboot', 'crash'] as const)(
    'a %s keeps files, starts what is enabled, and is another boot',
    async (how) => {
      const unit = '[Service]\nExecStart=/bin/sleep 600\n[Install]\nWantedBy=default.target\n';
      await machine.write('/home/claw/.config/systemd/user/enabled.service', unit);
      await machine.write('/home/claw/kept', how);
      await machine.write('/run/lost', how, 'root');
      await machine.run('systemctl --user daemon-reload && systemctl --user enable --now enabled');
      const running = machine.run('sleep 600', { reject: false });
      const before = { boot: await machine.bootId(), unit: await machine.unit('enabled.service', 'user') };

      await machine[how]();
      expect((await running).exitCode).toBe(-1);

      expect(await machine.read('/home/claw/kept')).toBe(how);
      await expect(machine.read('/run/lost')).rejects.toThrow('No such file');
      const after = { boot: await machine.bootId(), unit: await machine.unit('enabled.service', 'user') };
      expect(after.boot).not.toBe(before.boot);
      expect(after.boot).not.toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
      expect(after.unit).toMatchObject({ ActiveState: 'active', NRestarts: '0' });
      expect(after.unit.InvocationID).not.toBe(before.unit.InvocationID);
      expect(await machine.journal('forever.service')).toContain('from inside');
    },
  );

  test('nothing is left at the end, even of what does not want to end', async () => {
    await machine.run("systemd-run --user --quiet sh -c 'trap : TERM; while :; do sleep 1; done'");
    const leader = machine.leader();
    expect(traces(machine).length).toBeGreaterThan(3);
    await machine.end();
    expect(traces(machine)).toEqual([]);
    expect(existsSync(`/proc/${leader}`)).toBe(false);
  });
});
