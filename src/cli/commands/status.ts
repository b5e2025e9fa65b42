import { type Command, Option } from 'commander';
import { isActive, listChanges } from '../../ledger/ledger.js';
import { changeDocument } from '../../views/change.js';
import { command } from '../command.js';
import { showStatus } from '../looks/status.js';
import { changeAnswer, changeText } from '../report.js';
import { atGlance, type CommonOptions, inSession, type Session } from '../session.js';
import { print } from '../write.js';

export function statusCommand(): Command {
  return command(
    'status',
    'show what runs, what is current, and what is being done',
    'openclaw-releases status',
  )
    .addOption(
      new Option('--prometheus', "print metrics for node_exporter's textfile collector").conflicts([
        'json',
        'follow',
      ]),
    )
    .option('--follow', 'stay until the active change has its verdict, and exit with its code')
    .action((options: CommonOptions & { follow?: boolean; prometheus?: boolean }) => {
      if (options.prometheus) return atGlance(options, showMetrics);
      return options.follow ? inSession(options, follow) : atGlance(options, showStatus);
    });
}

async function showMetrics({ environment: { root, supervisor } }: Session): Promise<number> {
  const [{ overview }, { prometheusText }] = await Promise.all([
    import('../../views/status.js'),
    import('../../views/prometheus.js'),
  ]);
  print(prometheusText(await overview(root, supervisor)));
  return 0;
}

async function follow(session: Session): Promise<number> {
  const { environment, output } = session;
  const active = listChanges(environment.root).find(isActive);
  if (!active) return showStatus(session);
  const [{ followChange }, { exitCodeOf }] = await Promise.all([
    import('../../control/follow.js'),
    import('../../change/run.js'),
  ]);
  const change = await followChange(environment, active.id, { cancels: false });
  const document = changeDocument(environment.root, change);
  output.answer(changeAnswer(document), () => changeText(document));
  return exitCodeOf(change);
}
