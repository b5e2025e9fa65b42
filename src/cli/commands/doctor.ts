import { EXIT } from '../../core/errors.js';
import { currentRelease } from '../../store/links.js';
import { diagnose } from '../../views/doctor.js';
import { command } from '../command.js';

export const doctorCommand = () =>
  command('doctor', 'say what has drifted since the gateway was adopted').acts(async ({ environment }) => {
    const isEmpty = currentRelease(environment.root) === null;
    const none = isEmpty
      ? 'No release is current yet. Next: openclaw-releases setup'
      : 'Nothing has drifted.';
    const { findings, others } = await diagnose(environment.root, environment.supervisor);
    const lines = findings.map(
      ({ code, sentence, command: next }) => `${code}: ${sentence}${next ? `\n  next: ${next}` : ''}`,
    );
    const beside = others.map(({ text }) => `\n${text} is another gateway of this machine.`).join('');
    return {
      document: { findings, gateways: others },
      text: () => (lines.join('\n') || none) + beside,
      exitCode: findings.length === 0 ? EXIT.success : EXIT.damaged,
    };
  });
