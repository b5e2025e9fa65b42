const MILLISECONDS: Record<string, number> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  month: 2_629_800_000,
  y: 31_557_600_000,
};

export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) properties.set(line.slice(0, at), line.slice(at + 1));
  }
  return properties;
}

/** Milliseconds of a span such as `5min 30s`; Infinity for `infinity` and for invalid text. */
export function parseSpan(text: string): number {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([a-z]+)/g)];
  if (parts.length === 0) return Number.POSITIVE_INFINITY;
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (MILLISECONDS[unit ?? ''] ?? Number.POSITIVE_INFINITY),
    0,
  );
}

/** Parses a shown list of assignments such as `A=b "C=d e"`; skips other words. */
export function parseEnvironment(text: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [word, quoted] of text.matchAll(/"((?:\\.|[^"\\])*)"|\S+/g)) {
    const assignment = quoted?.replaceAll(/\\(.)/g, '$1') ?? word;
    const at = assignment.indexOf('=');
    if (at > 0) env[assignment.slice(0, at)] = assignment.slice(at + 1);
  }
  return env;
}

/**
 * Words of a shown `ExecStart`. systemd joins them with blanks and without quotes, so an argument with a blank becomes
 * several; a port or a flag has none.
 */
export function parseArgv(execStart: string): string | null {
  return /argv\[\]=(.*?) ; ignore_errors=/.exec(execStart)?.[1] ?? null;
}

/** Arguments of a gateway among those of its unit: after the launcher and Node's options, before what a shell adds. */
export function gatewayArguments(args: string[]): string[] {
  const own = args.slice(args.findIndex((word) => word.endsWith('/bin/gateway')) + 1);
  const rest = own[0] === '--node-options' ? own.slice(own.indexOf('--') + 1) : own;
  const end = rest.findIndex((word) => /^\d?[;&|<>]/.test(word));
  return end < 0 ? rest : rest.slice(0, end);
}

/** Splits a shown list of paths before each slash, because names may contain spaces. */
export function splitPaths(list: string): string[] {
  return list.split(/ (?=\/)/).filter(Boolean);
}
