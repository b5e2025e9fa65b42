/** Runs a program on processor time that the gateway leaves unused. */
export interface Background {
  /** Start of the command line. A host may refuse it, so callers try it first with a program that does nothing. */
  command: string[];
  /** Milliseconds until `hurry`: a machine that is always busy leaves no time. */
  patienceMs: number;
  /** Gives the program a share of the processor; does nothing when it has ended. */
  hurry(pid: number): Promise<void>;
}
