/**
 * Asks a gateway for one thing until it is told to stop, and says how long the answers took: a process of `quiet.ts`.
 * A request begins every so many milliseconds, whether the one before was answered or not: who waits in line is counted.
 */
import { Agent, request } from 'node:http';

/** Task of the process: what to ask and how often. Anything after that ends it. */
export interface Asked {
  url: string;
  everyMs: number;
}

export interface Answers {
  /** Duration of each answer, in milliseconds. */
  taken: number[];
  unanswered: number;
}

const ANSWER_WITHIN_MS = 10_000;

const agent = new Agent({ keepAlive: true });
const answers: Promise<number | null>[] = [];

process.once('message', async ({ url, everyMs }: Asked) => {
  // Opening the connection, and asking for the first time at all, takes this process longer than the gateway takes to answer.
  await ask(url);
  const asking = setInterval(() => answers.push(ask(url)), everyMs);
  process.once('message', async () => {
    clearInterval(asking);
    const all = await Promise.all(answers);
    agent.destroy();
    const taken = all.filter((ms) => ms !== null);
    const said: Answers = { taken, unanswered: all.length - taken.length };
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
