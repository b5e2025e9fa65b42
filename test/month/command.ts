/** `npm run simulate:month`: one host in March, as its operator would read it. */
import { FULL_LANES, whyNot } from '../lanes/lanes.js';
import { simulateMarch, ZONE } from './march.js';
import { story } from './month.js';

const lane = FULL_LANES.find(({ name }) => name === 'month');
const reason = lane ? whyNot(lane) : null;
if (reason !== null) throw new Error(reason);
const ends: (() => void | Promise<void>)[] = [];
const begun = performance.now();
try {
  const { lines, history, status } = await simulateMarch((clean) => ends.push(clean));
  console.log(`${story(lines, ZONE)}\n\n${history}\n\n${status}\n`);
  console.log(`${lines.length} looks and events in ${Math.round((performance.now() - begun) / 1000)} s`);
} finally {
  for (const clean of ends.reverse()) await clean();
}
