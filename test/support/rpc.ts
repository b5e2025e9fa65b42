import { execa } from 'execa';
import type { StatusAnswer } from '../../src/rpc/documents.js';
import { handle } from '../../src/rpc/handle.js';
import { rootAt } from '../../src/store/root.js';
import { checkPayload } from './answer-schema.js';
import { until } from './place.js';
import { CLI, QUICK, type World } from './world.js';

/** Output of `openclaw-releases rpc METHOD`; a failure is a document as well. */
export interface RpcReply {
  exitCode: number;
  ok: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of many shapes
  payload?: any;
  // biome-ignore lint/suspicious/noExplicitAny: likewise
  error?: any;
}

/** Calls a method as the gateway does: a process for the call, one document in and one out. */
export async function rpc(
  world: World,
  method: string,
  params: unknown = {},
  { caller, env = {}, text }: { caller?: object; env?: Record<string, string>; text?: string } = {},
): Promise<RpcReply> {
  const { exitCode = -1, stdout } = await execa(world.node, [CLI, 'rpc', method, ...QUICK], {
    env: { ...world.env, ...env },
    extendEnv: false,
    reject: false,
    input: text ?? JSON.stringify({ params, caller }),
  });
  const reply = JSON.parse(stdout) as Omit<RpcReply, 'exitCode'>;
  checkPayload(method, reply.payload);
  return { exitCode, ...reply };
}

/** Calls a method in this process. */
export async function callHere(world: World, method: string, params: object = {}): Promise<object> {
  const answer = await handle({ root: rootAt(world.root) }, method, params);
  checkPayload(method, JSON.parse(JSON.stringify(answer)));
  return answer;
}

/**
 * Asks again until a change has its verdict, or the way that the test waits for. In this process: a loop of others would take
 * the processor from what it waits for.
 */
export async function untilStatus(
  world: World,
  params: object,
  done: (status: StatusAnswer) => boolean = ({ phase }) => phase === 'finished',
): Promise<StatusAnswer> {
  let last: StatusAnswer | undefined;
  await until(
    'update.status says it',
    async () => {
      last = (await callHere(world, 'update.status', params)) as StatusAnswer;
      return done(last);
    },
    60_000,
  );
  return last as StatusAnswer;
}
