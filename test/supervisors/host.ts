import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { answerIn } from '../support/answer-schema.js';
import { until } from '../support/place.js';
import { slowness } from '../support/slowness.js';
import { type Answer, CLI, makeWorld, type World } from '../support/world.js';

/**
 * A host without systemd: namespaces of its own for processes and mounts, in which `/etc`, `/usr/local`, `/run` and
 * `/var/log` can be written to and nothing of it is left. `claw` is a second name of root, unless it has a number of its own.
 */
export interface Host extends World {
  /** Runs a program inside, as a shell of claw would. @throws Error unless it ends with 0, or `reject` is false */
  run(argv: string[], options?: { reject?: boolean }): Promise<string>;
  write(path: string, text: string): Promise<unknown>;
  /** Everything that runs inside and is no zombie. */
  processes(): Process[];
  zombies(): Process[];
  /** All that the first process has printed, and what runs below it as the same program. */
  output(): string;
  /** The first process, as the machine counts. */
  readonly leader: number;
  /** Resolves with the exit code of the first process; the kernel has killed all others then. */
  readonly ended: Promise<number | null>;
}

export interface Process {
  /** As it is counted inside. */
  pid: number;
  ppid: number;
  args: string;
  /** As proc(5) has it: `Z` is a zombie. */
  state: string;
}

export interface HostOptions {
  /** Files by absolute path, below `/etc`, `/usr/local` or `/home/claw`; scripts are executable. */
  files?: Record<string, string>;
  /** First process; unless given, it only collects orphans. */
  init?: string[];
  /** Node that the command runs on. */
  node?: string;
  /** Variables for the command and all below it. */
  env?: Record<string, string>;
  /** Number of the user claw; 0 unless given. Then root types the commands, and claw can read this checkout and Node. */
  uid?: number;
  /** Disk of an earlier host, for another start of it. */
  disk?: World;
}

const HOME = '/home/claw';
const LAYERS = ['/etc', '/usr/local', '/var/log', '/var/lib'];
const CHECKOUT = '/usr/local/lib/checkout';
const NODE = '/usr/local/lib/node';
const IDLE = ['/bin/sh', '-c', 'while :; do sleep 600 & wait "$!"; done'];

/** An overlay cannot lie on an overlay, as the disk of a container is: hence the tmpfs. */
const SETUP = `
set -e
place=$1 checkout=$2 node=$3 uid=$4
shift 4
mount -t tmpfs tmpfs /run
mkdir -p "$place/layers"
mount -t tmpfs tmpfs "$place/layers"
for layer in ${LAYERS.join(' ')}; do
  upper=$place/layers$layer/upper work=$place/layers$layer/work
  mkdir -p "$upper" "$work"
  [ ! -d "$place/files$layer" ] || cp -a "$place/files$layer/." "$upper"
  mount -t overlay overlay -o "lowerdir=$layer,upperdir=$upper,workdir=$work" "$layer"
done
mount -t tmpfs tmpfs /home
mkdir /home/claw
mount --bind "$place/home" /home/claw
if [ "$uid" != 0 ]; then
  chown -R "$uid:$uid" /home/claw
  mkdir -p ${CHECKOUT} ${NODE}
  mount --bind "$checkout" ${CHECKOUT}
  mount --bind "$node" ${NODE}
fi
cd /
exec "$@"
`;

function makeDisk(node: string | undefined, uid: number): Promise<World> {
  return makeWorld(onTestFinished, {
    // A second name of the Node of all tests is no file to give away.
    seeded: uid === 0,
    rootIn: (path) => join(path, 'home/.local/share/openclaw-releases'),
    stateIn: (path) => join(path, 'home/.openclaw'),
    ...(node && { node }),
  });
}

