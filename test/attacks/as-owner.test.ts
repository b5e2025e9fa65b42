import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { type Arena, OTHER, OWNER, openArena, SECRET, UNIT } from './arena.js';
import { plantRoot } from './forged.js';

const HERE = 'test/attacks';

const atEnd = atEndOfAll();
let arena: Arena;
let count = 0;

beforeAll(async () => {
  arena = await openArena(atEnd);
});

interface Play {
  /** Printed before the replies. */
  says?: string;
  /** Sent one after the other, each after the reply to the one before. */
  requests?: unknown[];
  /** Sent at once. */
  messages?: unknown[];
  exitCode?: number;
  signal?: string;
  waits?: boolean;
  leavesBehind?: boolean;
}

interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
  log: string;
}

/** Starts root's command with a program that the owner has chosen in the place of this one. */
function start(
  play: Play,
  words: string[],
  { uid = OWNER.uid, env = {}, node = arena.node, input = '' } = {},
) {
  const files = join(arena.path, `play-${++count}`);
  mkdirSync(files, { mode: 0o755 });
  writeFileSync(join(files, 'play.json'), JSON.stringify(play));
  writeFileSync(join(files, 'log'), '');
  chmodSync(join(files, 'log'), 0o666);
  const checkout = join(arena.cli, '../../..');
  const root = plantRoot(arena.home());
  const words_ = [join(checkout, HERE, 'as-owner.mjs'), join(checkout, HERE, 'false-owner.cjs')];
  const argv = [node, ...words_, join(checkout, 'dist/cli/entry.js'), root, String(uid), ...words];
  const shell = `${input}exec "$@"`;
  const child = arena.inside(['sh', '-c', shell, 'sh', ...argv], {
    env: {
      OPENCLAW_RELEASES_PLAY: join(files, 'play.json'),
      OPENCLAW_RELEASES_LOG: join(files, 'log'),
      ...env,
    },
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
    });
  }
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (exitCode) =>
      resolve({ exitCode, ...said, log: readFileSync(join(files, 'log'), 'utf8') }),
    ),
  );
  return { child, said, ended, root, log: () => readFileSync(join(files, 'log'), 'utf8') };
}

const play = (what: Play, words: string[] = ['list'], over = {}) => start(what, words, over).ended;

/** Answers of root's process, by request. */
async function replies(requests: unknown[], words: string[]) {
  const { stdout, stderr } = await play({ requests }, words);
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout).replies as {
    answer?: { ok: boolean };
    error?: { code: string; message: string };
  }[];
}

