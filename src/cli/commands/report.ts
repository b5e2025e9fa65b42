import { resolve } from 'node:path';
import { outgoing } from '../../core/printable.js';
import { writeFileDurably } from '../../host/durable.js';
import { makeReport, reportText } from '../../views/report.js';
import { command } from '../command.js';

export const reportCommand = () =>
  command('report', 'print what a maintainer needs to understand a failure, without secrets')
    .argument('[change]', 'number or id of a change; without one, the last five')
    .option('--output <file>', 'write it to this file')
    .acts(async ({ environment }, change: string | undefined, { output }: { output?: string }) => {
      const report = await makeReport(environment.root, environment.supervisor, change ?? null);
      const text = reportText(report);
      if (output === undefined) return { document: { report }, text: () => text, verbatim: true };
      const path = resolve(output);
      writeFileDurably(path, `${outgoing(text)}\n`, 0o600);
      return { document: { path }, text: () => `Written to ${path}. Read it before you give it away.` };
    });
