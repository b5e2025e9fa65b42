import { ReleasesError } from '../core/errors.js';
import { glibcVersion } from '../host/libc.js';
import type { Platform } from './pack.js';

const ELF = Buffer.from('\x7fELF', 'latin1');
const SYMBOL = 'GLIBC_';
/** Bytes of a symbol's version that the end of a piece may cut: `GLIBC_2.100`. */
const LONGEST = 12;

/** Finds the lowest glibc that programs need: the highest version that any of their symbols has. */
export class NeededGlibc {
  readonly #byMachine = new Map<number, string>();
  #machine: number | null = null;
  #tail = '';

  /** @param bytes of a file, in order; `first` begins a file */
  read(bytes: Buffer, first: boolean): void {
    if (first) {
      this.#machine = bytes.length > 20 && bytes.subarray(0, 4).equals(ELF) ? bytes.readUInt16LE(18) : null;
      this.#tail = '';
    }
    if (this.#machine === null) return;
    this.#find(this.#machine, this.#tail + bytes.toString('latin1', 0, LONGEST));
    for (let at = bytes.indexOf(SYMBOL); at >= 0; at = bytes.indexOf(SYMBOL, at + 1))
      this.#find(this.#machine, bytes.toString('latin1', at, at + LONGEST));
    this.#tail = bytes.toString('latin1', Math.max(0, bytes.length - LONGEST));
  }

  /** Version for the machine of the file that was read last. Programs for other machines are never started. */
  ofLastFile(): string | null {
    return (this.#machine !== null && this.#byMachine.get(this.#machine)) || null;
  }

  #find(machine: number, text: string): void {
    const version = /GLIBC_(\d{1,3}\.\d{1,3})/.exec(text)?.[1];
    const known = this.#byMachine.get(machine);
    if (version !== undefined && (known === undefined || isOlder(known, version)))
      this.#byMachine.set(machine, version);
  }
}

export function hostPlatform(): Omit<Platform, 'glibc'> & { glibc: string | null } {
  const { platform: os, arch } = process;
  const glibc = os === 'linux' ? glibcVersion() : null;
  return { os, arch, libc: os === 'linux' ? (glibc === null ? 'musl' : 'glibc') : null, glibc };
}

/** @throws ReleasesError `pack_unsuitable` */
export function requirePlatform(needed: Platform, here: Platform = hostPlatform()): void {
  const name = ({ os, arch, libc }: Platform) => `${os}-${arch}${libc ? ` with ${libc}` : ''}`;
  if (name(needed) !== name(here))
    throw unsuitable(`The pack is for ${name(needed)}, and this host is ${name(here)}.`);
  if (needed.glibc !== null && (here.glibc === null || isOlder(here.glibc, needed.glibc)))
    throw unsuitable(`The pack needs glibc ${needed.glibc}, and this host has ${here.glibc}.`);
}

function unsuitable(message: string): ReleasesError {
  return new ReleasesError('pack_unsuitable', message, {
    hint: 'openclaw-releases pack <release>, on a host of the same kind as this one',
  });
}

function isOlder(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