describe('the process of the owner', () => {
  test('has the number, the group and no other group of the owner', async () => {
    const { stdout } = await play({});
    expect(JSON.parse(stdout)).toMatchObject({ uid: OWNER.uid, gid: OWNER.gid });
    expect(JSON.parse(stdout).groups.filter((group: number) => group !== OWNER.gid)).toEqual([]);
  });

  test("has nothing of root's environment but harmless variables and the way to a registry", async () => {
    const env = {
      ...{
        NODE_OPTIONS: '--no-warnings',
        LD_LIBRARY_PATH: '/root/lib',
        SUDO_USER: 'admin',
        npm_config_token: SECRET,
      },
      ...{
        HTTP_PROXY: `http://u:${SECRET}@proxy/`,
        TMPDIR: '/root/tmp',
        XDG_RUNTIME_DIR: '/run/user/0',
        LC_ALL: 'C',
      },
      npm_config_registry: `https://u:${SECRET}@host/`,
      ...{ https_proxy: 'http://proxy:3128', npm_config_cafile: '/etc/company.pem' },
    };
    const { stdout } = await play({}, ['list'], { env });
    const { env: had } = JSON.parse(stdout);
    expect(
      Object.keys(had)
        .filter((name) => !name.startsWith('OPENCLAW_RELEASES_'))
        .sort(),
    ).toEqual(
      ['HOME', 'LANG', 'LC_ALL', 'LOGNAME', 'PATH', 'USER', 'https_proxy', 'npm_config_cafile'].sort(),
    );
    expect(had).toMatchObject({ HOME: '/usr/games', USER: 'games', LOGNAME: 'games', LC_ALL: 'C' });
    expect(stdout).not.toContain(SECRET);
  });

  test('has no terminal of root', async () => {
    // `script` gives the command a terminal; the owner's process must not be able to open it.
    const probe = join(arena.path, 'probe.cjs');
    writeFileSync(
      probe,
      `process.send({ id: 0 });
      const fs = require('node:fs');
      let tty = 'none';
      try { fs.openSync('/dev/tty', 'r+'); tty = 'open'; } catch (error) { tty = error.code; }
      const isTTY = [0, 1, 2].map((fd) => require('node:tty').isatty(fd));
      console.log('PROBE ' + JSON.stringify({ tty, isTTY }));`,
    );
    const checkout = join(arena.cli, '../../..');
    const root = plantRoot(arena.home());
    const command = [
      arena.node,
      join(checkout, HERE, 'as-owner.mjs'),
      probe,
      join(checkout, 'dist/cli/entry.js'),
      root,
      String(OWNER.uid),
      'list',
    ];
    const child = arena.inside(['script', '-qec', command.join(' '), '/dev/null']);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(JSON.parse(/PROBE (.*)/.exec(text)?.[1] ?? text)).toEqual({
      tty: 'ENXIO',
      isTTY: [false, false, false],
    });
  });

  test.each([0, 3, 4, 7, 77])('ends root’s command with its exit code, %d', async (exitCode) => {
    expect(await play({ exitCode })).toMatchObject({ exitCode });
  });

  test('ends root’s command as a shell reports a signal', async () => {
    expect(await play({ signal: 'SIGKILL' })).toMatchObject({ exitCode: 137 });
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'gets the %s that root’s command gets',
    async (signal) => {
      const { child, said, ended } = start({ waits: true }, ['list']);
      await until('it waits', () => said.stdout.includes('waiting'));
      child.kill(signal);
      expect(await ended).toMatchObject({ exitCode: 40, stdout: expect.stringContaining(`got ${signal}`) });
    },
  );

  test('learns that root’s process was killed', async () => {
    const { child, said, ended, log } = start({ waits: true }, ['list']);
    await until('it waits', () => said.stdout.includes('waiting'));
    child.kill('SIGKILL');
    await ended;
    await until('it has noticed', () => log().includes('disconnected'));
  });

  test('cannot keep root’s command from ending by what it leaves behind', async () => {
    const { ended } = start({ leavesBehind: true }, ['list']);
    const { exitCode, log } = await ended;
    process.kill(Number(log), 'SIGKILL');
    expect(exitCode).toBe(0);
  });

  test('cannot write control characters to the terminal of root', async () => {
    const { stdout } = await play({ requests: [{ does: '\u001b]0;pwned\u0007' }] });
    expect(stdout).not.toContain('\u001b');
  });

  test.each([
    [['--color', 'always'], ['--color', 'never'], '\u001b[31merror:'],
    [['--color=always'], ['--color=never'], '\u001b[31merror:'],
    [['--json', '--color', 'always'], ['--json', '--color', 'never'], '\nerror:'],
    [[], [], '\nerror:'],
  ])('has no colours, which root’s process adds: %j', async (words, owns, shown) => {
    const { stdout } = await play({ says: '\nerror: It broke. [internal]\n\u001b[31mred' }, [
      'list',
      ...words,
    ]);
    expect(stdout).toContain(shown);
    expect(stdout).toContain('\\u001b[31mred');
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ words: ['list', ...owns] });
  });

  test.each([
    ['no object', [null, 7, 'text', [], true]],
    [
      'no request',
      [{}, { id: 1 }, { id: 'x', request: {} }, { id: 1, request: null }, { id: 1, request: 7 }],
    ],
    ['names of Object', [JSON.parse('{"id":1,"request":{"__proto__":{"does":"apply-unit"}}}')]],
  ])('changes nothing by messages that are %s', async (_, messages) => {
    const before = arena.systemFiles();
    const played = await play({ messages }, ['adopt', '--system']);
    expect(played, JSON.stringify(played)).toMatchObject({ exitCode: 0 });
    expect(arena.systemFiles()).toEqual(before);
  });
});

describe('a Node or a program that the owner may not start', () => {
  test.each([
    ['Node', 'node'],
    ['program', 'program'],
  ])('is one clear error: %s', async (_, which) => {
    const hidden = join(arena.path, `hidden-${which}`);
    mkdirSync(hidden, { mode: 0o700 });
    const root = plantRoot(arena.home());
    const checkout = join(arena.cli, '../../..');
    copyFileSync(process.execPath, join(hidden, 'node'));
    chmodSync(join(hidden, 'node'), 0o755);
    const program = join(hidden, 'main.cjs');
    writeFileSync(program, '');
    const node = which === 'node' ? join(hidden, 'node') : arena.node;
    const words = [
      join(checkout, HERE, 'as-owner.mjs'),
      program,
      join(checkout, 'dist/cli/entry.js'),
      root,
      String(OWNER.uid),
      'list',
    ];
    const child = arena.inside([node, ...words]);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
    }
    const exitCode = await new Promise((resolve) => child.on('close', resolve));
    expect(text).toMatch(
      /^error: games, who owns the root, cannot start this program\. \[node_unavailable\]\n {2}Nothing was changed\.\n {2}next: sudo -u games [^\n]*\n$/,
    );
    expect(exitCode).toBe(3);
  });

  test('an owner without an account is one clear error', async () => {
    const { stderr, exitCode } = await play({}, ['list'], { uid: 987_654 });
    expect(stderr).toMatch(
      /^error: .* belongs to user 987654, who has no account here\. \[root_not_owned\]\n/,
    );
    expect(exitCode).toBe(3);
  });
});

