/**
 * Asks a gateway for its health until it is told to stop, and says how long the answers took: a process of `quiet.ts`.
 * A request begins every so many milliseconds, whether the one before was answered or not: who waits in line is counted.
 */
import { Agent, request } from 'node:http';

/** What the process is told: what to ask and how often. Anything after that ends it. */
export interface Asked {
  url: string;
  everyMs: number;
}

export interface Answers {
  requests: number;
  unanswered: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

const ANSWER_WITHIN_MS = 10_000;

const agent = new Agent({ keepAlive: true });
const answers: Promise<number | null>[] = [];

process.once('message', ({ url, everyMs }: Asked) => {
  const asking = setInterval(() => answers.push(ask(url)), everyMs);
  process.once('message', async () => {
    clearInterval(asking);
    const all = await Promise.all(answers);
    agent.destroy();
    const taken = all.filter((ms) => ms !== null).sort((a, b) => a - b);
    const at = (part: number) => taken[Math.floor(taken.length * part)] ?? Number.NaN;
    const said: Answers = {
      ...{ requests: all.length, unanswered: all.length - taken.length },
      ...{ p50: at(0.5), p99: at(0.99) },
    };
    process.send?.(said, () => process.disconnect());
  });
});

/** Milliseconds until the answer was whole, or null. */
function ask(url: string): Promise<number | null> {
  const begun = performance.now();
  return new Promise((resolve) => {
    const asked = request(url, { agent, timeout: ANSWER_WITHIN_MS }, (response) => {
      response
        .resume()
        .on('end', () => resolve(response.statusCode === 200 ? performance.now() - begun : null));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(null));
    asked.end();
  });
}
