import type { ErrorCode, ErrorRecord } from '../../src/core/errors.js';
import type { Behaviour } from '../registry/gateway-package.js';
import type { Fault } from '../registry/registry.js';

/** A failure in miniature: the release, or the registry, that fails in this way. */
export interface Failure {
  behaviour?: Behaviour;
  /** Behaviour of the release from before, which was healthy. */
  before?: Behaviour;
  fault?: Fault['kind'];
  /** The registry does not have the version. */
  absent?: boolean;
}

const OTHER_VERSION = '2026.1.1';

/** Failures by their codes; a code that is not here comes from the host, from another process or from a person. */
const FAILURES: Partial<Record<ErrorCode, (error: ErrorRecord) => Failure>> = {
  gateway_crashed: ({ message }) => ({
    behaviour: message.includes('exit code 78') ? { exitCode78: true } : { crashAtStart: true },
  }),
  gateway_not_ready: () => ({ behaviour: { neverReady: true } }),
  gateway_worse: ({ message }) =>
    message.includes('is broken:')
      ? { before: { tellsActivity: true }, behaviour: { tellsActivity: true, lacksCredential: true } }
      : { behaviour: { failingChannel: true } },
  wrong_version: () => ({ behaviour: { answersVersion: OTHER_VERSION } }),
  probe_failed: () => ({ behaviour: { printsVersion: OTHER_VERSION } }),
  lifecycle_failed: () => ({ behaviour: { failPreinstall: true } }),
  node_unavailable: () => ({ behaviour: { engines: '>=99' } }),
  integrity_mismatch: () => ({ fault: 'wrong-integrity' }),
  signature_invalid: () => ({ fault: 'wrong-signature' }),
  version_not_found: () => ({ absent: true }),
};

/** The failure that ends with this error, or null when no miniature has it. */
export function failureOf(error: ErrorRecord): Failure | null {
  return FAILURES[error.code]?.(error) ?? null;
}

/** Failures that a replay can repeat. */
export const REPLAYABLE = Object.keys(FAILURES) as ErrorCode[];
