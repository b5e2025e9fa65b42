import { type Shell, which } from './launcher-cases.js';

function found(name: string): string {
  const program = which(name);
  if (!program) throw new Error(`These tests need ${name}: apt-get install ${name}`);
  return program;
}

/** The shells of Debian, BusyBox's with tools of its own. */
export const SHELLS: Shell[] = [
  { name: 'dash', program: found('dash'), flags: [], tool: which, mounts: true },
  {
    name: 'busybox sh',
    program: found('busybox'),
    flags: ['sh'],
    tool: () => which('busybox'),
    mounts: true,
  },
  { name: 'bash --posix', program: found('bash'), flags: ['--posix'], tool: which, mounts: true },
];
