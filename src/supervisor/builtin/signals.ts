import { isatty } from 'node:tty';

/** SIGUSR1 and SIGUSR2 are OpenClaw's restart requests. */
const FORWARDED: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'];
const STOPPING: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'];

export interface SignalTarget {
  stop(): void;
  signal(signal: NodeJS.Signals): void;
}

export function handleSignals(target: SignalTarget): () => void {
  const onTerminal = [0, 1, 2].some((fd) => isatty(fd));
  const handlers = new Map<NodeJS.Signals, () => void>();
  for (const signal of STOPPING) handlers.set(signal, () => target.stop());
  for (const signal of FORWARDED) handlers.set(signal, () => target.signal(signal));
  if (onTerminal) handlers.set('SIGHUP', () => target.stop());
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
