/** Lists the files of a directory; none where it cannot be read. */
export type List = (directory: string) => string[];

/** A supervisor that was found above a gateway. */
export interface Sighting {
  /** Process of the gateway. */
  gateway: number;
  /** Its command line. */
  args: string[];
  /** Its working directory. */
  directory: string;
  /** Environment of the gateway. */
  env: Record<string, string>;
  /** Control groups of the gateway. */
  groups: string[];
}

/** Lines for a file: all of a new file, or more lines for the section of the service. */
export interface Addition {
  path: string;
  lines: string[];
}

/** Text of a file; null where it cannot be read. */
export type Read = (path: string) => string | null;

export interface SupervisorKind {
  name: string;
  /** Its command line, words joined by spaces. */
  is: RegExp;
  /** Name of the gateway for it; null when it has none. */
  service(seen: Sighting): string | null;
  /** Setting of its files with the user who the gateway runs as. */
  userSetting?: string;
  /** Files that may hold the gateway's command. */
  files(seen: Sighting, service: string, list: List): string[];
  additions(files: string[], service: string, run: string, seen: Sighting, read: Read): Addition[];
  /** False where no file has to be changed; true unless given. */
  needsRelease?: boolean;
  /** Commands that apply the files, or do all where there are none; `run` is our command with its arguments. */
  commands(service: string, run: string, seen: Sighting): string[];
}
