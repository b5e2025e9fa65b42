import { readFileSync, rmSync } from 'node:fs';
import type { Mutant, Tests } from './mutants.js';
import type { Scratch } from './scratch.js';

/** Result of one mutant. `invalid` proves nothing: it did not apply, or no test of it ran. */
export interface Outcome {
  mutant: Mutant;
  result: 'caught' | 'survived' | 'invalid';
  /** Title of the test that failed, or why there is none. */
  by: string;
  seconds: number;
}

/** Limit of one mutant: several times what an unloaded machine needs. */
const LIMIT_MS = 240_000;

/** Limit for all tests of a file without a mutant, on a busy machine. */
const CONTROL_MS = 900_000;

/** Applies a mutant, runs the tests that must catch it, and restores the copy. */
export async function tryMutant(
  scratch: Scratch,
  mutant: Mutant,
  tests: Tests,
  signal: AbortSignal,
): Promise<Outcome> {
  const begun = performance.now();
  const outcome = (result: Outcome['result'], by: string): Outcome => {
    return { mutant, result, by, seconds: (performance.now() - begun) / 1000 };
  };
  const { file, find, replace, built = needsBuild(file, tests) } = mutant;
  const limitMs = mutant.limitSeconds === undefined ? LIMIT_MS : mutant.limitSeconds * 1000;
  let putBack = () => {};
  try {
    putBack = scratch.replace(file, find, replace);
    const broken = built ? await scratch.build(signal) : null;
    if (broken !== null) return outcome('invalid', `it does not compile: ${firstLine(broken)}`);
    const ran = await runTests(scratch, tests, limitMs, signal, ['--bail', '1']);
    if (signal.aborted) return outcome('invalid', 'interrupted');
    if (ran.late) return outcome('caught', `the limit of ${limitMs / 1000} s: it hangs`);
    const [failed] = ran.failed;
    if (failed !== undefined) return outcome('caught', failed);
    if (ran.passed.length === 0 || ran.code !== 0) return outcome('invalid', ran.problem);
    return outcome('survived', `${ran.passed.length} tests passed`);
  } catch (error) {
    return outcome('invalid', error instanceof Error ? error.message : String(error));
  } finally {
    putBack();
    scratch.restoreBuild();
  }
}

/** Unit tests import the source; all others run what was built from it. */
function needsBuild(file: string, { tests }: Tests): boolean {
  return !file.startsWith('layout/') && tests.some((path) => !path.startsWith('test/unit/'));
}

/** Runs tests without a mutant. @returns problems as sentences; none when each title has a test that passes */
export async function control(scratch: Scratch, group: Tests[], signal: AbortSignal): Promise<string[]> {
  const titles = group.flatMap(({ title }) => title ?? []);
  const all: Tests = {
    tests: [...new Set(group.flatMap(({ tests }) => tests))],
    ...(titles.length === group.length && { title: titles.map((title) => `(?:${title})`).join('|') }),
  };
  const ran = await runTests(scratch, all, CONTROL_MS, signal, []);
  const where = all.tests.join(', ');
  if (ran.late) return [`${where}: the limit was reached`];
  if (ran.failed.length > 0) return ran.failed.map((name) => `${where}: ${name} fails without a mutant`);
  if (ran.code !== 0 || ran.passed.length === 0) return [`${where}: ${ran.problem}`];
  return titles
    .filter((title) => !ran.passed.some((name) => new RegExp(title).test(name)))
    .map((title) => `${where}: no test with the title ${title} ran`);
}

interface Ran {
  code: number | null;
  late: boolean;
  passed: string[];
  failed: string[];
  /** Reason why nothing ran, if nothing did. */
  problem: string;
}

interface Report {
  testResults: {
    message: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
}

async function runTests(
  scratch: Scratch,
  { tests, title }: Tests,
  limitMs: number,
  signal: AbortSignal,
  options: string[],
): Promise<Ran> {
  const report = scratch.fileFor('report.json');
  rmSync(report, { force: true });
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...tests, ...options];
  const named = title === undefined ? [] : ['--testNamePattern', title];
  const reporting = ['--reporter', 'json', '--outputFile', report];
  const ended = await scratch.run(process.execPath, [...vitest, ...named, ...reporting], limitMs, signal);
  const { testResults } = readReport(report);
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const titlesOf = (status: string) => all.filter((one) => one.status === status).map((one) => one.fullName);
  const message = testResults.map((one) => one.message).find((text) => text !== '') ?? ended.said;
  return {
    code: ended.code,
    late: ended.late,
    passed: titlesOf('passed'),
    failed: titlesOf('failed'),
    problem: `no test ran: ${firstLine(message)}`,
  };
}

function readReport(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch {
    return { testResults: [] };
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
