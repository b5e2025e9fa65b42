import { toErrorRecord } from '../core/errors.js';
import { serve } from '../host/serve.js';
import { requireCache } from './cache-directory.js';
import { loadClientOptions } from './client.js';
import type { Lookup, LookupRequest, NodeLookup, NodeRequest } from './lookup.js';
import { resolveRelease } from './resolve.js';
import { chooseRuntime } from './runtime.js';

async function lookUp(request: LookupRequest | NodeRequest): Promise<Lookup | NodeLookup> {
  const { overrides, nodes } = request;
  const options = await loadClientOptions(overrides);
  requireCache(options.cache);
  if ('engines' in request)
    return { options, runtime: await chooseRuntime({ engines: request.engines, nodes, options }) };
  const { spec, staged } = request;
  const resolved = await resolveRelease(spec, options);
  if (staged.includes(resolved.id)) return { options, resolved, runtime: null };
  const runtime = await chooseRuntime({ engines: resolved.engines, nodes, options }).catch((error) => ({
    error: toErrorRecord(error),
  }));
  return { options, resolved, runtime };
}

serve(lookUp);
