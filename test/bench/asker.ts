import { Agent, request } from 'node:http';

const ANSWER_WITHIN_MS = 10_000;

export interface Asker {
  /** Milliseconds until the answer was whole; null without one. */
  ask(url: string): Promise<number | null>;
  close(): void;
}

/** A client that keeps its connections. */
export function asker(): Asker {
  const agent = new Agent({ keepAlive: true });
  const ask = (url: string) => {
    const begun = performance.now();
    return new Promise<number | null>((resolve) => {
      const asked = request(url, { agent, timeout: ANSWER_WITHIN_MS }, (response) => {
        response
          .resume()
          .on('end', () => resolve(response.statusCode === 200 ? performance.now() - begun : null));
      });
      asked.on('timeout', () => asked.destroy());
      asked.on('error', () => resolve(null));
      asked.end();
    });
  };
  return { ask, close: () => agent.destroy() };
}
