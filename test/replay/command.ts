/** `npm run replay -- FILE`: a failed change runs again from a report, with miniature releases in place of the real ones. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/table.js';
import { failedChange } from './bundle.js';
import { replay, type Verdict, whyNoReplay } from './replay.js';

const USAGE = 'npm run replay -- FILE [--change NUMBER]';
const { values, positionals } = parseArgs({
  options: { change: { type: 'string' }, help: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [file] = positionals;
if (values.help || file === undefined || positionals.length > 1) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

const ends: (() => void | Promise<void>)[] = [];
try {
  const change = failedChange(readFileSync(file, 'utf8'), values.change ?? null);
  const reason = whyNoReplay(change);
  if (reason !== null) {
    console.error(`Change ${change.number ?? change.id} cannot run again here. ${reason}`);
    process.exitCode = 3;
  } else {
    const { recorded, replayed } = await replay(change, (clean) => ends.push(clean));
    const names = Object.keys(recorded) as (keyof Verdict)[];
    const rows = names.map((name) => [name, recorded[name] ?? '-', replayed[name] ?? '-']);
    const same = names.every((name) => recorded[name] === replayed[name]);
    console.log(table([['', 'in the report', 'here'], ...rows]));
    console.log(same ? '\nThe same verdict.' : '\nAnother verdict.');
    process.exitCode = same ? 0 : 1;
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
} finally {
  for (const clean of ends.reverse()) await clean();
}
