import { ERROR_CODES, EXIT, ReleasesError, toErrorRecord } from '../../core/errors.js';
import { outgoing } from '../../core/printable.js';
import type { Caller, Reply } from '../../rpc/documents.js';
import { handle } from '../../rpc/handle.js';
import { type ChangeOptions, planOptions, withLimits, withPlugins, withStaging } from '../change-options.js';
import { command, readInput, registryOption } from '../command.js';
import { type CommonOptions, inSession } from '../session.js';
import { withTyped } from '../typed-command.js';

/** Bytes; the longest valid note and continuation are far below. */
const LONGEST = 256 * 1024;

export function rpcCommand() {
  const rpc = command(
    'rpc',
    'answer one call that came through the gateway: {"params":…,"caller":…} on standard input',
    `echo '{"params":{}}' | openclaw-releases rpc update.status`,
  )
    .argument('<method>', 'update.run, update.status, releases.list, …')
    .addOption(registryOption());
  type Options = CommonOptions & ChangeOptions;
  return withLimits(withPlugins(withStaging(rpc, 'auto'))).action((method: string, options: Options) =>
    inSession({ ...options, json: true }, async ({ environment }) => {
      const reply = await answer(async () => {
        const input = await readInput(LONGEST);
        if (input === null) throw unusable(`is longer than ${LONGEST} bytes`);
        const { params, caller } = parse(input.toString());
        const here = { ...environment, plan: planOptions(options), endsWithAnswer: true };
        return handle(here, method, params, caller);
      });
      process.stdout.write(`${outgoing(JSON.stringify(reply, withTyped))}\n`);
      return reply.ok ? EXIT.success : EXIT[ERROR_CODES[reply.error.code]];
    }),
  );
}

async function answer(call: () => Promise<object>): Promise<Reply> {
  try {
    return { ok: true, payload: await call() };
  } catch (error) {
    return { ok: false, error: toErrorRecord(error) };
  }
}

/** Reads empty input as a call without parameters from the gateway. */
function parse(text: string): { params: unknown; caller: Caller } {
  let call: unknown = {};
  try {
    if (text.trim() !== '') call = JSON.parse(text);
  } catch {
    throw unusable('is not JSON');
  }
  if (typeof call !== 'object' || call === null || Array.isArray(call)) throw unusable('is no object');
  const { params, caller } = call as { params?: unknown; caller?: unknown };
  return { params, caller: parseCaller(caller) };
}

/** Refuses a caller that it cannot parse: without scopes, a caller may do everything. */
function parseCaller(caller: unknown): Caller {
  if (caller === undefined || caller === null) return { scopes: null };
  const { scopes = null, name } = caller as { scopes?: unknown; name?: unknown };
  const isList = Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string');
  if (typeof caller !== 'object' || (scopes !== null && !isList)) {
    throw unusable('has a caller whose scopes are neither a list of strings nor null');
  }
  return { scopes: scopes as string[] | null, ...(typeof name === 'string' && { name: name.slice(0, 200) }) };
}

function unusable(what: string): ReleasesError {
  return new ReleasesError('params_invalid', `What came on standard input ${what}.`, {
    hint: `echo '{"params":{}}' | openclaw-releases rpc update.status`,
  });
}
