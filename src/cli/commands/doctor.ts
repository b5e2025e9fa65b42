import type { Command } from 'commander';
import { EXIT } from '../../core/errors.js';
import { diagnose } from '../../views/doctor.js';
import { command } from '../command.js';
import { type CommonOptions, inSession } from '../session.js';

export function doctorCommand(): Command {
  return command(
    'doctor',
    'say what has drifted since the gateway was adopted',
    'openclaw-releases doctor',
  ).action((options: CommonOptions) =>
    inSession(options, async ({ environment, output }) => {
      const { findings, others } = await diagnose(environment.root, environment.supervisor);
      const beside = others.map(({ text }) => `\n${text} is another gateway of this machine.`).join('');
      output.answer(
        { ok: findings.length === 0, findings, gateways: others },
        () =>
          (findings.length === 0
            ? 'Nothing has drifted.'
            : findings
                .map(
                  ({ code, sentence, command: next }) =>
                    `${code}: ${sentence}${next ? `\n  next: ${next}` : ''}`,
                )
                .join('\n')) + beside,
      );
      return findings.length === 0 ? EXIT.success : EXIT.damaged;
    }),
  );
}
