import { Command, Option } from 'commander';
import type { Answers } from './answers.js';
import { atGlance, type CommonOptions, inSession, type Session } from './session.js';

export const SAME_RELEASE = 'id of a release, or current, or previous';

type AnswerOf<N> = N extends keyof Answers ? Answers[N] : object;

/** A command whose `--json` prints the document that `Answers` names for it. */
export class AnsweringCommand<N extends string> extends Command {
  /** Gives it work that only reads, or asks another process. */
  looks<A extends unknown[]>(work: Work<A, AnswerOf<N>>): this {
    return this.action(looking(work));
  }

  /** Gives it work that a signal interrupts. */
  acts<A extends unknown[]>(work: Work<A, AnswerOf<N>>): this {
    return this.action(acting(work));
  }
}

/** @param name all words of the command */
export function command<N extends string>(
  name: N,
  description: string,
  example = `openclaw-releases ${name}`,
): AnsweringCommand<N> {
  return new AnsweringCommand<N>(name.split(' ').at(-1))
    .description(description)
    .addOption(new Option('--root <directory>', 'where releases live').env('OPENCLAW_RELEASES_ROOT'))
    .option('--json', 'print one JSON document on standard output and nothing else')
    .addOption(
      new Option('--color <when>', 'colour the output; NO_COLOR is heeded')
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    )
    .addHelpText('after', `\nExample:\n  $ ${example}`);
}

export interface Answer<D extends object> {
  /** For programs; `ok` follows from the exit code unless it is given. */
  document: D & { ok?: boolean };
  text: () => string;
  /** True for text that must stay as it is, such as a log. */
  verbatim?: boolean;
  /** 0 by default. */
  exitCode?: number;
}

type Work<A extends unknown[], D extends object> = (
  session: Session,
  ...given: A
) => Answer<D> | Promise<Answer<D>>;

/** Commander gives an action the arguments, the options and the command. */
function answering(enter: typeof inSession) {
  return <A extends unknown[], D extends object>(work: Work<A, D>) =>
    (...given: [...A, Command]): Promise<void> =>
      enter(given.at(-2) as CommonOptions, async (session) => {
        const { document, text, exitCode = 0, verbatim } = await work(session, ...(given.slice(0, -1) as A));
        session.output.answer({ ok: exitCode === 0, ...document }, text, verbatim);
        return exitCode;
      });
}

export const looking = answering(atGlance);

export const acting = answering(inSession);

export const registryOption = () =>
  new Option('--registry <url>', "npm registry to use instead of npm's configured one");

/** Reads standard input; null when it is longer. @param most bytes */
export async function readInput(most: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
