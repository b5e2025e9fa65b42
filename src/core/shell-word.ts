/** One word of a command that a person types into a shell; a path can hold any character. */
export function shellWord(text: string): string {
  return /^[\w./@:%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
