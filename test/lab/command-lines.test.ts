import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../src/host/port.js';
import { parseCommandLines } from '../../src/host/systemd/command-line.js';
import { parseArgv } from '../../src/host/systemd/format.js';
import { specifiersOf } from '../../src/host/systemd/specifiers.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { sampledAdoption, skeleton } from '../support/sample.js';
import { installedMain } from './gateway.js';
import { type Machine, NODE, REPOSITORY } from './machine.js';
import { rememberInstance } from './observed.js';
import { FIRST, makeOperator, type Operator, QUICK } from './operator.js';

/** Programs before Node, as people have them. */
const PROGRAMS = {
  'with-secrets': '#!/bin/sh\nFETCHED="$(cat ~/secret)"; export FETCHED\nexec "$@"\n',
  proxychains4:
    '#!/bin/sh\n[ "$1" != -q ] || shift\nexport PROXYCHAINS_CONF_FILE=/etc/proxychains.conf\nexec "$@"\n',
  // Stays, as `doppler run` does, and passes the signal on.
  doppler: `#!/bin/sh
shift 2
export FETCHED=by-doppler
"$@" & child=$!
trap 'kill -TERM $child' TERM
wait $child; wait $child
`,
  node: `#!/bin/sh\nexec ${NODE} "$@"\n`,
};

interface Row {
  title: string;
  exec: (main: string, port: number, bin: string) => string;
  /** Variables of the process that answers. */
  variables?: Record<string, string>;
  /** Its Node has loaded a file that an option names. */
  hooked?: boolean;
}

const ROWS: Row[] = [
  {
    title: 'hosts-6: variables set by env',
    exec: (main, port) => `/usr/bin/env OPENCLAW_GATEWAY_PORT=${port} SET_BY_ENV=%n ${NODE} ${main} gateway`,
    variables: { SET_BY_ENV: 'openclaw-gateway.service' },
  },
  {
    title: 'hosts-7: a script that fetches a secret',
    exec: (main, port, bin) => `${bin}/with-secrets ${NODE} ${main} gateway --port ${port}`,
    variables: { FETCHED: 'top secret' },
  },
  {
    title: 'hosts-8: a proxy',
    exec: (main, port, bin) => `${bin}/proxychains4 -q ${NODE} ${main} gateway --port ${port}`,
    variables: { PROXYCHAINS_CONF_FILE: '/etc/proxychains.conf' },
  },
  {
    title: 'hosts-5: a shim of Node',
    exec: (main, port, bin) => `${bin}/node ${main} gateway --port ${port}`,
  },
  {
    title: 'a secret fetcher that stays',
    exec: (main, port, bin) => `${bin}/doppler run -- ${NODE} ${main} gateway --port ${port}`,
    variables: { FETCHED: 'by-doppler' },
  },
  {
    title: 'a shell, and options of Node',
    exec: (main, port) =>
      `/bin/sh -c '. ~/variables; export FETCHED; exec ${NODE} -r ~/hook.cjs ${main} gateway --port ${port}'`,
    variables: { FETCHED: 'from a file' },
    hooked: true,
  },
];

