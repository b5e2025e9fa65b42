import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { processIds } from './process.js';

const LISTEN = '0A';

/** Longer than most lines of the tables; bytes. */
const LINE = 192;

/**
 * The lines of one of the kernel's tables, which goes only as far as it is read. All of it takes milliseconds, and more on a
 * host with more memory: the kernel looks through every place where a connection could be.
 */
function* linesOf(table: string): Generator<string> {
  const file = openSync(table, 'r');
  try {
    const piece = Buffer.allocUnsafe(LINE);
    let text = '';
    for (let length = readSync(file, piece); length > 0; length = readSync(file, piece)) {
      const lines = (text + piece.toString('latin1', 0, length)).split('\n');
      text = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    closeSync(file);
  }
}

/** The inodes of the sockets that listen on a port, of one of the kernel's tables; null when it may not be read. */
function listeningInodes(table: string, port: number): string[] | null {
  const inodes = [];
  try {
    for (const line of linesOf(table)) {
      const [number = '', local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      if (!/^\d+:$/.test(number)) continue;
      // What listens comes before all connections (Linux, networking/proc_net_tcp).
      if (state !== LISTEN) break;
      const localPort = Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16);
      if (localPort === port && inode) inodes.push(inode);
    }
    return inodes;
  } catch {
    return null;
  }
}

/** Whether there is any TCP socket of IPv6; true where it is not said. */
function usesIpv6(): boolean {
  try {
    return !/^TCP6: inuse 0$/m.test(readFileSync('/proc/net/sockstat6', 'utf8'));
  } catch {
    return true;
  }
}

/** The sockets that a process holds, by inode; none when it is gone or its files may not be read. */
function socketInodes(pid: number): Set<string> {
  const inodes = new Set<string>();
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
        if (inode) inodes.add(inode);
      } catch {
        // Closed between two looks.
      }
    }
  } catch {
    // Another user's process, or gone.
  }
  return inodes;
}

/** All that listen on a port; null when that cannot be known. */
function listening(port: number): Set<string> | null {
  const ipv4 = listeningInodes('/proc/net/tcp', port);
  // There is no second table on a host without IPv6.
  const ipv6 = usesIpv6() ? (listeningInodes('/proc/net/tcp6', port) ?? []) : [];
  return ipv4 && new Set([...ipv4, ...ipv6]);
}

function holders(port: number): number[] | null {
  const unowned = listening(port);
  if (!unowned) return null;
  if (unowned.size === 0) return [];
  const wanted = new Set(unowned);
  const pids = processIds().filter((pid) => {
    const held = [...socketInodes(pid)].filter((inode) => wanted.has(inode));
    for (const inode of held) unowned.delete(inode);
    return held.length > 0;
  });
  return unowned.size === 0 ? pids.sort((a, b) => a - b) : null;
}

/** Whether a process holds every socket that listens on a port, and there is one: known at once, without a look at all others. */
export function holdsPort(port: number, pid: number): boolean {
  if (process.platform !== 'linux') return false;
  const sockets = listening(port);
  if (!sockets || sockets.size === 0) return false;
  const held = socketInodes(pid);
  return [...sockets].every((socket) => held.has(socket));
}

/**
 * The processes that hold a listening TCP socket on a local port, on any address, IPv4 or IPv6, ascending;
 * several when a socket was inherited or shared. Null when that cannot be known: not Linux, or a socket is
 * there whose owner may not be looked at (another user's, or in another process namespace).
 */
export function listenerPids(port: number): number[] | null {
  if (process.platform !== 'linux') return null;
  // Twice, because a socket may be closed, or handed over, between the look at the table and at the processes.
  return holders(port) ?? holders(port);
}
