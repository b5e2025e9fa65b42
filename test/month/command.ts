/** `npm run simulate:month`: one host in March, as its operator would read it. */
import { canFakeTime } from '../support/faketime.js';
import { simulateMarch, ZONE } from './march.js';
import { story } from './month.js';

if (!canFakeTime()) process.exit(1);
const ends: (() => void | Promise<void>)[] = [];
const begun = performance.now();
try {
  const { lines, history, status } = await simulateMarch((clean) => ends.push(clean));
  console.log(`${story(lines, ZONE)}\n\n${history}\n\n${status}\n`);
  console.log(`${lines.length} looks and events in ${Math.round((performance.now() - begun) / 1000)} s`);
} finally {
  for (const clean of ends.reverse()) await clean();
}