/** Boots a host; it ends with the test, and every process on it. */
export async function bootHost({
  files = {},
  init = IDLE,
  node,
  env: more = {},
  uid = 0,
  disk,
}: HostOptions = {}): Promise<Host> {
  const world = disk ?? (await makeDisk(node, uid));
  const { OPENCLAW_RELEASES_ROOT: _, OPENCLAW_STATE_DIR: __, HOME: ___, ...rest } = world.env;
  const root = uid === 0 ? {} : { OPENCLAW_RELEASES_ROOT: `${HOME}/.local/share/openclaw-releases` };
  const settings = Object.entries({ ...rest, ...root, ...more }).filter(([name]) => name !== 'PATH');
  const wrapper = [
    '#!/bin/sh',
    ...settings.map(([name, value]) => `export ${name}='${value}'`),
    `exec '${uid === 0 ? world.node : `${NODE}/node`}' '${uid === 0 ? CLI : `${CHECKOUT}/dist/cli/main.cjs`}' "$@"\n`,
  ].join('\n');
  const all = {
    '/usr/local/bin/openclaw-releases': wrapper,
    '/etc/passwd': `${readFileSync('/etc/passwd', 'utf8')}claw:x:${uid}:${uid}::${HOME}:/bin/sh\n`,
    '/etc/group': `${readFileSync('/etc/group', 'utf8')}${uid === 0 ? '' : `claw:x:${uid}:\n`}`,
    // OpenRC asks PAM, which knows no user without a line here.
    '/etc/shadow': `${readFileSync('/etc/shadow', 'utf8')}claw:*:20000:0:99999:7:::\n`,
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    const at = join(world.path, path.startsWith(HOME) ? path.replace(HOME, 'home') : `files${path}`);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, content);
    chmodSync(at, content.startsWith('#!') ? 0o755 : 0o644);
  }

  const shared = [
    '--pid',
    '--fork',
    '--mount',
    '--mount-proc',
    '--kill-child=KILL',
    '--propagation',
    'slave',
  ];
  const env = { PATH: `${world.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`, HOME, TERM: 'dumb' };
  const places = [world.path, dirname(dirname(dirname(CLI))), dirname(world.node), String(uid)];
  const first = spawn('unshare', [...shared, '/bin/sh', '-c', SETUP, 'sh', ...places, ...init], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  let output = '';
  for (const stream of [first.stdout, first.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const ended = once(first, 'exit').then(([code]) => code as number | null);
  let leader = 0;
  onTestFinished(async () => {
    // The end of its first process ends all of a namespace.
    if (leader > 0 && first.exitCode === null) process.kill(leader, 'SIGKILL');
    first.kill('SIGKILL');
    await ended;
  });
  await until('the first process runs', () => {
    if (first.exitCode !== null) throw new Error(`The host did not boot:\n${output}`);
    leader = Number(childrenOf(first.pid ?? 0)[0] ?? 0);
    return leader > 0 && commandLine(`/proc/${leader}`) === init.join(' ');
  });

  const enter = (argv: string[], reject: boolean) =>
    execa('nsenter', ['-t', String(leader), '-p', '-m', '--', ...argv], {
      env: { ...env },
      extendEnv: false,
      stdin: 'ignore',
      cwd: '/',
      timeout: 60_000 * slowness,
      killSignal: 'SIGKILL',
      reject,
    });
  const table = () => processesBelow(`/proc/${leader}/root/proc`);
  const host: Host = {
    ...world,
    ...{ ended, leader },
    output: () => output,
    processes: () => table().filter(({ state }) => state !== 'Z'),
    zombies: () => table().filter(({ state }) => state === 'Z'),
    write: (path, text) =>
      enter(['node', '-e', 'fs.writeFileSync(...process.argv.slice(1))', path, text], true),
    run: async (argv, { reject = true } = {}) => (await enter(argv, reject)).stdout,
    async cli(...args): Promise<Answer> {
      const { exitCode = -1, stdout, stderr } = await enter(['openclaw-releases', ...args, '--json'], false);
      return { exitCode, stdout, stderr, json: answerIn(args, stdout) };
    },
    async ok(...args) {
      const { exitCode, json, stdout, stderr } = await host.cli(...args);
      if (exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${exitCode}:\n${stdout}\n${stderr}`);
      return json;
    },
  };
  return host;
}

function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
}

function commandLine(place: string): string {
  return readFileSync(`${place}/cmdline`, 'utf8').split('\0').join(' ').trim();
}

function processesBelow(proc: string): Process[] {
  return readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`${proc}/${name}/stat`, 'utf8');
        const [state = '', ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [{ pid: Number(name), ppid: Number(ppid), state, args: commandLine(`${proc}/${name}`) }];
      } catch {
        // Gone since the directory was read.
        return [];
      }
    });
}