describe('requests of the owner', () => {
  const timer = { does: 'enable-timer', registry: null, offsetMs: 1 };

  test('that root’s command needs write units that run as the owner, and are undone', async () => {
    const before = arena.systemFiles();
    const { ended, root } = start({ requests: [{ does: 'apply-unit' }, timer] }, [
      'adopt',
      '--system',
      '--unit',
      UNIT,
    ]);
    const { stdout, stderr } = await ended;
    expect(stderr).toBe('');
    const [applied, enabled] = JSON.parse(stdout).replies;
    expect([applied, enabled]).toEqual([
      { id: 1, answer: expect.objectContaining({ ok: true }) },
      { id: 2, answer: expect.objectContaining({ ok: true }) },
    ]);
    const files = arena.systemFiles();
    const added = Object.keys(files).filter((path) => !(path in before));
    expect(added.filter((path) => path.startsWith('/etc')).sort()).toEqual(
      [
        ...[
          'multi-user.target.wants/openclaw-releases-recover.service',
          'openclaw-gateway.service.d/zz-openclaw-releases.conf',
        ],
        ...[
          'openclaw-releases-auto.service',
          'openclaw-releases-auto.timer',
          'openclaw-releases-recover.service',
        ],
        ...['openclaw-releases-rescue.service', 'timers.target.wants/openclaw-releases-auto.timer'],
      ].map((name) => `/etc/systemd/system/${name}`),
    );
    for (const path of added.filter((name) => name.endsWith('.service') && !files[name]?.startsWith('-> '))) {
      expect(files[path], path).toContain(`\nUser=${OWNER.name}\n`);
    }
    expect(files[`/etc/systemd/system/${UNIT}.d/zz-openclaw-releases.conf`]).toContain(
      `ExecStart="${root}/bin/gateway"`,
    );
    const undo = [{ does: 'disable-timer' }, { does: 'remove-unit' }];
    // The same root: the record of root is found by its path.
    const undone = await again(root, undo, ['unadopt', '--system', '--unit', UNIT]);
    expect(undone.exitCode, undone.stderr).toBe(0);
    expect(arena.systemFiles()).toEqual(before);
    expect(arena.jobs().every((job) => /daemon-reload|openclaw-releases-auto\.timer$/.test(job))).toBe(true);
  });

  test.each([
    ['list', ['list']],
    ['timer status', ['timer', 'status']],
    ['adopt without --system', ['adopt']],
    ['adopt --system --dry-run', ['adopt', '--system', '--dry-run']],
    ['pin', ['pin', '2026.6.1']],
  ])('write nothing where root typed %s', async (_, words) => {
    const before = arena.systemFiles();
    const requests = [{ does: 'apply-unit' }, timer, { does: 'disable-timer' }, { does: 'remove-unit' }];
    for (const { error } of await replies(requests, words)) expect(error).toMatchObject({ code: 'usage' });
    expect(arena.systemFiles()).toEqual(before);
  });

  test('make no unit start a root where root only recovers', async () => {
    const before = arena.systemFiles();
    const [applied] = await replies([{ does: 'apply-unit' }], ['recover']);
    expect(applied?.error).toMatchObject({ code: 'usage' });
    expect(arena.systemFiles()).toEqual(before);
  });

  test('are jobs of the gateway’s unit alone', async () => {
    const done = arena.jobs().length;
    const jobs = [
      ['restart', '--no-block', '--', UNIT],
      ['restart', '--', 'ssh.service'],
      ['--root=/home', 'restart', '--', UNIT],
      ['daemon-reload'],
    ];
    const answers = await replies(
      jobs.map((args) => ({ does: 'systemctl', args })),
      ['list'],
    );
    expect(answers.map(({ error }) => error?.code ?? 'done')).toEqual(['done', 'usage', 'usage', 'done']);
    expect(arena.jobs().slice(done)).toEqual([
      `--system --no-ask-password restart --no-block -- ${UNIT}`,
      '--system --no-ask-password daemon-reload',
    ]);
  });

  test('of a user whom the unit does not run as are refused', async () => {
    const before = arena.systemFiles();
    const requests = [{ does: 'apply-unit' }, timer, { does: 'systemctl', args: ['restart', '--', UNIT] }];
    const { stdout } = await play({ requests }, ['adopt', '--system'], { uid: OTHER.uid });
    for (const { error } of JSON.parse(stdout).replies)
      expect(error).toMatchObject({ code: 'root_not_owned' });
    expect(arena.systemFiles()).toEqual(before);
  });

  /** The command once more on a root that is there. */
  async function again(root: string, requests: unknown[], words: string[]): Promise<Ended> {
    const file = join(arena.path, `play-again-${++count}.json`);
    writeFileSync(file, JSON.stringify({ requests }));
    const checkout = join(arena.cli, '../../..');
    const argv = [join(checkout, HERE, 'as-owner.mjs'), join(checkout, HERE, 'false-owner.cjs')];
    const child = arena.inside(
      [arena.node, ...argv, join(checkout, 'dist/cli/entry.js'), root, String(OWNER.uid), ...words],
      {
        env: { OPENCLAW_RELEASES_PLAY: file, OPENCLAW_RELEASES_LOG: '/dev/null' },
      },
    );
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    return new Promise((resolve) =>
      child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr, log: '' })),
    );
  }
});
