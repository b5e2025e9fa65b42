import { constants, setPriority } from 'node:os';
import { packTarget } from '../../store/pack-target.js';
import { making, withProbe } from '../change-options.js';
import { command } from '../command.js';

export const importCommand = () =>
  withProbe(
    command(
      'import',
      'take a release from a pack that another host has made; no registry is needed',
      'openclaw-releases import openclaw-2026.9.2-linux-x64.pack',
    ).argument('<file>', 'a pack, or - for standard input'),
    'version',
  ).action(
    making('stage', undefined, (_, file: string) => {
      // As for `stage`.
      setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
      return { target: packTarget(file) };
    }),
  );
