/** A way to run a program on what the gateway leaves of the processor. */
export interface Background {
  /** What its command line begins with. May not work here, which a program that does nothing tells. */
  command: string[];
  /** Milliseconds after which it is to be hurried: on a machine that is always busy nothing is left. */
  patienceMs: number;
  /** Gives such a program a share after all; one that has ended is none. */
  hurry(pid: number): Promise<void>;
}
