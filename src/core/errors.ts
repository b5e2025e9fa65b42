import { withoutCredentials } from './address.js';

/** Exit codes: a script can tell "nothing changed" from "rolled back" and from "a person must act now". */
export const EXIT = {
  success: 0,
  internal: 1,
  usage: 2,
  /** Declined; nothing changed. */
  refused: 3,
  /** Failed before the switch; nothing that runs changed. */
  failed: 4,
  /** Verification failed after the switch; the previous release runs again. */
  rolledBack: 5,
  /** The rollback failed too: the host needs a person now. */
  rollbackFailed: 6,
  damaged: 7,
  /** `check` found a newer release; no error. */
  available: 10,
} as const;

export type Outcome = keyof typeof EXIT;

/** Every error code with its outcome. Codes are stable: scripts match them, and a test compares `docs/errors.md`. */
export const ERROR_CODES = {
  usage: 'usage',
  internal: 'internal',
  params_invalid: 'usage',
  forbidden: 'refused',
  home_unknown: 'refused',
  too_many_requests: 'refused',
  // Asking for a release
  spec_invalid: 'usage',
  release_id_invalid: 'usage',
  version_not_found: 'refused',
  release_too_new: 'refused',
  registry_unreachable: 'failed',
  registry_error: 'failed',
  integrity_mismatch: 'failed',
  signature_invalid: 'failed',
  archive_invalid: 'failed',
  not_openclaw: 'refused',
  node_unavailable: 'refused',
  downgrade: 'refused',
  // Staging a release
  insufficient_space: 'refused',
  install_failed: 'failed',
  lockfile_invalid: 'refused',
  lifecycle_failed: 'failed',
  probe_failed: 'failed',
  // A pack
  pack_invalid: 'refused',
  pack_unsuitable: 'refused',
  pack_base_missing: 'refused',
  signature_untrusted: 'refused',
  signers_invalid: 'refused',
  signing_failed: 'failed',
  release_yanked: 'refused',
  yanked_list_invalid: 'refused',
  // The root
  root_unwritable: 'refused',
  root_noexec: 'refused',
  cache_unwritable: 'refused',
  root_not_owned: 'refused',
  root_invalid: 'refused',
  locked: 'refused',
  release_not_found: 'refused',
  release_unsealed: 'refused',
  release_exists: 'refused',
  release_quarantined: 'refused',
  release_pinned: 'refused',
  updates_held: 'refused',
  release_needed: 'refused',
  release_damaged: 'damaged',
  corrupt_files: 'refused',
  no_current: 'refused',
  no_previous: 'refused',
  write_failed: 'failed',
  // The gateway's state
  snapshot_refused: 'refused',
  snapshot_failed: 'failed',
  state_incompatible: 'refused',
  confirmation_needed: 'refused',
  restore_pending: 'refused',
  drill_refused: 'refused',
  drill_failed: 'failed',
  restore_failed: 'rollbackFailed',
  // The gateway and its supervisor
  supervisor_not_found: 'refused',
  supervisor_already_running: 'refused',
  supervisor_failed: 'failed',
  supervisor_file: 'refused',
  command_unknown: 'refused',
  sandbox_forbids: 'refused',
  port_held_by_orphan: 'refused',
  restart_failed: 'rolledBack',
  gateway_crashed: 'rolledBack',
  gateway_not_ready: 'rolledBack',
  gateway_worse: 'rolledBack',
  wrong_version: 'rolledBack',
  wrong_release: 'rolledBack',
  instance_changed: 'rolledBack',
  another_instance: 'refused',
  gateway_silent: 'refused',
  log_elsewhere: 'refused',
  helper_never_ran: 'failed',
  gateway_busy: 'refused',
  notify_failed: 'failed',
  // A change as a whole
  interrupted: 'failed',
  timed_out: 'failed',
  change_not_found: 'refused',
  no_active_change: 'refused',
  already_switched: 'refused',
} as const satisfies Record<string, Outcome>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** True before the switch alone: the ledger drops it from a later failure. */
const UNTOUCHED: Partial<Record<Outcome, string>> = {
  usage: 'Nothing was changed.',
  refused: 'Nothing was changed.',
  failed: 'Nothing that runs was changed.',
};

export interface ReleasesErrorOptions {
  /** Next command to type; shown on a line of its own. */
  hint?: string;
  /** One sentence: the things left unchanged; by default what the outcome promises, and nothing if empty. */
  untouched?: string;
  /** Data for programs; a person does not need it. */
  details?: Record<string, string | number | null>;
  cause?: unknown;
}

/** Only error that this program throws on purpose: a stable code, one sentence, and the next command. */
export class ReleasesError extends Error {
  override readonly name = 'ReleasesError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly untouched: string | undefined;
  readonly details: ReleasesErrorOptions['details'];

  constructor(code: ErrorCode, message: string, options: ReleasesErrorOptions = {}) {
    // Errors are kept in records, and npm's libraries name whole addresses.
    super(withoutCredentials(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint && withoutCredentials(options.hint);
    this.untouched = options.untouched ?? UNTOUCHED[this.outcome];
    this.details = options.details;
  }

  get outcome(): Outcome {
    return ERROR_CODES[this.code];
  }
}

export interface ErrorRecord {
  code: ErrorCode;
  message: string;
  hint?: string;
  untouched?: string;
  details?: Record<string, string | number | null>;
}

export function fromErrorRecord({ code, message, ...rest }: ErrorRecord): ReleasesError {
  return new ReleasesError(code, message, { untouched: '', ...rest });
}

/** Converts anything thrown into a record; unknown errors become `internal`. */
export function toErrorRecord(error: unknown): ErrorRecord {
  if (error instanceof ReleasesError) {
    const { code, message, hint, untouched, details } = error;
    return {
      ...{ code, message },
      ...(hint && { hint }),
      ...(untouched && { untouched }),
      ...(details && { details }),
    };
  }
  const message = withoutCredentials(error instanceof Error ? error.message : String(error));
  switch (systemCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        code: 'insufficient_space',
        message: `The disk is full: ${message}.`,
        hint: 'openclaw-releases prune --dry-run',
      };
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'EIO':
    // Another kind of file lies in the place of our own.
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ERR_FS_EISDIR':
    case 'ENOTEMPTY':
    case 'EEXIST':
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'ENXIO':
      return {
        code: 'write_failed',
        message: `A file could not be used: ${message}.`,
        hint: 'openclaw-releases status',
      };
    default:
      return { code: 'internal', message };
  }
}

export function systemCode(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
