import { spawn } from 'node:child_process';
import { commandLineOf, descendsFrom, processIds } from '../../src/host/process.js';
import type { World } from './world.js';
import { CLI } from './world.js';

/** A command that runs, on a pseudo-terminal or without one, and what it has shown. */
export interface Shown {
  /** Sends it as a terminal does where there is one: a key for SIGINT, a hangup for SIGHUP. */
  send(signal: NodeJS.Signals): void;
  screen(): string;
  /** Null where nobody is left who could see the exit code. */
  ended: Promise<number | null>;
}

export interface ShownOptions {
  terminal: boolean;
  env?: Record<string, string>;
  atEnd: (clean: () => void) => void;
}

/** Starts the built command, for people. */
export function show(world: World, args: string[], { terminal, env = {}, atEnd }: ShownOptions): Shown {
  const words = [world.node, CLI, ...args];
  const line = `exec ${words.map((word) => `'${word}'`).join(' ')}`;
  const [file = '', ...rest] = terminal
    ? ['script', '--quiet', '--flush', '--return', '--command', line, '/dev/null']
    : words;
  const child = spawn(file, rest, {
    env: { ...world.env, ...env, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: 'pipe',
  });
  atEnd(() => void child.kill('SIGKILL'));
  let screen = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      screen += chunk;
    });
  }
  const pid = () =>
    terminal
      ? processIds().find(
          (id) => descendsFrom(id, child.pid ?? -1) && commandLineOf(id).startsWith(world.node),
        )
      : child.pid;
  return {
    send(signal) {
      const id = pid();
      // It may have ended already.
      if (id === undefined || child.exitCode !== null) return;
      if (terminal && signal === 'SIGINT') child.stdin.write('\x03');
      // The end of the terminal's program is the end of the terminal.
      else if (terminal && signal === 'SIGHUP') child.kill('SIGKILL');
      else process.kill(id, signal);
    },
    screen: () => screen,
    ended: new Promise((resolve) => child.once('close', (code) => resolve(code))),
  };
}
