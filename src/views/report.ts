import { readFileSync } from 'node:fs';
import { arch, release as kernel, totalmem } from 'node:os';
import { DROP_IN_SUFFIX, type GatewayUnit } from '../adopt/unit.js';
import { plainText } from '../core/bounded-file.js';
import { type ErrorRecord, toErrorRecord } from '../core/errors.js';
import { ifPossible } from '../core/if-possible.js';
import { ownFile } from '../core/own-files.js';
import { withoutSecrets } from '../core/secret-words.js';
import { startedAt } from '../host/process-age.js';
import { freeSpace } from '../host/space.js';
import { changeNamed, type PastLine } from '../ledger/history.js';
import { type Change, listChanges } from '../ledger/ledger.js';
import type { Redact } from '../state/secrets.js';
import { type Policy, readPolicy } from '../store/policy.js';
import { quarantineOf } from '../store/quarantine.js';
import type { Root } from '../store/root.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { type Diagnosis, diagnose } from './doctor.js';
import { gatewayLog, gatewayRedactor, unitIfReadable } from './gateway-log.js';
import { type ReleaseDocument, releaseDocuments } from './release.js';
import { type Overview, overview } from './status.js';

/** A part that cannot be read is its error's sentence: a report is for hosts where something is wrong. */
type Part<T> = T | { error: string };

export type ReportedRelease = Pick<
  ReleaseDocument,
  'id' | 'version' | 'runtime' | 'schemas' | 'sealedAt' | 'treeDigest' | 'lockfileDigest' | 'quarantine'
>;

export interface ReportedPolicy extends Pick<Policy, 'pins' | 'hold' | 'schedule' | 'retention'> {
  /** Versions in quarantine, also those that were never sealed here or are removed by now. */
  quarantine: string[];
}

/** Facts for a maintainer about a failed change. Without the secrets of the gateway. */
export interface Report {
  schema: 1;
  /** ISO 8601. */
  at: string;
  host: {
    tool: string;
    node: string;
    kernel: string;
    arch: string;
    memory: number;
    free: number;
    system: string;
  };
  status: Part<Overview>;
  findings: Part<Diagnosis['findings']>;
  /** Start of the gateway's process, ISO 8601; null unless it is ready. */
  healthySince: string | null;
  releases: Part<ReportedRelease[]>;
  /** Decisions of the operator. */
  policy: Part<ReportedPolicy>;
  /** Whole records, oldest first. */
  changes: Part<(Change | PastLine)[]>;
  /** Unit and drop-ins in force, as texts; null without systemd. */
  unit: string[] | null;
  /** Last lines of the gateway's log; null where its supervisor keeps none. */
  log: Part<string[] | null>;
}

const CHANGES = 5;
const LOG_LINES = 300;

/**
 * @param change id of the change that the report is about; null for the last five
 * @throws ReleasesError `change_not_found`; every other failure becomes a part of the report
 */
export async function makeReport(root: Root, supervisor: Supervisor, change: string | null): Promise<Report> {
  const changes =
    change === null ? await part(() => listChanges(root).slice(-CHANGES)) : [changeNamed(root, change)];
  const unit = await unitIfReadable(root);
  const redact = await gatewayRedactor(supervisor, unit);
  const status = await part(() => overview(root, supervisor));
  const report: Report = {
    schema: 1,
    at: new Date().toISOString(),
    host: hostOf(root),
    status,
    healthySince: 'error' in status ? null : healthySince(status),
    findings: await part(async () => (await diagnose(root, supervisor)).findings),
    releases: await part(() => releaseDocuments(root, null).releases.map(essentials)),
    policy: await part(() => policyOf(root)),
    changes,
    unit: unit && textsOf(unit),
    log: await part(() => gatewayLog(root, supervisor, LOG_LINES)),
  };
  return redacted(report, redact) as Report;
}