describe('a gateway whose unit starts it through other programs', () => {
  const atEnd = atEndOfAll();
  let operator: Operator;
  let machine: Machine;
  let bin: string;

  beforeAll(async () => {
    operator = await makeOperator(atEnd, { '2026.6.1': {}, '2026.6.5': { neverReady: true } });
    ({ machine } = operator);
    bin = join(machine.claw.home, 'bin');
    for (const [name, text] of Object.entries(PROGRAMS)) await machine.write(join(bin, name), text);
    await machine.write(join(machine.claw.home, 'secret'), 'top secret\n');
    await machine.write(join(machine.claw.home, 'variables'), "FETCHED='from a file'\n");
    const hook = `if (process.argv[2] === 'gateway') fs.writeFileSync('${machine.claw.home}/hooked', String(process.pid))`;
    await machine.write(join(machine.claw.home, 'hook.cjs'), `const fs = require('node:fs');\n${hook}\n`);
    await machine.run(`chmod +x ${bin}/*`);
  }, 120_000);

  /** Gives the unit another command, and restarts it. */
  async function start(line: string): Promise<void> {
    const { file } = operator.gateway;
    const text = (await machine.read(file)).replace(/^ExecStart=.*$/m, () => `ExecStart=${line}`);
    await machine.write(file, text);
    await machine.run(`systemctl --user daemon-reload && systemctl --user restart ${operator.gateway.unit}`);
  }

  async function versionAt(port: number): Promise<string | null> {
    const answer = await fetch(`http://127.0.0.1:${port}/startupz`).catch(() => null);
    return ((await answer?.json().catch(() => null)) as { version?: string } | null)?.version ?? null;
  }

  /** Pid and variables of the process that listens on a port, from the kernel. */
  async function answering(port: number): Promise<string[]> {
    const { stdout } = await machine.run(
      `pid=$(ss -Htlnp "sport = :${port}" | sed 's/.*pid=\\([0-9]*\\).*/\\1/'); echo $pid; tr '\\0' '\\n' </proc/$pid/environ`,
      { as: 'root' },
    );
    return stdout.split('\n');
  }

  test('a report has the unit and the log, also of a gateway that is stopped, and none of its secrets', async () => {
    const [port, before] = [await freePort(), await machine.read(operator.gateway.file)];
    await machine.write(join(machine.claw.home, 'secrets.env'), 'FROM_A_FILE_TOKEN="canary of a file"\n');
    const tells = `/bin/sh -c 'echo It knows $SERVICE_API_KEY and $FROM_A_FILE_TOKEN; exec ${NODE} ${installedMain(machine)} gateway --port ${port}'`;
    const secrets =
      'Environment=SERVICE_API_KEY=canary-of-the-unit\nEnvironmentFile=%h/secrets.env\nSetCredential=one:canary-in-the-unit\n# node gateway --password canary-of-an-option';
    await start(`${tells}\n${secrets}`);
    await until(`${FIRST} answers on ${port}`, async () => (await versionAt(port)) === FIRST);
    const { steps } = await operator.ok(`adopt ${QUICK}`);
    const said = steps.map(({ title, note }: Record<string, string>) => skeleton(`✔ ${title} ${note}`));
    const sample = sampledAdoption(readFileSync(join(REPOSITORY, 'README.md'), 'utf8'));
    expect(sample.length).toBeGreaterThan(5);
    expect(sample.filter((line) => !said.some((one: string) => skeleton(line).startsWith(one)))).toEqual([]);
    const { unit } = operator.gateway;
    const expectTold = async () => {
      const { report } = await operator.ok('report');
      expect(report.unit.join('\n')).toContain('SERVICE_API_KEY=…');
      expect(report.log.join('\n')).toContain('It knows … and …');
      expect(JSON.stringify(report)).not.toContain('canary');
      expect(report.changes.at(-1)).toMatchObject({ plan: { kind: 'adopt' } });
    };
    await expectTold();
    const { lines } = await operator.ok('logs');
    expect(lines.join('\n')).toContain('It knows … and …');
    expect(lines).toContainEqual(expect.stringMatching(/: openclaw-releases: starting 2026\.5\.28, /));
    await machine.run(`systemctl --user stop ${unit}`);
    await expectTold();
    await machine.run(`systemctl --user start ${unit}`);
    await until(`${FIRST} answers on ${port}`, async () => (await versionAt(port)) === FIRST);
    await operator.ok(`unadopt ${QUICK}`);
    await machine.write(operator.gateway.file, before);
  }, 180_000);

  test.each(ROWS)(
    '$title: adopted, updated, rolled back, and the same instance each time',
    async (row) => {
      const port = await freePort();
      await start(row.exec(installedMain(machine), port, bin));
      const expectSame = async (version: string) => {
        await until(`${version} answers on ${port}`, async () => (await versionAt(port)) === version);
        const [pid, ...variables] = await answering(port);
        for (const [name, value] of Object.entries(row.variables ?? {}))
          expect(variables).toContain(`${name}=${value}`);
        if (row.hooked) expect(await machine.read(join(machine.claw.home, 'hooked'))).toBe(pid);
      };
      await expectSame(FIRST);
      const expectOutside = await rememberInstance(machine, operator.gateway);
      await operator.ok(`adopt ${QUICK}`);
      await expectSame(FIRST);
      await expectOutside(FIRST);
      expect((await operator.ok('status')).gateway).toMatchObject({
        release: FIRST,
        health: { ready: true },
      });
      await operator.ok(`update 2026.6.1 ${QUICK}`);
      await expectSame('2026.6.1');
      await expectOutside('2026.6.1');
      const bad = await operator.ocr(`update 2026.6.5 ${QUICK}`);
      expect(bad.json).toMatchObject({ status: 'rolled_back', undoError: null });
      await expectSame('2026.6.1');
      await expectOutside('2026.6.1');
      await operator.ok(`unadopt ${QUICK}`);
      await expectSame(FIRST);
      await expectOutside(FIRST);
    },
    180_000,
  );

  test('a wrapper that hides OpenClaw is refused before anything restarts, with what to write', async () => {
    const port = await freePort();
    await machine.write(join(bin, 'hidden'), `#!/bin/sh\nexec ${NODE} ${installedMain(machine)} "$@"\n`);
    await machine.run(`chmod +x ${bin}/hidden`);
    await start(`${bin}/hidden gateway --port ${port}`);
    await until('it answers', async () => (await versionAt(port)) === FIRST);
    const { InvocationID } = await operator.gateway.show();
    const { exitCode, json } = await operator.ocr(`adopt ${QUICK}`);
    expect(json.error).toMatchObject({
      code: 'command_unknown',
      hint: expect.stringContaining(`ExecStart=${bin}/hidden `),
    });
    expect(exitCode).toBe(3);
    expect((await operator.gateway.show()).InvocationID).toBe(InvocationID);
  }, 60_000);

  test('command lines are read as this systemd reads them', async () => {
    const lines = [
      `/bin/x 'a b'c "d"'e' f\\x20g \\x41\\102\\u00e9 \\xc3\\xa9 \\s\\t. \\q \\\\ \\"`,
      '"/bin/my x" a\\ b "\\x20" %h %n %N %p %i %j %t %% $A x$B $$',
      '-@:/bin/x name \\; ";" a;b',
      '!!/bin/x é "ü\\"" \'\\\'\'',
      'true   a\tb',
    ];
    const unit = (at: number) => `line-${at}@in-st.service`;
    for (const [at, line] of lines.entries())
      await machine.write(
        `${machine.claw.home}/.config/systemd/user/${unit(at)}`,
        `[Service]\nExecStart=${line}\n`,
      );
    await machine.run('systemctl --user daemon-reload');
    for (const [at, line] of lines.entries()) {
      const address = { scope: 'user', unit: unit(at) } as const;
      const env = { HOME: machine.claw.home, XDG_RUNTIME_DIR: `/run/user/${machine.claw.uid}` };
      const [command, ...others] = parseCommandLines(line, specifiersOf(address, '', env));
      const words = (command?.words ?? []).map(({ value }) => value);
      const argv = command?.signs.includes('@') ? words.slice(1) : words;
      const shown = parseArgv((await machine.unit(unit(at), 'user')).ExecStart ?? '');
      expect(shown?.replace(/^\/usr\/bin\/true/, 'true')).toBe(argv.join(' '));
      expect(others).toEqual([]);
    }
  }, 60_000);
});
