import type { PluginApi } from './api.js';
import { handOver } from './cli-process.js';
import type { Host } from './host.js';

const NAME = 'releases';
const DESCRIPTION = 'Releases of this gateway: list, update, roll back';

/** Passes every argument on unchanged, so that options and help are defined once. */
export function registerCommand(api: PluginApi, host: Host, argv = process.argv): void {
  api.registerCli(
    ({ program }) => {
      program
        .command(NAME)
        .description(DESCRIPTION)
        .helpOption(false)
        .allowUnknownOption()
        .argument('[args...]')
        .action(async () => {
          process.exitCode = await handOver(host, argv.slice(argv.indexOf(NAME) + 1));
        });
    },
    {
      commands: [NAME],
      descriptors: [{ name: NAME, description: DESCRIPTION, hasSubcommands: true }],
    },
  );
}
