import { draw, randomFrom } from '../torture/random.js';
import { filesOf, type Lane } from './lanes.js';

/** `SEED:SHARE`, such as `4711:0.5`; unset or empty: every file runs. The gate sets it. */
const VARIABLE = 'OPENCLAW_RELEASES_TEST_DRAW';

export interface Draw {
  /** Paths from the checkout. */
  files: string[];
  /** Size of the part, and the command for one of its files. */
  notice: string;
}

/** The part of a lane's files that this run has drawn, at least one; null when all of them run. */
export function drawOf(lane: Lane): Draw | null {
  const { name, leastShare, drawsAmong = /^/, beyondDraw } = lane;
  const value = process.env[VARIABLE] ?? '';
  if (leastShare === undefined || value === '') return null;
  const [, seed, share] = /^(\d+):(0\.\d*[1-9]\d*|1)$/.exec(value) ?? [];
  if (seed === undefined) throw new Error(`${VARIABLE} is ${value}, not SEED:SHARE with a share up to 1.`);
  const all = filesOf(lane);
  const pathInLane = (path: string) => path.slice(`test/${name}/`.length);
  const inReach = all.filter((path) => !beyondDraw?.test(pathInLane(path)));
  const rare = inReach.filter((path) => drawsAmong.test(pathInLane(path)));
  // A lane with files that run always may draw none.
  const rounded = rare.length < inReach.length ? Math.round : Math.ceil;
  const size = rounded(rare.length * Math.max(Number(share), leastShare));
  const files = [
    ...inReach.filter((path) => !rare.includes(path)),
    ...draw(randomFrom(Number(seed)), rare, size),
  ];
  const notice =
    `The lane ${name} runs ${files.length} of its ${all.length} files, drawn by ${VARIABLE}=${value}.` +
    ` One of them again: npm run lane -- ${name} FILE`;
  return { files, notice };
}
