import { constants } from 'node:os';
import { ERROR_CODES, EXIT, toErrorRecord } from '../core/errors.js';
import { Interruption } from '../core/interrupted.js';
import { withTyped } from './typed-command.js';
import { print, say } from './write.js';

export interface Output {
  json: boolean;
  /** @param verbatim the text is no message: it is neither folded nor coloured */
  answer(document: object, text: () => string, verbatim?: boolean): void;
}

export function outputFor(json: boolean): Output {
  return {
    json,
    answer(document, text, verbatim = false) {
      if (json) print(jsonText(document));
      else if (verbatim) print(`${text()}\n`);
      else say(`${text()}\n`);
    },
  };
}

/** `schema` rises with a change that a reader would notice; docs/json.md has the promise. */
function jsonText(document: object): string {
  return `${JSON.stringify({ schema: 1, ...document }, withTyped, 2)}\n`;
}

/** Without a verdict a signal is the reason of the end, as in a shell. */
export function failWith(error: unknown, json: boolean): void {
  const record = toErrorRecord(error);
  const cause = error instanceof Error ? error.cause : null;
  process.exitCode =
    cause instanceof Interruption ? 128 + constants.signals[cause.by] : EXIT[ERROR_CODES[record.code]];
  if (json) {
    print(jsonText({ ok: false, error: record }));
    return;
  }
  say(`${errorLines(record).join('\n')}\n`, 2);
  if (record.code === 'internal' && error instanceof Error) print(`${error.stack}\n`, 2);
}

export function errorLines({ code, message, hint, untouched }: ReturnType<typeof toErrorRecord>): string[] {
  return [
    `error: ${message} [${code}]`,
    ...(untouched ? [`  ${untouched}`] : []),
    ...(hint ? [`  next: ${hint}`] : []),
  ];
}