async function part<T>(read: () => T | Promise<T>): Promise<Part<T>> {
  try {
    return await read();
  } catch (error) {
    return { error: toErrorRecord(error).message };
  }
}

/** Takes the secrets out of every text of a document; names of its keys are ours. */
function redacted(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return withoutSecretOptions(redact(value));
  if (Array.isArray(value)) return value.map((item) => redacted(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, redacted(inner, redact)]));
}

/** Command lines in units and drop-ins: `--password x` and `SetCredential=`. */
function withoutSecretOptions(text: string): string {
  const lines = text.split('\n').map((line) => withoutSecrets(line.split(' ')));
  return lines.join('\n');
}

function hostOf({ path }: Root): Report['host'] {
  const { version } = JSON.parse(readFileSync(ownFile('package.json'), 'utf8')) as { version: string };
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(
    ifPossible(() => readFileSync('/etc/os-release', 'utf8')) ?? '',
  );
  return {
    ...{ tool: version, node: process.versions.node, kernel: kernel(), arch: arch(), memory: totalmem() },
    free: ifPossible(() => freeSpace(path).bytes) ?? 0,
    system: system?.[1] ?? 'unknown',
  };
}

function healthySince({ gateway }: Overview): string | null {
  return gateway?.pid && gateway.health.ready ? startedAt(gateway.pid) : null;
}

function essentials(release: ReleaseDocument): ReportedRelease {
  const { id, version, runtime, schemas, sealedAt, treeDigest, lockfileDigest, quarantine } = release;
  return { id, version, runtime, schemas, sealedAt, treeDigest, lockfileDigest, quarantine };
}

/** Without `notify`, whose address may be secret. */
function policyOf(root: Root): ReportedPolicy {
  const policy = readPolicy(root);
  const { pins, hold = null, schedule, retention } = policy;
  const quarantine = Object.keys(policy.quarantine).filter((id) => quarantineOf(policy, id));
  return { pins, hold, quarantine, ...(schedule && { schedule }), ...(retention && { retention }) };
}

function textsOf({ texts, dropIns }: GatewayUnit): string[] {
  const own = dropIns.filter((path) => path.endsWith(DROP_IN_SUFFIX));
  return [...texts, ...own.map((path) => plainText(path) ?? path)];
}

function errorText(error: ErrorRecord | string | null): string {
  if (error === null) return 'none';
  return typeof error === 'string' ? `\`${error}\`` : `\`${error.code}\`: ${error.message}`;
}

/** Markdown for a forum: the essence for people on top, all of it as JSON below. */
export function reportText(report: Report): string {
  const { host, status, changes, findings } = report;
  const last = Array.isArray(changes) ? changes.at(-1) : undefined;
  const rows = [
    ['openclaw-releases', host.tool],
    ['host', `${host.system}, ${host.kernel}, ${host.arch}, Node ${host.node}`],
    ['current', 'error' in status ? status.error : (status.current ?? 'none')],
    ['previous', 'error' in status ? '' : (status.previous ?? 'none')],
    ['gateway', 'error' in status ? '' : (status.gateway?.state ?? 'no supervisor answers')],
    [
      'last change',
      last ? `${'id' in last ? last.id : last.change}: ${last.status ?? 'no verdict'}` : 'none',
    ],
    ['its error', errorText(last?.error ?? null)],
    [
      'doctor',
      Array.isArray(findings) ? findings.map(({ code }) => code).join(', ') || 'nothing' : findings.error,
    ],
  ];
  return [
    '# Report of openclaw-releases',
    '',
    'Secrets that the gateway knows are replaced by `…`. Read it before you give it away.',
    '',
    '| | |',
    '|---|---|',
    ...rows.map(
      ([name, value]) => `| ${name} | ${(value ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ')} |`,
    ),
    '',
    '<details><summary>All of it</summary>',
    '',
    '```json',
    JSON.stringify(report, null, 2).replaceAll('```', '` ` `'),
    '```',
    '',
    '</details>',
  ].join('\n');
}
