/** One system call of a process: its name, its arguments as strace prints them, and who made it. */
interface Call {
  uid: number;
  name: string;
  args: string;
}

/** Options of strace for `openedAs`: system calls that name a file, and those that tell who makes one. */
export const TRACE =
  'strace --seccomp-bpf -f -qq -e trace=%file,%process,setuid,setresuid -e signal=none -e status=successful';

/** System calls that only look up a name. */
const LOOKUPS = /^(access|faccessat2?|l?stat|newfstatat|statx|readlink(at)?|getcwd|chdir|statfs|execve)$/;

/**
 * Files below `place` that processes of `uid` have opened, made, changed or removed.
 * @param trace text that `strace` with the options `TRACE` has written, begun by `uid`
 */
export function openedAs(uid: number, place: string, trace: string): string[] {
  const calls = callsOf(uid, trace);
  return calls
    .filter((call) => call.uid === uid && call.args.includes(`"${place}`) && !LOOKUPS.test(call.name))
    .map(({ name, args }) => `${name}(${args})`);
}

/** Programs that processes of `uid` have started. */
export function startedAs(uid: number, trace: string): string[] {
  return callsOf(uid, trace)
    .filter((call) => call.uid === uid && call.name === 'execve')
    .map(({ args }) => /^"([^"]*)"/.exec(args)?.[1] ?? args);
}

/** A process has the user of its parent until it changes that. */
function callsOf(first: number, trace: string): Call[] {
  const uids = new Map<string, number>();
  const begun = new Map<string, string>();
  const calls: Call[] = [];
  for (const line of trace.split('\n')) {
    const [, pid = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (text.endsWith('<unfinished ...>')) {
      begun.set(pid, text.slice(0, -'<unfinished ...>'.length));
      continue;
    }
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
    const whole = rest === undefined ? text : `${begun.get(pid) ?? ''}${rest}`;
    const [, name = '', args = '', result = ''] = /^(\w+)\((.*)\) += (\S+)/.exec(whole) ?? [];
    const uid = uids.get(pid) ?? first;
    if (/^(clone3?|v?fork)$/.test(name)) uids.set(result, uids.get(result) ?? uid);
    else if (/^set(res)?uid$/.test(name)) uids.set(pid, Number(args.split(',')[0]));
    calls.push({ uid, name, args });
  }
  return calls;
}
