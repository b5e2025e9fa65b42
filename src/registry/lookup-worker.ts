import { toErrorRecord } from '../core/errors.js';
import { loadClientOptions } from './client.js';
import type { Lookup, LookupAnswer, LookupRequest } from './lookup.js';
import { resolveRelease } from './resolve.js';
import { chooseRuntime } from './runtime.js';

async function lookUp({ spec, overrides, staged, hostNode, present }: LookupRequest): Promise<Lookup> {
  const options = await loadClientOptions(overrides);
  const resolved = await resolveRelease(spec, options);
  if (staged.includes(resolved.id)) return { options, resolved, runtime: null };
  const runtime = await chooseRuntime({ engines: resolved.engines, hostNode, present, options }).catch(
    (error) => ({ error: toErrorRecord(error) }),
  );
  return { options, resolved, runtime };
}

process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.once('message', async (request: LookupRequest) => {
  const answer: LookupAnswer = await lookUp(request).then(
    (found) => ({ found }),
    (error) => ({ error: toErrorRecord(error) }),
  );
  process.send?.(answer, undefined, undefined, () => process.exit());
});
