import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { identify } from '../../../../src/host/process.js';
import { askSystemd } from '../../../../src/host/systemd/systemctl.js';
import { readUnit } from '../../../../src/host/systemd/unit.js';
import { restartUnit } from '../../../../src/supervisor/systemd/restart.js';
import { until } from '../../../support/place.js';

/** Programs that fail in place of systemd's; a real one is tested elsewhere. */
describe('a program of systemd', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'openclaw-releases-systemctl-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    // Socket that shows that systemd is present.
    mkdirSync(join(directory, 'systemd'));
    writeFileSync(join(directory, 'systemd/private'), '');
    vi.stubEnv('XDG_RUNTIME_DIR', directory);
    vi.stubEnv('PATH', `${directory}:/usr/bin:/bin`);
    onTestFinished(() => void vi.unstubAllEnvs());
  });

  function install(script: string, mode = 0o755): void {
    writeFileSync(join(directory, 'systemctl'), `#!/bin/sh\n${script}\n`, { mode });
  }

  const ask = (timeoutMs = 30_000) => askSystemd('systemctl', 'user', ['show'], { GIVEN: 'yes' }, timeoutMs);

  test('answers with its output, and gets no input', async () => {
    install('cat; echo "$*"; echo "$GIVEN $XDG_RUNTIME_DIR"; echo " a warning" >&2');
    expect(await ask()).toEqual({
      ok: true,
      killed: false,
      stdout: `--user --no-ask-password show\nyes ${directory}`,
      stderr: 'a warning',
    });
  });

  test('may fail, which is an answer, or be killed, which is an error', async () => {
    install('echo no such unit >&2; exit 5');
    expect(await ask()).toEqual({ ok: false, killed: false, stdout: '', stderr: 'no such unit' });
    install('kill -KILL $$');
    expect(await ask()).toMatchObject({ ok: false, killed: true });
  });

  test('that does not answer is killed in time, even while another process holds its output open', async () => {
    const pids = join(directory, 'pids');
    install(`trap "" TERM; sleep 60 & echo $$ $! >${pids}; wait`);
    const asked = ask(2_000);
    await expect(asked).rejects.toMatchObject({
      code: 'supervisor_failed',
      message: 'systemctl did not answer within 2000 ms.',
      hint: 'systemctl --user status',
    });
    const [own = 0, left = 0] = readFileSync(pids, 'utf8').split(' ').map(Number);
    process.kill(left, 'SIGKILL');
    await until('it is gone', () => identify(own) === null);
  });

  test('is asked about a unit once more when another program has ended it, and not for ever', async () => {
    const once = join(directory, 'once');
    install(`test -e ${once} || { touch ${once}; kill -TERM $$; }; echo LoadState=loaded; echo MainPID=7`);
    const address = { scope: 'user', unit: 'openclaw-gateway.service' } as const;
    expect(await readUnit(address)).toMatchObject({ mainPid: 7 });
    expect(existsSync(once)).toBe(true);
    install('kill -TERM $$');
    await expect(readUnit(address)).rejects.toMatchObject({ code: 'supervisor_failed' });
  });

  test('thaws a unit that is frozen before it restarts it: as systemd 257, it would not stop it', async () => {
    const [frozen, instance] = [join(directory, 'frozen'), join(directory, 'instance')];
    writeFileSync(frozen, '');
    writeFileSync(instance, 'before');
    install(`case "$*" in
      *" show "*)
        printf '%s\\n' LoadState=loaded ActiveState=active SubState=running MainPID=7 "InvocationID=$(cat ${instance})"
        test -e ${frozen} && echo FreezerState=frozen ;;
      *" thaw "*) rm ${frozen} ;;
      *" restart "*) test -e ${frozen} || printf after >${instance} ;;
    esac
    true`);
    const restarted = await restartUnit({ scope: 'user', unit: 'openclaw-gateway.service' });
    expect(restarted.instance).toBe('after');
  });

  test('that is missing, or cannot be run, is named', async () => {
    vi.stubEnv('PATH', directory);
    await expect(ask()).rejects.toMatchObject({
      code: 'supervisor_failed',
      message: 'systemctl is not installed, or not on PATH.',
    });
    install('exit 0', 0o644);
    await expect(ask()).rejects.toMatchObject({
      code: 'supervisor_failed',
      message: 'systemctl cannot be started (EACCES).',
    });
  });
});
