import { createInterface } from 'node:readline';
import { type ErrorRecord, toErrorRecord } from '../core/errors.js';

/** Lines of a worker: any number of `progress`, then one of the others. */
export type Message<Answer, Progress> = { progress: Progress } | { done: Answer } | { error: ErrorRecord };

/**
 * Main function of a worker: reads one order, does it, answers and exits. Ends when stdin closes: the requester is gone,
 * so nobody needs the work.
 * @param end must not wait for threads (nodejs/node#54918)
 */
export function serve<Order, Progress = never>(
  work: (order: Order, tell: (progress: Progress) => void) => Promise<unknown>,
  end: () => void = () => process.kill(process.pid, 'SIGKILL'),
): void {
  const say = (message: Message<unknown, Progress>, then?: () => void) =>
    void process.stdout.write(`${JSON.stringify(message)}\n`, then);
  const lines = createInterface({ input: process.stdin });
  lines.once('close', end);
  lines.once('line', async (line) => {
    const answer = await work(JSON.parse(line) as Order, (progress) => say({ progress })).then(
      (done) => ({ done: done ?? null }),
      (error) => ({ error: toErrorRecord(error) }),
    );
    say(answer, () => process.exit());
  });
}
