/**
 * Effects of a fleet of timers on the registry and on itself, for a table of settings; the defaults in
 * `src/timer/rules/settings.ts` are chosen from it. Run it by
 * `npm run simulate -- [--hosts N] [--fails SHARE] [--requests N] [--json]`; it prints tables in Markdown, then the same as JSON.
 */
import { parseArgs } from 'node:util';
import { DEFAULTS } from '../../src/timer/rules/settings.js';
import { Fleet, type Pace } from './fleet.js';
import { outage, retries } from './outage.js';
import { evenness } from './statistics.js';
import { badRelease, goodRelease, keepingUp, PUBLISHED, type Withdrawal } from './story.js';
import { stubbornRelease } from './stubborn.js';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '100000' },
    /** The share of hosts that roll back the bad release. */
    fails: { type: 'string', default: '1' },
    /** Requests of one installation: the package, its dependencies, and what the registry is asked about them. */
    requests: { type: 'string', default: '300' },
    json: { type: 'boolean', default: false },
  },
});

const PACES: [delay: number, jitter: number][] = [
  [0, 0],
  [0, 6],
  [0, 24],
  [6, 24],
  [12, 24],
  [12, 48],
  [24, 0],
  [24, 24],
  [24, 48],
  [24, 72],
  [48, 24],
  [48, 48],
  [72, 72],
];

const WITHDRAWALS: Record<string, Withdrawal> = {
  '6 h': { afterPublication: 6 },
  '12 h': { afterPublication: 12 },
  '24 h': { afterPublication: 24 },
  '48 h': { afterPublication: 48 },
  'first + 6 h': { afterFirstFailure: 6 },
};

const fails = Number(values.fails);
const requests = Number(values.requests);
const begun = performance.now();
const fleet = new Fleet(Number(values.hosts));
const rows = PACES.map(([delayHours, jitterHours]) => {
  const { minimumIntervalHours, soakHours } = DEFAULTS;
  const pace: Pace = { delayHours, jitterHours, minimumAgeHours: 0, minimumIntervalHours, soakHours };
  return {
    delayHours,
    jitterHours,
    isDefault: delayHours === DEFAULTS.delayHours && jitterHours === DEFAULTS.jitterHours,
    good: goodRelease(fleet, pace, requests),
    bad: Object.entries(WITHDRAWALS).map(([name, withdrawal]) => ({
      name,
      ...badRelease(fleet, pace, fails, withdrawal),
    })),
    busy: keepingUp(fleet, pace),
  };
});
const outages = Object.entries(retries(fleet)).map(([name, retry]) => ({ name, ...outage(fleet, 6, retry) }));
const spread = {
  'whose turn it is, over eight versions': evenness(PUBLISHED.map(([version]) => fleet.shares(version))),
  'the minute of the hourly run': evenness([fleet.phase], 60),
};
const stubborn = stubbornRelease(60);
const seconds = (performance.now() - begun) / 1000;

if (!values.json) printTables();
console.log(JSON.stringify({ hosts: fleet.size, fails, requests, rows, outages, spread, stubborn, seconds }));

function printTables(): void {
  const hours = (value: number) => (Number.isFinite(value) ? value.toFixed(0) : 'never');
  const percent = (share: number) => `${(100 * share).toFixed(share > 0 && share < 0.0995 ? 1 : 0)} %`;
  const count = (value: number) => Math.round(value).toLocaleString('en-US');
  const name = ({ delayHours, jitterHours, isDefault }: (typeof rows)[number]) => {
    const text = `${delayHours} + 0…${jitterHours}`;
    return isDefault ? `**${text}**` : text;
  };
  console.log(
    `${count(fleet.size)} hosts; each asks once an hour, at a minute of its own; an installation makes ${requests} requests.`,
  );
  console.log('Hours from publication: delay + jitter.\n\n### A good release\n');
  table(
    ['hours', 'requests a minute: mean', '99th percentile', 'most', '50 % have it after', '90 %', '99 %'],
    rows.map((row) => {
      const { requestsPerMinute: load, half, most, nearlyAll } = row.good;
      return [
        name(row),
        count(load.mean),
        count(load.p99),
        count(load.max),
        ...[half, most, nearlyAll].map((at) => `${hours(at)} h`),
      ];
    }),
  );
  console.log(
    `\n### A bad release, on which ${percent(fails)} of the hosts go back, by when it is taken back\n`,
  );
  console.log(
    'The share that takes it, each host once (in brackets: goes back). The last column: nobody notices it before a timer has taken it.\n',
  );
  table(
    ['hours', ...Object.keys(WITHDRAWALS), '99 % have the repairing one after'],
    rows.map((row) => [
      name(row),
      ...row.bad.map(({ took, hurt }) => (fails < 1 ? `${percent(took)} (${percent(hurt)})` : percent(took))),
      `${hours(Math.max(...row.bad.map(({ repaired }) => repaired.nearlyAll)))} h`,
    ]),
  );
  console.log('\n### Six releases in eleven days, as OpenClaw really published them\n');
  table(
    ['hours', 'taken, on average', 'hosts that took none of the first five', 'releases behind, on average'],
    rows.map((row) => [
      name(row),
      row.busy.taken.toFixed(1),
      percent(row.busy.none),
      row.busy.behind.toFixed(1),
    ]),
  );
  console.log('\n### The registry does not answer for six hours\n');
  table(
    [
      'a host asks again',
      'requests a minute meanwhile',
      'most',
      'most afterwards',
      '99 % have an answer after',
    ],
    outages.map(({ name: what, during, after, answered }) => [
      what,
      count(during.mean),
      count(during.max),
      count(after.max),
      `${answered.toFixed(1)} h`,
    ]),
  );
  console.log('\n### A bad release that nobody ever takes back, on one host, in 60 days\n');
  table(
    ['with', 'times the gateway is restarted for it'],
    Object.entries(stubborn).map(([what, times]) => [what, `${times}`]),
  );
  console.log('\n### Is the jitter even?\n');
  table(
    ['what', 'bins', 'degrees of freedom', 'chi-squared', 'p'],
    Object.entries(spread).map(([what, { bins, freedom, chiSquared, p }]) => [
      what,
      `${bins}`,
      `${freedom}`,
      chiSquared.toFixed(1),
      p.toFixed(3),
    ]),
  );
  console.log(`\nIn ${seconds.toFixed(1)} s.\n`);
}

function table(head: string[], body: string[][]): void {
  for (const line of [head, head.map(() => '---'), ...body]) console.log(`| ${line.join(' | ')} |`);
}
