import { toErrorRecord } from '../core/errors.js';
import { serve } from '../host/serve.js';
import { loadClientOptions } from './client.js';
import type { Lookup, LookupRequest } from './lookup.js';
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

serve(lookUp);
