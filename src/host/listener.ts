import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { processIds } from './process.js';

const LISTEN = '0A';

/** The inodes of the sockets that listen on a port, of one of the kernel's tables; null when it may not be read. */
function listeningInodes(table: string, port: number): string[] | null {
  let text: string;
  try {
    text = readFileSync(table, 'utf8');
  } catch {
    return null;
  }
  const inodes = [];
  for (const line of text.split('\n').slice(1)) {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    const localPort = Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16);
    if (state === LISTEN && localPort === port && inode) inodes.push(inode);
  }
  return inodes;
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

function holders(port: number): number[] | null {
  const ipv4 = listeningInodes('/proc/net/tcp', port);
  // There is no second table on a host without IPv6.
  const ipv6 = listeningInodes('/proc/net/tcp6', port) ?? [];
  if (!ipv4) return null;
  const unowned = new Set([...ipv4, ...ipv6]);
  if (unowned.size === 0) return [];
  const wanted = new Set(unowned);
  const pids = processIds().filter((pid) => {
    const held = [...socketInodes(pid)].filter((inode) => wanted.has(inode));
    for (const inode of held) unowned.delete(inode);
    return held.length > 0;
  });
  return unowned.size === 0 ? pids.sort((a, b) => a - b) : null;
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
