export type Json = Record<string, unknown>;

/** Returns true for a JSON object. */
export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Follows keys; undefined where one of them is absent, or inside of anything but an object. */
export function member(value: unknown, ...keys: string[]): unknown {
  return keys.reduce((at: unknown, key) => (isRecord(at) ? at[key] : undefined), value);
}
