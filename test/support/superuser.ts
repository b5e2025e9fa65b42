/**
 * Whether this is the superuser, as some tests need. Where it is not, the lane says so, and fails where it must not be
 * missing.
 * @param what the tests do, after "tests that"
 * @throws Error when CI is set and it is not
 */
export function isSuperuser(what: string): boolean {
  const superuser = process.getuid?.() === 0;
  if (!superuser && process.env.CI) throw new Error(`There are tests that ${what}: run them as root.`);
  if (!superuser) console.warn(`NOT RUN: tests that ${what} need root.`);
  return superuser;
}
