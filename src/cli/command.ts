import { Command, InvalidArgumentError, Option } from 'commander';

export function command(name: string, description: string, example: string): Command {
  return new Command(name)
    .description(description)
    .addOption(new Option('--root <directory>', 'where releases live').env('OPENCLAW_RELEASES_ROOT'))
    .option('--json', 'print one JSON document on standard output and nothing else')
    .addHelpText('after', `\nExample:\n  $ ${example}`);
}

export const registryOption = () =>
  new Option('--registry <url>', "npm registry to use instead of npm's configured one");

/** Parses seconds into milliseconds. */
export function parseSeconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('Not a number of seconds.');
  return value * 1000;
}
