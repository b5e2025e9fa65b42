import type { Command } from 'commander';
import { exitCodeOf } from '../../change/run.js';
import { ReleasesError } from '../../core/errors.js';
import { rollbackTarget } from '../../rollback/known-good.js';
import { drillForReal, type ForRealRun, planForReal } from '../../timer/drill-for-real.js';
import { changeDocument } from '../../views/change.js';
import { resolveReleaseName } from '../../views/release.js';
import { outagesText } from '../../views/rollback-proof.js';
import type { ForRealAnswer } from '../answers.js';
import { type ChangeOptions, making, planOptions } from '../change-options.js';
import { type Answer, acting, command } from '../command.js';
import { confirmed } from '../confirm.js';
import { durationIn } from '../parse.js';
import { changeText } from '../report.js';
import type { Session } from '../session.js';
import { say } from '../write.js';

type Options = ChangeOptions & { forReal?: boolean; yes?: boolean; anyTime?: boolean };

const proving = making(
  'drill',
  undefined,
  ({ environment: { root } }, release: string | undefined, _: Options) => ({
    target: release === undefined ? rollbackTarget(root) : resolveReleaseName(root, release),
  }),
);

const forReal = acting((session, _release: string | undefined, options: Options) =>
  drillNow(session, options),
);

export function drillCommand(): Command {
  return command('drill', 'prove that a rollback would work: start its release on a copy of the state')
    .argument('[release]', 'id of a release, current or previous; without one, as for rollback')
    .option(
      '--ready-timeout <time>',
      'how long its start may take, times three (default: 60s)',
      durationIn('s'),
    )
    .option(
      '--for-real',
      'roll back to the proven previous release and switch forward again, with two outages',
    )
    .option('--yes', 'with --for-real: do not ask')
    .option('--any-time', 'with --for-real: also outside of the maintenance windows')
    .option(
      '--settle <time>',
      'with --for-real: how long each must stay healthy (default: 10s)',
      durationIn('s'),
    )
    .action((...given: [string | undefined, Options, Command]) =>
      given[1].forReal ? forReal(...given) : proving(...given),
    );
}

async function drillNow(session: Session, options: Options): Promise<Answer<ForRealAnswer>> {
  const { environment, output } = session;
  const plan = await planForReal(environment, options.anyTime ?? false);
  const { current, previous, states } = plan;
  const about = `${current} is rolled back to ${previous}, and then switched to again: the gateway restarts twice. ${states}`;
  if (!options.yes && !(await confirmed(session, options, about, 'Drill for real?')))
    throw new ReleasesError('confirmation_needed', about, {
      hint: 'openclaw-releases drill --for-real --yes',
    });
  const tell = (sentence: string) => {
    if (!output.json) say(`${sentence}\n`, 2);
  };
  tell(about);
  return answerOf(session, await drillForReal(environment, plan, planOptions(options), tell), current);
}

function answerOf(
  { environment: { root } }: Session,
  { there, back, stands }: ForRealRun,
  current: string,
): Answer<ForRealAnswer> {
  const failed = there.error ? there : back?.error ? back : null;
  const outages = { thereMs: there.facts.liveMs ?? null, backMs: back?.facts.liveMs ?? null };
  const next =
    stands === current
      ? []
      : [`${stands} is current now, not ${current}. Next: openclaw-releases switch ${current}`];
  return {
    document: {
      ...{ stands, ...outages, there: changeDocument(root, there), back: back && changeDocument(root, back) },
      ...(failed?.error && { error: failed.error }),
    },
    text: () =>
      [
        ...(failed
          ? [changeText(changeDocument(root, failed))]
          : [`Drilled for real, ${outagesText(outages)}; ${stands} is current again.`]),
        ...next,
      ].join('\n'),
    exitCode: failed ? exitCodeOf(failed) : 0,
  };
}
