import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { COMMANDS, HIDDEN_COMMANDS } from '../../../src/cli/commands.js';
import { runProgram } from '../../../src/cli/program.js';
import { EXIT } from '../../../src/core/errors.js';

const said = vi.hoisted(() => ({ 1: '', 2: '' }));

vi.mock('../../../src/cli/write.js', () => {
  const write = (text: string, to: 1 | 2 = 1) => {
    said[to] += text;
  };
  return { print: write, say: write, tint: write };
});

beforeEach(() => Object.assign(said, { 1: '', 2: '' }));
afterEach(() => {
  process.exitCode = undefined;
});

/** Runs a command line that ends before any work: in this process, because each start of another costs most of a test. */
async function typed(...words: string[]) {
  await runProgram(['node', 'openclaw-releases', ...words], COMMANDS, HIDDEN_COMMANDS);
  return { stdout: said[1], stderr: said[2], exitCode: process.exitCode ?? 0 };
}

/** Words of each command, with those of the commands below it. */
async function everyCommand(): Promise<string[][]> {
  const words = (command: Command): string[][] =>
    command.commands.length === 0
      ? [[command.name()]]
      : command.commands.flatMap((one) => words(one).map((rest) => [command.name(), ...rest]));
  const commands = await Promise.all(Object.values(COMMANDS).map((make) => make()));
  return commands.flatMap(words);
}

describe.each(await everyCommand())('%s %s', (...names) => {
  const words = names.filter((name) => typeof name === 'string');

  test('has help with an example', async () => {
    const { stdout, exitCode } = await typed(...words, '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples?:\\n {2}\\$ .*openclaw-releases ${words[0]}`));
  });

  test('answers a wrong option with one document, a code and the next command', async () => {
    const { stdout, stderr, exitCode } = await typed(...words, '--json', '--no-such-option');
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: { code: 'usage', hint: `openclaw-releases ${words.join(' ')} --help` },
    });
    expect([exitCode, stderr]).toEqual([EXIT.usage, '']);
  });
});

test.each(['update', 'rollback', 'prune', 'adopt', 'setup', 'uninstall', 'remove'])(
  'the help of %s has a dry run',
  async (name) => {
    expect((await typed(name, '--help')).stdout).toContain('--dry-run');
  },
);

test('a command that has commands below it shows them', async () => {
  expect((await typed('timer')).stdout).toContain('Usage: openclaw-releases timer ');
});

test.each([
  [['show'], 'show'],
  [['list', '--nope'], 'list'],
  [['status', '--prometheus', '--follow'], 'status'],
  [['status', '--prometheus', '--json'], 'status'],
])('%j is a usage error, and points to the help of the command', async (words, named) => {
  const { stdout, stderr, exitCode } = await typed(...words);
  expect(stdout + stderr).toContain(`openclaw-releases ${named} --help`);
  expect(exitCode).toBe(EXIT.usage);
});

test.each([
  [['hold', 'tomorow'], "'tomorow' does not fit <until>: Not a date, a date with a time, or a duration"],
  [['update', '--settle', '30x'], "'30x' does not fit --settle <time>: Not a duration such as 30s"],
  [
    ['timer', 'enable', '--time-zone', "it's"],
    "'it's' does not fit --time-zone <name>: Not a time zone such as Europe/Berlin",
  ],
])('%j names what is wrong in words of its own', async (words, sentence) => {
  const { stdout } = await typed(...words, '--json');
  expect(JSON.parse(stdout).error.message).toContain(sentence);
});
