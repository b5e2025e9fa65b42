import { ReleasesError } from '../core/errors.js';
import { throwIfInterrupted } from '../core/interrupted.js';
import { askWorker } from '../host/worker.js';
import { redactorFor } from '../state/secrets.js';
import { ISOLATED_ENV, isolated, isolation } from './isolation.js';
import {
  type CandidateReport,
  type CandidateRequest,
  type PreparedCandidate,
  prepareCandidate,
} from './prepare.js';

export type { CandidateReport, CandidateRequest, CompileCache as Warming } from './prepare.js';

/** Milliseconds for the namespaces and for the answer. */
const MARGIN_MS = 10_000;

const LINES = 20;

/** Characters; the worker sends twice as many. */
const SAID = 8000;

/**
 * Starts a release's gateway in isolation on a copy of the state, at the path of the live state. It can write nothing
 * else and has no network. Ends it when it is ready or late; it outlives neither this call nor this process.
 * @throws ReleasesError `probe_failed` when isolation is not available or a named path is missing, `interrupted` when
 *   `signal` aborts. A gateway that does not start is a report, not an error.
 */
export async function bootCandidate(request: CandidateRequest): Promise<CandidateReport> {
  const { launch, place, timeoutMs, signal } = request;
  throwIfInterrupted(signal);
  const { bindings, command, order } = prepare(request);
  const found = await isolation();
  if (!found.available) throw failed(`A candidate cannot be started in isolation here: ${found.why}`);
  const { namespaces } = found;
  const redact = redactorFor(place, launch.env);
  const report = await askWorker<CandidateReport>(order, {
    command: isolated({ namespaces, bindings, command }),
    env: ISOLATED_ENV,
    signal,
    timeoutMs: timeoutMs + order.endMs + MARGIN_MS,
    died: (how, said) => failed(`The candidate's start gave no report: ${redact(said || how)}.`),
  });
  // Cut only afterwards: the end of a secret that was cut in two would stay.
  const said = redact(report.said).slice(-SAID).trimEnd().split('\n').slice(-LINES).join('\n');
  return { ...report, said, failing: report.failing.map(redact) };
}

/**
 * Boots a candidate, and once more at normal priority when that was no success. On a busy host a low-priority start misses its
 * own limits: OpenClaw 2026.9.6 refuses a state when a thread needs five seconds to begin.
 * @param request returns a request with a fresh copy of the state each time
 * @param isSuccess by default also true of a candidate that is not ready: parts of it may never be without a network
 * @returns the last report, and the copy that it used
 * @throws ReleasesError as `bootCandidate`, and any error of `request`
 */
export async function bootWithRetry(
  request: () => Promise<CandidateRequest>,
  isSuccess = ({ exit }: CandidateReport) => exit === null,
): Promise<{ report: CandidateReport; copy: CandidateRequest['copy'] }> {
  const start = async (urgent: boolean) => {
    const made = await request();
    return { report: await bootCandidate({ ...made, urgent }), copy: made.copy };
  };
  const first = await start(false);
  return isSuccess(first.report) ? first : start(true);
}

function prepare(request: CandidateRequest): PreparedCandidate {
  try {
    return prepareCandidate(request);
  } catch (error) {
    throw failed(`What a candidate needs is not there: ${(error as Error).message}.`);
  }
}

function failed(message: string): ReleasesError {
  return new ReleasesError('probe_failed', message, {
    hint: 'Leave the candidate out; a change is verified after its switch, and rolls back automatically.',
  });
}
