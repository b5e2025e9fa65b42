import { closeSync, openSync, readSync } from 'node:fs';
import { textOf } from './account.js';
import { openFilesOf, processIds } from './process.js';

const LISTEN = '0A';

/** Read size in bytes; most lines of the tables are shorter. */
const LINE = 192;

/** Addresses that stand for all of a machine. */
const WILDCARDS = new Set(['0.0.0.0', '::']);

/** A TCP address of this machine on which a process listens. */
export interface Listener {
  pid: number;
  /** IPv4 or IPv6, as the process named it; an IPv4 address that is mapped to IPv6 is IPv4. */
  address: string;
  port: number;
}

interface Socket {
  inode: string;
  address: string;
  port: number;
}

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

/** Sockets that listen, from one table; null when the table cannot be read. */
function listeningIn(table: string): Socket[] | null {
  const sockets = [];
  try {
    for (const line of linesOf(table)) {
      const [number = '', local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      if (!/^\d+:$/.test(number)) continue;
      // Listening sockets come before all connections (Linux, networking/proc_net_tcp).
      if (state !== LISTEN) break;
      const [address = '', port = ''] = local.split(':');
      if (inode) sockets.push({ inode, address: addressOf(address), port: Number.parseInt(port, 16) });
    }
    return sockets;
  } catch {
    return null;
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

/** Returns true also when `/proc/net/sockstat6` cannot be read. */
function usesIpv6(): boolean {
  return !/^TCP6: inuse 0$/m.test(textOf('/proc/net/sockstat6'));
}

/** Inodes of a process's sockets; empty when it is gone or its files may not be read. */
function socketInodes(pid: number): Set<string> {
  return new Set(openFilesOf(pid).flatMap((file) => /^socket:\[(\d+)\]$/.exec(file)?.[1] ?? []));
}

/** All sockets that listen; null when unknown. */
function listening(): Socket[] | null {
  if (process.platform !== 'linux') return null;
  const ipv4 = listeningIn('/proc/net/tcp');
  // A host without IPv6 has no second table.
  const ipv6 = usesIpv6() ? (listeningIn('/proc/net/tcp6') ?? []) : [];
  return ipv4 && [...ipv4, ...ipv6];
}

/** Sockets of a port, on an address that cannot be another process's beside the given one; null when unknown. */
function listeningOn(port: number, address?: string): Set<string> | null {
  const sockets = listening()?.filter(
    (socket) => socket.port === port && (address === undefined || overlap(socket.address, address)),
  );
  return sockets ? new Set(sockets.map(({ inode }) => inode)) : null;
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
  const wanted = listeningOn(port, address);
  if (!wanted) return null;
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
    return sockets
      .filter(({ inode }) => held.has(inode))
      .map(({ address, port }) => ({ pid, address, port }));
  });
}

/** Returns true when the process holds every socket that listens on the port; reads no other process. */
export function holdsPort(port: number, pid: number, address?: string): boolean {
  const sockets = listeningOn(port, address);
  if (!sockets || sockets.size === 0) return false;
  const held = socketInodes(pid);
  return [...sockets].every((socket) => held.has(socket));
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
