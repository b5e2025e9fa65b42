import { closeSync, openSync, readSync } from 'node:fs';
import { textOf } from './account.js';
import { openFilesOf, processIds } from './process.js';

const LISTEN = '0A';

/** One row of a table, after the end of the row before; no more of it than is needed. */
const ROW = /^[^\n]*\n *\d+: (\w+):(\w+) \S+ (\w+) \S+ \S+ \S+ +\d+ +\d+ (\d+) /;
/** Bytes of a read: fewer than a row has. */
const PIECE = 128;
/** Bytes of a read in the last row: fewer than follow its inode. */
const LAST_PIECE = 32;

/** Addresses that stand for all of a machine. */
const WILDCARDS = new Set(['0.0.0.0', '::']);

export interface Listener {
  pid: number;
  /** IPv4 or IPv6, as the process named it; an IPv4 address that is mapped to IPv6 is IPv4. */
  address: string;
  port: number;
  /** Another process listens there too, or on an address that has this one in it. */
  isShared: boolean;
}

/** A socket that listens. */
interface Socket {
  inode: string;
  /** In hexadecimal, as the kernel prints it. */
  local: string;
  port: number;
}

/** Sockets of a protocol that are in use; infinite when unknown. */
function inUse(statistics: string): number {
  return Number(/^TCP6?: inuse (\d+)/m.exec(textOf(statistics))?.[1] ?? Number.POSITIVE_INFINITY);
}

/**
 * Sockets that listen, from one table; null when the table cannot be read. They come before all connections (Linux,
 * networking/proc_net_tcp). Behind the last socket in use the kernel searches all of its hash table, which takes
 * milliseconds, and more on hosts with more memory: no byte behind it is read.
 */
function listeningIn(table: string, most: number): Socket[] | null {
  const sockets: Socket[] = [];
  let file: number | undefined;
  try {
    file = openSync(table, 'r');
    const piece = Buffer.allocUnsafe(PIECE);
    for (let text = ''; sockets.length < most; ) {
      const [row, local = '', port = '', state, inode = ''] = ROW.exec(text) ?? [];
      if (row === undefined) {
        const length = readSync(file, piece, 0, sockets.length + 1 < most ? PIECE : LAST_PIECE, null);
        if (length === 0) break;
        text += piece.toString('latin1', 0, length);
        continue;
      }
      if (state !== LISTEN) break;
      sockets.push({ inode, local, port: Number.parseInt(port, 16) });
      text = text.slice(row.length);
    }
    return sockets;
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Parses an address as the kernel prints it: words of 32 bits in the machine's byte order, which is little-endian. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse());
  const ipv4 = /^0{20}f{4}/i.test(bytes.join('')) ? bytes.slice(12) : bytes;
  if (ipv4.length === 4) return ipv4.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = bytes.join('').match(/.{4}/g) ?? [];
  // The parser of addresses knows how to shorten one.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** Inodes of a process's sockets; empty when it is gone or its files may not be read. */
function socketInodes(pid: number): Set<string> {
  return new Set(openFilesOf(pid).flatMap((file) => /^socket:\[(\d+)\]$/.exec(file)?.[1] ?? []));
}

/** All sockets that listen; null when unknown. */
function listening(): Socket[] | null {
  if (process.platform !== 'linux') return null;
  const ipv4 = listeningTo('/proc/net/tcp', '/proc/net/sockstat');
  // A host without IPv6 has no second table.
  const ipv6 = listeningTo('/proc/net/tcp6', '/proc/net/sockstat6') ?? [];
  return ipv4 && [...ipv4, ...ipv6];
}

function listeningTo(table: string, statistics: string): Socket[] | null {
  const most = inUse(statistics);
  const sockets = listeningIn(table, most);
  // A socket that began meanwhile stands in the place of another one.
  return inUse(statistics) > most ? listeningIn(table, Number.POSITIVE_INFINITY) : sockets;
}

/** Inodes of the sockets of a port, on an address that cannot be another process's beside the given one. */
function onPort(sockets: readonly Socket[], port: number, address?: string): string[] {
  const found = sockets.filter(
    (socket) => socket.port === port && (address === undefined || overlap(addressOf(socket.local), address)),
  );
  return found.map(({ inode }) => inode);
}

function overlap(one: string, other: string): boolean {
  return one === other || [one, other].some(isWildcard) || [one, other].every(isLoopback);
}

export function isWildcard(address: string): boolean {
  return WILDCARDS.has(address);
}

/** The two addresses that a program uses which listens on `localhost`. */
export function isLoopback(address: string): boolean {
  return address === '127.0.0.1' || address === '::1';
}

function holders(port: number, address?: string): number[] | null {
  const sockets = listening();
  if (!sockets) return null;
  const wanted = new Set(onPort(sockets, port, address));
  if (wanted.size === 0) return [];
  const unowned = new Set(wanted);
  const pids = processIds().filter((pid) => {
    const held = [...socketInodes(pid)].filter((inode) => wanted.has(inode));
    for (const inode of held) unowned.delete(inode);
    return held.length > 0;
  });
  return unowned.size === 0 ? pids.sort((a, b) => a - b) : null;
}

/** Listening sockets of processes, of each in the kernel's order; none of a process whose files may not be read. */
export function listenersOf(pids: readonly number[]): Listener[] {
  const sockets = listening() ?? [];
  return pids.flatMap((pid) => {
    const held = socketInodes(pid);
    const own = sockets.filter(({ inode }) => held.has(inode));
    const others = sockets.filter(({ inode }) => !held.has(inode));
    return own.map(({ local, port }) => {
      const address = addressOf(local);
      return { pid, address, port, isShared: onPort(others, port, address).length > 0 };
    });
  });
}

/**
 * Processes that listen on a local TCP port, IPv4 or IPv6, ascending; several can share or inherit a socket. Null when
 * unknown: not Linux, or the owner of a socket is hidden (another user or process namespace).
 * @param address leaves out listeners that have nothing to do with this address
 */
export function listenerPids(port: number, address?: string): number[] | null {
  // Second try, because a socket may close or move between reading the table and the processes.
  return holders(port, address) ?? holders(port, address);
}
