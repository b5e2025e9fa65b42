import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { TOKEN, withPlugin } from '../support/plugin-world.js';
import { makeWorld } from '../support/world.js';
import type { Answers, Asked } from './prober.js';
import type { Section } from './section.js';

const VERSION = '2026.1.1';
const LOOKS = 100;
/** Milliseconds between two questions to `/healthz`. */
const EVERY_MS = 10;
/** Milliseconds of a measurement; the prober needs the first one or two to start, so one wave of looks would be over by then. */
const WINDOW_MS = 6_000;

/** A gateway's `/healthz` with and without many looks at the page's API at once. */
export const section: Section = {
  title: 'The page’s API',
  async run({ rounds }) {
    const cleaners: (() => unknown)[] = [];
    const quiet: number[] = [];
    const busy: number[] = [];
    const crowded: number[] = [];
    let unanswered = 0;
    const refused: number[] = [];
    try {
      const world = withPlugin(await makeWorld((clean) => void cleaners.push(clean)));
      world.publish(VERSION);
      await world.start(VERSION);
      const health = async (work: () => Promise<unknown>) => {
        const answers = await probe(`${world.url}/healthz`, work);
        unanswered += answers.unanswered;
        return answers.taken;
      };
      for (let round = 0; round < rounds; round++) {
        quiet.push(...(await health(() => new Promise((resolve) => setTimeout(resolve, WINDOW_MS)))));
        crowded.push(...(await health(() => waves(world.url, askForHealth))));
        busy.push(...(await health(async () => refused.push(...(await waves(world.url, look))))));
      }
    } finally {
      for (const clean of cleaners.reverse()) await clean();
    }
    const [without, crowd, beside] = [p99(quiet), p99(crowded), p99(busy)];
    return {
      about: `${LOOKS} requests at once for list, status, history and verify, ${refused.length} waves one after the other; /healthz every ${EVERY_MS} ms. Milliseconds. ${unanswered} of /healthz were not answered; 503 in each wave: ${refused.join(', ')}.`,
      tables: [
        {
          columns: ['/healthz', 'answers', 'p99', 'of without'],
          rows: [
            ['without requests', quiet, without] as const,
            [`beside ${LOOKS} requests for /healthz`, crowded, crowd] as const,
            [`beside ${LOOKS} looks`, busy, beside] as const,
          ].map(([name, all, ms]) => [name, all.length, ms.toFixed(1), `${(ms / without).toFixed(2)}x`]),
        },
      ],
      // Node's server alone needs some 20 ms for that many requests at once, which no plugin can change.
      targets: [
        {
          what: `p99 of /healthz beside ${LOOKS} looks, of that beside as many requests for /healthz`,
          ratio: beside / crowd,
          atMost: 1.5,
        },
      ],
      samples: { quiet, crowded, busy, refused, unanswered },
    };
  },
};

/** Starts the next wave when the one before is answered; returns the count of refusals of each. */
async function waves(url: string, wave: (url: string) => Promise<number>): Promise<number[]> {
  const refused: number[] = [];
  const until = performance.now() + WINDOW_MS;
  while (performance.now() < until) refused.push(await wave(url));
  return refused;
}

/** Starts all looks at once; returns how many were refused with 503. */
async function look(url: string): Promise<number> {
  const names = ['list', 'status', 'history', 'verify'];
  const headers = { authorization: `Bearer ${TOKEN}`, 'x-openclaw-releases': 'page' };
  const asked = Array.from({ length: LOOKS }, async (_, at) => {
    const response = await fetch(`${url}/releases/api/${names[at % names.length]}`, { headers });
    await response.arrayBuffer();
    return response.status;
  });
  return (await Promise.all(asked)).filter((status) => status === 503).length;
}

/** Costs that any requests have. */
async function askForHealth(url: string): Promise<number> {
  await Promise.all(Array.from({ length: LOOKS }, async () => (await fetch(`${url}/healthz`)).arrayBuffer()));
  return 0;
}

async function probe(url: string, work: () => Promise<unknown>): Promise<Answers> {
  const prober = fork(fileURLToPath(new URL('prober.ts', import.meta.url)));
  const asked: Asked = { url, everyMs: EVERY_MS };
  prober.send(asked);
  try {
    await work();
    prober.send('enough');
    const [answers] = (await once(prober, 'message')) as [Answers];
    return answers;
  } finally {
    prober.kill();
  }
}

function p99(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.ceil(all.length * 0.99) - 1] ?? Number.NaN;
}
