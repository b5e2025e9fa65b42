import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

const scriptIn = (checkout: string) => `
import { readFileSync } from 'node:fs';
const { setOwnSessionPriority, setSessionPriority } = await import(${JSON.stringify(join(checkout, 'dist/host/session-priority.js'))});
const { yielding } = await import(${JSON.stringify(join(checkout, 'dist/cli/background.js'))});
const nice = () => {
  try { return Number(/nice (-?\\d+)/.exec(readFileSync('/proc/self/autogroup', 'utf8'))[1]); } catch { return null; }
};
const said = [];
await (async () => { BODY })();
console.log(JSON.stringify(said));
`;

/** Output of a process that ran this body, mostly the priorities of its session; null for none. */
export async function prioritiesAfter(
  body: string,
  detached: boolean,
  { command, checkout } = { command: [] as string[], checkout: CHECKOUT },
): Promise<(number | null)[]> {
  const script = scriptIn(checkout).replace('BODY', body);
  const [file = '', ...args] = [...command, process.execPath, '--input-type=module', '-e', script];
  const { stdout } = await execa(file, args, { cwd: '/', detached });
  return JSON.parse(stdout);
}
