import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { replaceSymlinkDurably } from '../../src/host/durable.js';
import { bootId } from '../../src/host/process.js';
import { IMPOSTOR_NAMES, NO_RELEASE, replaceBy } from './damage.js';
import { asOrdinary } from './ordinary-user.js';

const LAUNCHERS = fileURLToPath(new URL('../../layout/bin/', import.meta.url));
const MAIN = 'node_modules/openclaw/openclaw.mjs';
/** All that a launcher may need from the host; Node is not among them. */
const TOOLS = ['cat', 'dd', 'ln', 'mv', 'readlink', 'rm', 'sync'];

export function which(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

const ANOTHER_BOOT = '01234567-89ab-cdef-0123-456789abcdef';

/** A shell that the launchers have to run under. */
export interface Shell {
  name: string;
  program: string;
  flags: string[];
  /** Finds the tools beside the shell: BusyBox has its own. */
  tool: (name: string) => string | undefined;
  /** True when mounts may be hidden from a launcher here, which takes root. */
  mounts?: boolean;
}

/** The shell that `/bin/sh` is here, with the tools of this host. */
export const SYSTEM_SHELL: Shell = { name: 'sh', program: '/bin/sh', flags: [], tool: which };

let base: string;
let root: string;

/** Report of the fake Node: its own path, its arguments, and what the launcher exported. */
interface Started {
  node: string;
  pid: string;
  args: string[];
  root: string;
  release: string;
  /** Directory where Node keeps what it compiles, and whether OpenClaw is told that it need not start itself again for that. */
  cache: string;
  /** Mask for the modes of new files. */
  mask: string;
}

function addRelease(id: string, exitCode = 0): void {
  const release = join(root, 'releases', id);
  const runtime = join(root, 'runtimes', `node-for-${id}`, 'bin');
  mkdirSync(join(release, dirname(MAIN)), { recursive: true });
  mkdirSync(runtime, { recursive: true });
  writeFileSync(join(release, MAIN), '// never run by the fake Node\n');
  writeFileSync(
    join(runtime, 'node'),
    `#!/bin/sh
printf 'node=%s\\npid=%s\\nroot=%s\\nrelease=%s\\n' "$0" "$$" "$OPENCLAW_RELEASES_ROOT" "$OPENCLAW_RELEASES_RELEASE"
printf 'cache=%s\\n' "\${NODE_COMPILE_CACHE-none} \${OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED-none}"
printf 'mask=%s\\n' "$(umask)"
for argument; do printf 'arg=%s\\n' "$argument"; done
exit ${exitCode}
`,
    { mode: 0o755 },
  );
  symlinkSync(`../../runtimes/node-for-${id}/bin/node`, join(release, 'node'));
  symlinkSync(MAIN, join(release, 'main'));
  writeFileSync(join(release, 'release.json'), '{}\n');
}

function point(link: 'current' | 'previous', id: string): void {
  replaceSymlinkDurably(join(root, link), `releases/${id}`);
}

function relink(path: string, text: string): void {
  rmSync(path, { force: true });
  symlinkSync(text, path);
}

function swap(path: string, make: (path: string) => unknown): void {
  rmSync(path);
  make(path);
}

const mkfifo = (path: string) => execFileSync('mkfifo', [path]);
const makeFile = (path: string) => writeFileSync(path, '');

const CURRENT = 'openclaw-releases: starting 2026.6.1, which is current';
const NO_READLINK = "openclaw-releases: there is no readlink on the PATH, which is ''";

function writeTrial(text: string | Buffer): void {
  writeFileSync(join(root, 'trial'), text);
}

const trial = (): string | null =>
  existsSync(join(root, 'trial')) ? readFileSync(join(root, 'trial'), 'utf8') : null;
const current = (): string => readlinkSync(join(root, 'current'));

function parse(stdout: string): Started {
  const values = (key: string): string[] =>
    stdout
      .split('\n')
      .filter((line) => line.startsWith(`${key}=`))
      .map((line) => line.slice(key.length + 1));
  const [node = '', pid = '', exportedRoot = '', release = '', cache = '', mask = ''] = [
    ...['node', 'pid', 'root', 'release', 'cache', 'mask'],
  ].map((key) => values(key)[0] ?? '');
  return { node, pid, args: values('arg'), root: exportedRoot, release, cache, mask };
}

/** Every promise of the launchers, under one shell. */
export function describeLaunchers(shell: Shell): void {
  describe(`the launchers under ${shell.name}`, () => {
    let path: string;

    beforeEach(() => {
      base = realpathSync(mkdtempSync(join(tmpdir(), 'launcher test ')));
      chmodSync(base, 0o755);
      root = join(base, 'a root');
      mkdirSync(join(root, 'bin'), { recursive: true });
      for (const name of ['gateway', 'openclaw']) {
        copyFileSync(join(LAUNCHERS, name), join(root, 'bin', name));
        chmodSync(join(root, 'bin', name), 0o755);
      }
      addRelease('2026.5.28');
      addRelease('2026.6.1');
      point('previous', '2026.5.28');
      point('current', '2026.6.1');
      path = join(base, 'tools');
      mkdirSync(path);
      for (const tool of TOOLS) symlinkSync(shell.tool(tool) ?? `/bin/${tool}`, join(path, tool));
    });

    afterEach(() => {
      chmodSync(root, 0o755);
      rmSync(base, { recursive: true, force: true });
    });

    interface Options {
      prefix?: string[];
      /** Runs as a user whom permissions bind, which they do not bind root. */
      asNobody?: boolean;
      cwd?: string;
      script?: string;
      path?: string;
      env?: Record<string, string>;
    }

    async function run(name: 'gateway' | 'openclaw', args: string[] = [], options: Options = {}) {
      const script = options.script ?? join(root, 'bin', name);
      const [file = '', ...rest] = [
        ...(options.prefix ?? []),
        shell.program,
        ...shell.flags,
        script,
        ...args,
      ];
      const result = await execa(file, rest, {
        cwd: options.cwd ?? base,
        env: { PATH: options.path ?? path, ...options.env },
        extendEnv: false,
        reject: false,
        timeout: 20_000,
        ...(options.asNobody && asOrdinary()),
      });
      const started = { ...parse(result.stdout), code: result.exitCode, stderr: result.stderr };
      // Most tests compare the release alone; its absence has its reason here.
      return started.release === '' ? { ...started, release: `none: ${result.stderr}` } : started;
    }

    /** The gateway as a child that can be watched while it starts. */
    const spawnGateway = () =>
      execa(shell.program, [...shell.flags, join(root, 'bin/gateway')], {
        env: { PATH: path },
        reject: false,
      });

    /** Puts a program in front of the tool of the same name. */
    function wrap(tool: string, body: string): void {
      rmSync(join(path, tool));
      writeFileSync(join(path, tool), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    }

    const release = (id: string): string => join(root, 'releases', id);

    /** Nothing of a launcher's own may stay behind. */
    function expectNoLeftovers(): void {
      expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
    }

    describe('openclaw', () => {
      test('runs the current release by its real path, with its own Node and the arguments as they are', async () => {
        const started = await run('openclaw', ['message', 'two words', '', "it's $HOME", '--flag=*']);
        expect(started).toMatchObject({
          code: 0,
          stderr: '',
          node: join(release('2026.6.1'), 'node'),
          args: [join(release('2026.6.1'), MAIN), 'message', 'two words', '', "it's $HOME", '--flag=*'],
          root,
          release: release('2026.6.1'),
        });
      });

      test('leaves a trial alone', async () => {
        writeTrial('2026.6.1 0\n');
        expect((await run('openclaw')).release).toBe(release('2026.6.1'));
        expect(trial()).toBe('2026.6.1 0\n');
      });

      test('uses previous, and says so, when current dangles', async () => {
        rmSync(release('2026.6.1'), { recursive: true });
        const started = await run('openclaw', ['--version']);
        expect(started.args).toEqual([join(release('2026.5.28'), MAIN), '--version']);
        expect(started.stderr).toMatch(
          /^openclaw-releases: .*current cannot be started; using previous, 2026\.5\.28$/,
        );
      });

      test.each([
        [['update']],
        [['--update']],
        [['update', '--yes', '--tag', 'beta']],
        [['update', 'wizard']],
        [['--no-color', '--profile', 'a b', '--log-level=debug', 'update']],
      ])('does not let OpenClaw replace itself, and says what to run instead: %j', async (args) => {
        const refused = await run('openclaw', args);
        expect(refused).toMatchObject({ code: 3, node: '', args: [] });
        expect(refused.stderr).toMatch(
          /^openclaw-releases: .*nothing was changed; run: openclaw-releases update$/,
        );
      });

      test.each([
        [['update', 'status', '--json']],
        [['update', '--tag', 'beta', '--dry-run']],
        [['update', '--help']],
        [['plugins', 'update', '--all']],
        [['message', 'send', 'update']],
        [['--container', 'one', 'update']],
        [['--profile']],
        [['--']],
        [['-*']],
      ])('lets through commands that only read, and every other command: %j', async (args) => {
        expect(await run('openclaw', args)).toMatchObject({
          ...{ code: 0, stderr: '', args: [join(release('2026.6.1'), MAIN), ...args] },
        });
      });

      test.each(NO_RELEASE)('starts nothing that current names as %j', async (text) => {
        relink(join(root, 'current'), text);
        expect((await run('openclaw')).release).toBe(release('2026.5.28'));
        relink(join(root, 'previous'), text);
        expect(await run('openclaw')).toMatchObject({ code: 69, node: '' });
      });

      test('says which command is missing from an empty PATH', async () => {
        expect(await run('openclaw', [], { path: '' })).toMatchObject({ code: 69, stderr: NO_READLINK });
      });

      test('exits 69 with the next command when neither can be started', async () => {
        rmSync(join(root, 'releases'), { recursive: true });
        const started = await run('openclaw');
        expect(started.code).toBe(69);
        expect(started.stderr).toMatch(/^openclaw-releases: neither .*openclaw-releases recover$/);
      });
    });

    describe('gateway without a trial', () => {
      test('starts the gateway of the current release', async () => {
        const started = await run('gateway', ['--port', '18789']);
        expect(started).toMatchObject({
          code: 0,
          stderr: CURRENT,
          node: join(release('2026.6.1'), 'node'),
          args: [join(release('2026.6.1'), MAIN), 'gateway', '--port', '18789'],
          root,
          release: release('2026.6.1'),
        });
      });

      test.each([
        [
          ['--node-options', '--expose-gc', '-r', '/a b.js', '--', '--port', '1', '--', ''],
          ['--expose-gc', '-r', '/a b.js'],
          ['--port', '1', '--', ''],
        ],
        [['--node-options', '--', '*'], [], ['*']],
        [['--port', '--node-options'], [], ['--port', '--node-options']],
      ])('gives Node its options and OpenClaw the others: %j', async (args, options, rest) => {
        const started = await run('gateway', args);
        expect(started.args).toEqual([...options, join(release('2026.6.1'), MAIN), 'gateway', ...rest]);
      });

      test('becomes the gateway: same process, same exit code, and a crash switches nothing', async () => {
        addRelease('2026.7.1-2', 78);
        point('current', '2026.7.1-2');
        const child = spawnGateway();
        const result = await child;
        expect(parse(result.stdout).pid).toBe(String(child.pid));
        expect(result.exitCode).toBe(78);
        expect(current()).toBe('releases/2026.7.1-2');
        expect(trial()).toBeNull();
      });

      test.each([
        ['an absolute link', (target: string) => target],
        ['a relative link', () => '../a root/bin/gateway'],
      ])('finds its root through %s to a link to itself', async (_title, target) => {
        const folder = join(base, 'else where');
        mkdirSync(folder);
        symlinkSync(target(join(root, 'bin/gateway')), join(folder, 'first'));
        symlinkSync('first', join(folder, 'second'));
        const absolute = await run('gateway', [], { script: join(folder, 'second') });
        const relative = await run('gateway', [], { script: './second', cwd: folder });
        const bare = await run('gateway', [], { script: 'else where/second' });
        for (const started of [absolute, relative, bare]) {
          expect(started).toMatchObject({ code: 0, stderr: CURRENT, root, release: release('2026.6.1') });
        }
      });

      describe('and the compile cache of a release', () => {
        const at = (id: string): string => join(root, 'cache', id);
        const NONE = 'none none';

        test.each([
          ['nothing is named', () => ({})],
          ['that of another release is named, by a gateway that started this', () => named(at('2026.5.28'))],
        ])('names the directory of that release where there is one and %s', async (_title, env) => {
          expect((await run('gateway', [], { env: env() })).cache).toBe(NONE);
          mkdirSync(at('2026.6.1'), { recursive: true });
          expect((await run('gateway', [], { env: env() })).cache).toBe(`${at('2026.6.1')} 1`);
          point('current', '2026.5.28');
          expect((await run('gateway', [], { env: env() })).cache).toBe(NONE);
        });

        test.each([
          ['names another place', { NODE_COMPILE_CACHE: '/elsewhere' }, '/elsewhere none'],
          ['wants none', { NODE_DISABLE_COMPILE_CACHE: '1' }, NONE],
          ['wants none, in as few words', { NODE_DISABLE_COMPILE_CACHE: '' }, NONE],
        ])('leaves it alone when somebody %s', async (_title, env, cache) => {
          mkdirSync(at('2026.6.1'), { recursive: true });
          expect((await run('gateway', [], { env })).cache).toBe(cache);
        });

        const named = (directory: string) => ({
          NODE_COMPILE_CACHE: directory,
          OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED: '1',
        });
      });

      test('waits for nothing on the disk', async () => {
        wrap('sync', 'echo synced >&2');
        expect((await run('gateway')).stderr).toBe(CURRENT);
      });

      test.each<[string, () => unknown]>([
        ['current is missing', () => rmSync(join(root, 'current'))],
        ['current dangles', () => rmSync(release('2026.6.1'), { recursive: true })],
        ['current has no manifest', () => rmSync(join(release('2026.6.1'), 'release.json'))],
        [
          'the Node of current is gone',
          () => rmSync(join(root, 'runtimes/node-for-2026.6.1'), { recursive: true }),
        ],
        ['the entry of current is gone', () => rmSync(join(release('2026.6.1'), MAIN))],
        ['the Node of current is a directory', () => swap(join(release('2026.6.1'), 'node'), mkdirSync)],
        ['the entry of current is a pipe', () => swap(join(release('2026.6.1'), MAIN), mkfifo)],
        ['the entry of current is no link', () => swap(join(release('2026.6.1'), 'main'), makeFile)],
        ['main of current is empty of a path', () => relink(join(release('2026.6.1'), 'main'), '.')],
        ['main of current is absolute', () => relink(join(release('2026.6.1'), 'main'), '/etc/passwd')],
        ...['../2026.5.28/main', 'node_modules/../../2026.5.28/main', '..', `./../2026.6.1/${MAIN}`].map(
          (text) =>
            [
              `main of current leads out of it: ${text}`,
              () => relink(join(release('2026.6.1'), 'main'), text),
            ] as [string, () => unknown],
        ),
      ])('starts previous, says so, and writes nothing when %s', async (_title, damage) => {
        damage();
        writeTrial('2026.6.1 2\n');
        const link = lstatSync(join(root, 'current'), { throwIfNoEntry: false })?.isSymbolicLink();
        const started = await run('gateway');
        expect(started).toMatchObject({ code: 0, release: release('2026.5.28') });
        expect(started.stderr).toMatch(
          /^openclaw-releases: .*current cannot be started; starting previous, 2026\.5\.28$/,
        );
        expect(trial()).toBe('2026.6.1 2\n');
        expect(lstatSync(join(root, 'current'), { throwIfNoEntry: false })?.isSymbolicLink()).toBe(link);
        if (link) expect(current()).toBe('releases/2026.6.1');
      });

      test.each(NO_RELEASE)('starts nothing that current or previous name as %j', async (text) => {
        relink(join(root, 'current'), text);
        const started = await run('gateway');
        expect(started.release).toBe(release('2026.5.28'));
        expect(started.stderr).toMatch(/current cannot be started; starting previous, 2026\.5\.28$/);
        relink(join(root, 'previous'), text);
        expect(await run('gateway')).toMatchObject({ code: 69, node: '' });
      });

      test('starts in a root whose path ends in newlines', async () => {
        const moved = `${root}\n\n`;
        renameSync(root, moved);
        const script = join(base, 'first');
        symlinkSync(join(moved, 'bin/gateway'), script);
        for (const path of [join(moved, 'bin/gateway'), script]) {
          const { code, stderr } = await run('gateway', [], { script: path });
          expect({ code, stderr }).toEqual({ code: 0, stderr: CURRENT });
        }
        renameSync(moved, root);
      });

      test('gives the line its priority where the journal takes one, and nowhere else', async () => {
        const server = createServer().listen(0, '127.0.0.1');
        await once(server, 'listening');
        onTestFinished(() => void server.close());
        const { port } = server.address() as AddressInfo;
        const journal = async (stream: string) => {
          const accepted = once(server, 'connection') as Promise<[Socket]>;
          // A shell that has the connection as its standard error, as a unit has the journal.
          const script = `exec 2<>/dev/tcp/127.0.0.1/${port}; inode=$(readlink /proc/self/fd/2); inode=\${inode#*[}; inode=\${inode%]}; JOURNAL_STREAM=${stream} exec "$@"`;
          const prefix = [which('bash') ?? '', '-c', script, 'bash'];
          const started = run('gateway', [], { prefix });
          const [socket] = await accepted;
          let text = '';
          socket.setEncoding('utf8').on('data', (chunk) => (text += chunk));
          await Promise.all([once(socket, 'end'), started]);
          return text.trimEnd();
        };
        expect(await journal('9:$inode')).toBe(`<6>${CURRENT}`);
        expect(await journal('9:1')).toBe(CURRENT);
        expect((await run('gateway', [], { env: { JOURNAL_STREAM: '9:1' } })).stderr).toBe(CURRENT);
        expect((await run('gateway', [], { env: { JOURNAL_STREAM: '' } })).stderr).toBe(CURRENT);
      });

      test('says which command is missing from an empty PATH', async () => {
        expect(await run('gateway', [], { path: '' })).toMatchObject({ code: 69, stderr: NO_READLINK });
      });

      test('exits 69 with one line and the next command when neither current nor previous can be started', async () => {
        rmSync(join(root, 'current'));
        rmSync(join(release('2026.5.28'), 'release.json'));
        const started = await run('gateway');
        expect(started.code).toBe(69);
        expect(started.stderr).toMatch(/^openclaw-releases: neither .* run: openclaw-releases recover$/);
      });
    });

    describe('gateway during a trial', () => {
      test.each([
        ['2026.6.1 3\n', '2026.6.1 2\n'],
        ['2026.6.1 1\n', '2026.6.1 0\n'],
        ['2026.6.1 10\n', '2026.6.1 9\n'],
        ['2026.6.1 2', '2026.6.1 1\n'],
        [`2026.6.1 3 ${bootId()}\n`, `2026.6.1 2 ${bootId()}\n`],
      ])('takes one boot off %j and starts current', async (before, after) => {
        writeTrial(before);
        const left = after.split(/\s/)[1];
        expect(await run('gateway')).toMatchObject({
          ...{ code: 0, release: release('2026.6.1') },
          stderr: `openclaw-releases: starting 2026.6.1 on trial, starts left: ${left}`,
        });
        expect(trial()).toBe(after);
        expect(current()).toBe('releases/2026.6.1');
        expectNoLeftovers();
      });

      test('rolls back to the proven release after exactly as many boots as it was given', async () => {
        writeTrial('2026.6.1 2\n');
        const releases = [];
        for (let boot = 0; boot < 4; boot++) releases.push((await run('gateway')).release);
        expect(releases).toEqual(['2026.6.1', '2026.6.1', '2026.5.28', '2026.5.28'].map(release));
      });

      test.each(['0000', '0777'])(
        'keeps its trial to the owner under the mask %s, which the gateway gets',
        async (mask) => {
          writeTrial('2026.6.1 2\n');
          const started = await run('gateway', [], {
            prefix: ['/bin/sh', '-c', `umask ${mask}; exec "$@"`, 'sh'],
          });
          expect(started).toMatchObject({ release: release('2026.6.1'), mask });
          expect(lstatSync(join(root, 'trial')).mode & 0o777).toBe(0o600);
        },
      );

      test.each([
        ['used up', '2026.6.1 0\n'],
        ['empty', ''],
        ['zero-filled', Buffer.alloc(11)],
        ['a zero-filled block', Buffer.alloc(4096)],
        ['cut off after the id', '2026.6.1'],
        ['without an id', ' 2\n'],
        ['a word', '2026.6.1 two\n'],
        ['negative', '2026.6.1 -1\n'],
        ['octal to a shell', '2026.6.1 08\n'],
        ['an expression to a shell', '2026.6.1 boots+1\n'],
        ['absurdly large', '2026.6.1 99999999999999999999\n'],
        ['followed by what is no boot of a machine', '2026.6.1 1 0\n'],
        ['followed by more than a boot of the machine', `2026.6.1 1 ${bootId()} 0\n`],
        ['of another boot of the machine', `2026.6.1 3 ${ANOTHER_BOOT}\n`],
        ['random bytes', Buffer.from([0xff, 0xfe, 0x0a, 0x20, 0x31, 0x0a])],
      ])('rolls back when the count is %s', async (_title, content) => {
        writeTrial(content);
        const started = await run('gateway', ['--verbose']);
        expect(started).toMatchObject({
          code: 0,
          node: join(release('2026.5.28'), 'node'),
          args: [join(release('2026.5.28'), MAIN), 'gateway', '--verbose'],
          release: release('2026.5.28'),
        });
        expect(started.stderr).toBe(
          'openclaw-releases: the trial of 2026.6.1 ended without a verdict; went back to 2026.5.28',
        );
        expect(current()).toBe('releases/2026.5.28');
        expect(readlinkSync(join(root, 'previous'))).toBe('releases/2026.5.28');
        expect(trial()).toBeNull();
        expectNoLeftovers();
      });

      test.each(IMPOSTOR_NAMES)('rolls back, without waiting, when the trial is %s', async (how) => {
        writeTrial('2026.6.1 2\n');
        replaceBy(join(root, 'trial'), how);
        expect(await run('gateway')).toMatchObject({
          release: release('2026.5.28'),
          stderr: expect.stringMatching(/the trial of 2026\.6\.1 ended .* went back to 2026\.5\.28$/),
        });
        expect(current()).toBe('releases/2026.5.28');
        expect(await run('gateway')).toMatchObject({ code: 0, release: release('2026.5.28') });
      });

      test.each(['2026.6.1 2\n2026.6.1 2\n', '2026.6.1\n2\n', '* 2\n'])(
        'rolls back or ignores a trial that is not one line about a release: %j',
        async (content) => {
          writeTrial(content);
          const expected = content.startsWith('*') ? '2026.6.1' : '2026.5.28';
          expect((await run('gateway')).release).toBe(release(expected));
        },
      );

      test('does not roll back to a previous that names no release', async () => {
        relink(join(root, 'previous'), release('2026.5.28'));
        writeTrial('2026.6.1 0\n');
        const started = await run('gateway');
        expect(started.release).toBe(release('2026.6.1'));
        expect(started.stderr).toMatch(/there is no way back; starting it$/);
      });

      test('rolls back when the trial may not be read', async () => {
        chmodSync(root, 0o777);
        writeTrial('2026.6.1 2\n');
        chmodSync(join(root, 'trial'), 0);
        expect((await run('gateway', [], { asNobody: true })).release).toBe(release('2026.5.28'));
        expect(current()).toBe('releases/2026.5.28');
      });

      test('does not recreate a trial that is committed while it counts', async () => {
        writeTrial('2026.6.1 2\n');
        wrap('cat', `/bin/rm '${root}/trial'; exec /bin/cat "$@"`);
        expect(await run('gateway')).toMatchObject({ release: release('2026.6.1') });
        expect(trial()).toBeNull();
        expectNoLeftovers();
      });

      test.each(['2026.5.28 0\n', `2026.5.28 2 ${ANOTHER_BOOT}\n`])(
        'ignores a trial of another release (%j)',
        async (content) => {
          writeTrial(content);
          expect(await run('gateway')).toMatchObject({ stderr: CURRENT, release: release('2026.6.1') });
          expect(trial()).toBe(content);
        },
      );

      if (shell.mounts)
        test.each([
          ['cannot be read', ['--bind', '/dev/null', '/proc/sys/kernel/random/boot_id']],
          ['is missing', ['-t', 'tmpfs', 'tmpfs', '/proc/sys/kernel/random']],
        ])('goes by the count alone where the boot of the machine %s', async (_title, hide) => {
          writeTrial(`2026.6.1 1 ${ANOTHER_BOOT}\n`);
          const script = `${which('mount')} ${hide.join(' ')} && exec "$@"`;
          const prefix = [which('unshare') ?? '', '--mount', '/bin/sh', '-c', script, '-'];
          const first = await run('gateway', [], { prefix });
          expect(first).toMatchObject({ code: 0, release: release('2026.6.1') });
          expect(first.stderr).toMatch(/on trial, starts left: 0$/);
          expect(trial()).toBe(`2026.6.1 0 ${ANOTHER_BOOT}\n`);
          expect((await run('gateway', [], { prefix })).release).toBe(release('2026.5.28'));
          point('current', '2026.6.1');
          writeTrial(`2026.6.1 1 ${ANOTHER_BOOT.replace('a', 'x')}\n`);
          const { stderr } = await run('gateway', [], { prefix });
          expect(stderr, 'what is no boot of a machine at all').toMatch(/went back to 2026\.5\.28$/);
        });

      test.each([
        ['is absent', () => rmSync(join(root, 'previous'))],
        ['dangles', () => rmSync(release('2026.5.28'), { recursive: true })],
        ['has no manifest', () => rmSync(join(release('2026.5.28'), 'release.json'))],
        ['is the same release', () => point('previous', '2026.6.1')],
      ])('starts current and says so when a rollback is due but previous %s', async (_title, damage) => {
        damage();
        writeTrial('2026.6.1 0\n');
        const started = await run('gateway');
        expect(started).toMatchObject({ code: 0, release: release('2026.6.1') });
        expect(started.stderr).toBe(
          'openclaw-releases: the trial of 2026.6.1 ended without a verdict, and there is no way back; starting it',
        );
        expect(current()).toBe('releases/2026.6.1');
        expect(trial()).toBe('2026.6.1 0\n');
      });

      test('rolls back when the count cannot be written but the link can, as on a full disk', async () => {
        writeTrial('2026.6.1 2\n');
        // A file size limit of nothing: files can be made and written to in vain, links and renames work.
        const prefix = ['/bin/sh', '-c', `trap '' XFSZ; ulimit -f 0; exec "$@"`, '-'];
        const started = await run('gateway', [], { prefix });
        expect(started).toMatchObject({ code: 0, release: release('2026.5.28') });
        expect(current()).toBe('releases/2026.5.28');
        expect(trial()).toBeNull();
        expectNoLeftovers();
      });

      test('starts current and says so when nothing in the root can be written', async () => {
        writeTrial('2026.6.1 2\n');
        chmodSync(root, 0o555);
        const started = await run('gateway', [], { asNobody: true });
        expect(started).toMatchObject({ code: 0, release: release('2026.6.1') });
        expect(started.stderr).toMatch(/there is no way back; starting it$/);
        expect(current()).toBe('releases/2026.6.1');
        expect(trial()).toBe('2026.6.1 2\n');
      });

      test('starts the gateway when nobody listens to its messages any more', async () => {
        writeTrial('2026.6.1 0\n');
        const go = join(base, 'go');
        wrap('sync', `until [ -e '${go}' ]; do /bin/sleep 0.01; done`);
        const child = spawnGateway();
        child.stderr.destroy();
        await once(child.stderr, 'close');
        writeFileSync(go, '');
        const result = await child;
        expect(result.exitCode).toBe(0);
        expect(parse(result.stdout).release).toBe(release('2026.5.28'));
      });

      test('makes a spent boot durable and nothing of others, by a plain sync where sync knows no files', async () => {
        const log = join(base, 'sync.log');
        wrap('sync', `printf '%s\\n' "$*" >>'${log}'; [ $# -eq 0 ]`);
        writeTrial('2026.6.1 1\n');
        await run('gateway');
        await run('gateway');
        expect(readFileSync(log, 'utf8')).toBe(`${root}/trial ${root}\n\n${root}\n\n`);
        expect(current()).toBe('releases/2026.5.28');
      });

      test.each([
        ['only -h, as on BSD', `[ "$2" = -h ] && { shift 2; exec REAL -f -T "$@"; }`],
        ['neither', ''],
      ])('rolls back with an mv that knows of -T and -h %s', async (_title, known) => {
        const mv = shell.tool('mv');
        const real = `'${mv}'${mv === shell.program ? ' mv' : ''}`;
        wrap('mv', `${known.replace('REAL', real)}\ncase $2 in -*) exit 64 ;; esac\nexec ${real} "$@"`);
        writeTrial('2026.6.1 0\n');
        expect((await run('gateway')).release).toBe(release('2026.5.28'));
        expect(current()).toBe('releases/2026.5.28');
        expectNoLeftovers();
      });
    });

    test('never shows a reader a missing current while it rolls back', async () => {
      for (let round = 0; round < 10; round++) {
        point('current', '2026.6.1');
        writeTrial('2026.6.1 0\n');
        const seen = new Set([current()]);
        const going = run('gateway');
        let done = false;
        const finished = going.finally(() => {
          done = true;
        });
        while (!done) {
          for (let look = 0; look < 200; look++) seen.add(current());
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect((await finished).release).toBe(release('2026.5.28'));
        seen.add(current());
        expect([...seen].sort()).toEqual(['releases/2026.5.28', 'releases/2026.6.1']);
      }
    });

    test('starts one whole release, never parts of two, while current is switched under it', async () => {
      let done = false;
      const starts = Promise.all(
        [0, 1].map(async () => {
          const seen = [];
          for (let start = 0; start < 15; start++) seen.push(await run('gateway'));
          return seen;
        }),
      ).finally(() => {
        done = true;
      });
      for (let flip = 0; !done; flip++) {
        point('current', flip % 2 ? '2026.6.1' : '2026.5.28');
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (const started of (await starts).flat()) {
        const id = started.release.split('/').at(-1);
        expect(started).toMatchObject({
          code: 0,
          stderr: `openclaw-releases: starting ${id}, which is current`,
        });
        expect([release('2026.5.28'), release('2026.6.1')]).toContain(started.release);
        expect(started.node).toBe(join(started.release, 'node'));
        expect(started.args[0]).toBe(join(started.release, MAIN));
      }
    });

    test('start on their own, as a supervisor starts them', async () => {
      for (const name of ['gateway', 'openclaw']) {
        const result = await execa(join(root, 'bin', name), ['x'], { cwd: '/' });
        expect(parse(result.stdout).release).toBe(join(root, 'releases/2026.6.1'));
      }
    });
  });
}
