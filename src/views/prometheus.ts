import type { Overview } from './status.js';

type Labels = Record<string, string | null>;

interface Metric {
  name: string;
  kind: 'gauge' | 'counter';
  help: string;
  /** Null: not known, so there is no sample. */
  value: number | null;
  labels?: Labels;
}

const seconds = (at: string | null | undefined) => (at ? Date.parse(at) / 1000 : null);

const flag = (value: unknown) => (value ? 1 : 0);

/** Text format 0.0.4, for node_exporter's textfile collector. */
export function prometheusText(found: Overview): string {
  return `${metricsOf(found)
    .filter(({ value }) => value !== null)
    .map(metricText)
    .join('\n')}\n`;
}

function metricsOf({
  root,
  current,
  previous,
  trial,
  gateway,
  running,
  interrupted,
  last,
  auto,
  corrupt,
  faults,
}: Overview): Metric[] {
  const { hold, enabled, available } = auto;
  const change: Labels = {
    kind: last?.kind ?? null,
    status: last?.status ?? null,
    release: last?.to ?? null,
  };
  return [
    {
      name: 'info',
      kind: 'gauge',
      help: 'Releases of this root.',
      value: 1,
      labels: { root, current, previous },
    },
    {
      name: 'gateway_up',
      kind: 'gauge',
      help: 'Whether the gateway has a process.',
      value: flag(gateway?.pid),
    },
    {
      name: 'gateway_ready',
      kind: 'gauge',
      help: 'Whether the gateway says that it is ready.',
      value: flag(gateway?.health.ready),
    },
    {
      name: 'gateway_restarts_total',
      kind: 'counter',
      help: 'Automatic restarts by the supervisor.',
      value: gateway?.restarts ?? null,
    },
    {
      name: 'gateway_runs_current',
      kind: 'gauge',
      help: 'Whether the gateway runs the current release.',
      value: gateway?.pid ? flag(gateway.release === current) : null,
    },
    {
      name: 'trial',
      kind: 'gauge',
      help: 'Whether the current release is not verified yet.',
      value: flag(trial),
    },
    { name: 'change_active', kind: 'gauge', help: 'Whether a change is active.', value: flag(running) },
    {
      name: 'changes_interrupted',
      kind: 'gauge',
      help: 'Changes that wait for recover.',
      value: interrupted.length,
    },
    {
      name: 'files_corrupt',
      kind: 'gauge',
      help: 'Files of the root that cannot be understood.',
      value: corrupt.length,
    },
    {
      name: 'releases_damaged',
      kind: 'gauge',
      help: 'Linked releases that cannot be started.',
      value: faults.length,
    },
    { name: 'updates_held', kind: 'gauge', help: 'Whether updates are held.', value: flag(hold) },
    { name: 'timer_enabled', kind: 'gauge', help: 'Whether the timer is enabled.', value: flag(enabled) },
    {
      name: 'timer_decision_timestamp_seconds',
      kind: 'gauge',
      help: 'Time of the last new decision of the timer.',
      value: seconds(auto.last?.at),
      labels: { verdict: auto.last?.verdict ?? null, rule: auto.last?.rule ?? null },
    },
    {
      name: 'update_available',
      kind: 'gauge',
      help: 'Whether the registry last named a newer release.',
      value: flag(available),
      labels: { version: available?.version ?? null },
    },
    {
      name: 'last_change_success',
      kind: 'gauge',
      help: 'Whether the last change succeeded.',
      value: last && flag(last.error === null),
      labels: change,
    },
    {
      name: 'last_change_timestamp_seconds',
      kind: 'gauge',
      help: 'End of the last change.',
      value: seconds(last?.endedAt),
    },
    {
      name: 'last_change_outage_seconds',
      kind: 'gauge',
      help: 'Longest time without an answer in the last change.',
      value: last?.downtimeMs == null ? null : last.downtimeMs / 1000,
    },
  ];
}

function metricText({ name, kind, help, value, labels = {} }: Metric): string {
  const whole = `openclaw_releases_${name}`;
  const pairs = Object.entries(labels).flatMap(([label, text]) =>
    text === null ? [] : `${label}="${escaped(text)}"`,
  );
  const shown = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
  return `# HELP ${whole} ${help}\n# TYPE ${whole} ${kind}\n${whole}${shown} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
