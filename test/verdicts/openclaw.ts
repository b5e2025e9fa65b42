import { join } from 'node:path';
import { currentRelease } from '../../src/store/links.js';
import { rootAt } from '../../src/store/root.js';
import {
  BAD,
  FAULTS,
  faultIn,
  haveFault,
  idOf,
  NEW,
  OLD,
  SLOW,
  startStaged,
} from '../openclaw/openclaw-variants.js';
import { openclawWorld } from '../openclaw/openclaw-world.js';
import { startFakeTelegram } from '../support/fake-telegram.js';
import { temporaryDirectory } from '../support/place.js';
import { slowness } from '../support/slowness.js';
import type { Deserved, Subject } from './verdicts.js';

const RELEASES: Record<string, Deserved> = {
  good: { weight: 6, fault: null },
  'good, slow': { weight: 2, fault: null },
  'exits at start': { weight: 1, fault: 'gateway_crashed' },
  'crashes once it is ready': { weight: 1, fault: 'gateway_crashed' },
  'never ready': { weight: 1, fault: 'gateway_not_ready' },
  'another version': { weight: 1, fault: 'wrong_version' },
  'loses a channel': { weight: 1, fault: 'gateway_worse' },
};

/** Share of a processor of the usual speed: with much less than a fifth, no 2026.9 comes through its own start. */
const share = (least: number) => Math.min(1, least * slowness);

/** A sixth of the usual limit of a start, which takes as long on a host with time for it. */
const LIMITS = ['--ready-timeout', '10', '--settle', '3'];

/**
 * Two published releases, of which the older one runs on its own state after the newer one, and variants of the newer one.
 * @param staged root that has them
 */
export const realOpenClaw = (staged: string): Subject => ({
  releases: RELEASES,
  shares: { busy: [share(0.3), share(0.8)], others: [share(0.2), share(0.6)] },
  disk: 64 << 20,
  async start(atEnd, onSupervisor) {
    const place = temporaryDirectory('verdicts', atEnd);
    const { twoBots } = await startFakeTelegram(atEnd, place);
    const world = await openclawWorld(atEnd, {
      settings: () => twoBots.settings,
      env: { ...twoBots.env, ...faultIn(place) },
      onSupervisor,
    });
    const root = rootAt(world.root);
    await startStaged(world, staged);
    const changeTo = (version: string) =>
      version === OLD ? ['rollback', OLD, '--yes', ...LIMITS] : ['switch', version, ...LIMITS];
    return {
      root: world.root,
      async prepare(release) {
        const running = currentRelease(root);
        const other = running === OLD ? NEW : OLD;
        const fault = FAULTS.find((one) => one === release);
        const variant = fault ? BAD : release === 'good, slow' ? SLOW : null;
        if (fault) haveFault(world, fault);
        const version = (variant && idOf(world, variant.version)) ?? other;
        // A variant that has only run on a migrated state asks before it is started on an older one.
        if (running !== OLD && (variant !== null || version === running)) await world.ok(...changeTo(OLD));
        return {
          directory: join(world.root, 'releases', version),
          change: async () => (await world.cli(...changeTo(version))).json,
        };
      },
    };
  },
});
