/**
 * Asks a gateway for one thing until it is told to stop, and says how long the answers took: a process of `quiet.ts`.
 * A request begins every so many milliseconds, whether the one before was answered or not: who waits in line is counted.
 */
import { asker } from './asker.js';

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

const { ask, close } = asker();
const answers: Promise<number | null>[] = [];

process.once('message', async ({ url, everyMs }: Asked) => {
  // Opening the connection, and asking for the first time at all, takes this process longer than the gateway takes to answer.
  await ask(url);
  const asking = setInterval(() => answers.push(ask(url)), everyMs);
  process.once('message', async () => {
    clearInterval(asking);
    const all = await Promise.all(answers);
    close();
    const taken = all.filter((ms) => ms !== null);
    const said: Answers = { taken, unanswered: all.length - taken.length };
    process.send?.(said, () => process.disconnect());
  });
});
