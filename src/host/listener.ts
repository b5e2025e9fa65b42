import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { processIds } from './process.js';

const LISTEN = '0A';

/** Read size in bytes; most lines of the tables are shorter. */
const LINE = 192;

/** Reads a table only as far as needed: all of it takes milliseconds, and more on hosts with more memory. */
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

/** Inodes of the sockets that listen on a port, from one table; null when the table cannot be read. */
function listeningInodes(table: string, port: number): string[] | null {
  const inodes = [];
  try {
    for (const line of linesOf(table)) {
      const [number = '', local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      if (!/^\d+:$/.test(number)) continue;
      // Listening sockets come before all connections (Linux, networking/proc_net_tcp).
      if (state !== LISTEN) break;
      const localPort = Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16);
      if (localPort === port && inode) inodes.push(inode);
    }
    return inodes;
  } catch {
    return null;
  }
}

/** Returns true also when `/proc/net/sockstat6` cannot be read. */
function usesIpv6(): boolean {
  try {
    return !/^TCP6: inuse 0$/m.test(readFileSync('/proc/net/sockstat6', 'utf8'));
  } catch {
    return true;
  }
}

/** Inodes of a process's sockets; empty when it is gone or its files may not be read. */
function socketInodes(pid: number): Set<string> {
  const inodes = new Set<string>();
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
        if (inode) inodes.add(inode);
      } catch {
        // Closed since the directory was read.
      }
    }
  } catch {
    // Process of another user, or gone.
  }
  return inodes;
}

function listening(port: number): Set<string> | null {
  const ipv4 = listeningInodes('/proc/net/tcp', port);
  // A host without IPv6 has no second table.
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

/** Returns true when the process holds every socket that listens on the port; reads no other process. */
export function holdsPort(port: number, pid: number): boolean {
  if (process.platform !== 'linux') return false;
  const sockets = listening(port);
  if (!sockets || sockets.size === 0) return false;
  const held = socketInodes(pid);
  return [...sockets].every((socket) => held.has(socket));
}

/**
 * Processes that listen on a local TCP port, on any address, IPv4 or IPv6, ascending; several can share or inherit a
 * socket. Null when unknown: not Linux, or the owner of a socket is hidden (another user or process namespace).
 */
export function listenerPids(port: number): number[] | null {
  if (process.platform !== 'linux') return null;
  // Second try, because a socket may close or move between reading the table and the processes.
  return holders(port) ?? holders(port);
}
