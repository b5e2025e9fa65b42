import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listChanges } from '../../src/ledger/ledger.js';
import { rootAt } from '../../src/store/root.js';
import { atEndOfAll } from '../support/at-end.js';
import { type FakeTelegram, startFakeTelegram } from '../support/fake-telegram.js';
import { temporaryDirectory, until } from '../support/place.js';
import { packed, packing, type Repack, repack } from './openclaw-repack.js';
import { type OpenClawUnderRun, openclawUnderRun } from './openclaw-run.js';
import { LONG_MS } from './openclaw-story.js';

const OLD = '2026.9.5';
const NEW = '2026.9.6';

interface Row extends Repack {
  title: string;
  /** Alone named by the verdict. */
  lost: string;
}

const ROWS: Row[] = [
  {
    title: 'looks for one in another variable',
    ...{ version: '2026.9.7', find: /\bTELEGRAM_BOT_TOKEN\b/g, replace: 'TELEGRAM_TOKEN' },
    lost: 'channel telegram',
  },
  {
    title: 'looks for one in another file, and is not ready without it',
    version: '2026.9.8',
    find: /(ReadSecretFileSync\()(\w+)(, "Telegram bot token")/g,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: code of the release
    replace: '$1`${$2}.v2`$3',
    lost: 'channel telegram (work)',
  },
];

// One story: each test begins where the one before it ended.
describe('the credentials of a channel of real OpenClaw', () => {
  const atEnd = atEndOfAll(LONG_MS);
  let telegram: FakeTelegram;
  let openclaw: OpenClawUnderRun;
  /** The published release, as npm packs it. */
  let archive: string;

  beforeAll(async () => {
    telegram = await startFakeTelegram(atEnd, temporaryDirectory('telegram', atEnd));
    const { settings, env } = telegram.twoBots;
    openclaw = await openclawUnderRun(atEnd, OLD, () => settings, env);
    const { place } = openclaw;
    await execa('npm', packing(NEW, place), { env: openclaw.env, extendEnv: false, cwd: place });
    archive = join(place, packed(NEW));
  }, 2 * LONG_MS);

  afterAll(() => console.log(openclaw?.log().slice(-6_000)));

  /** Waits for both bots to ask for messages from now on. */
  async function bothConnected(): Promise<void> {
    const seen = telegram.polled.length;
    const since = () => new Set(telegram.polled.slice(seen));
    await until('both bots ask for messages', () => since().size === 2, 120_000);
    expect([...since()].sort()).toEqual(['default', 'work']);
  }

  test.each(ROWS)(
    'a release that $title is rolled back, and the channel is named',
    async ({ lost, ...change }) => {
      const { place, cli, ok, root } = openclaw;
      const changed = await repack(archive, place, change);
      await bothConnected();
      const { exitCode, json } = await cli('update', changed, '--settle', '3');
      const error = {
        code: 'gateway_worse',
        message: expect.stringMatching(
          new RegExp(`^What worked before is broken: ${lost.replace(/[()]/g, '\\$&')}(, after .*)?\\.$`),
        ),
      };
      expect({ exitCode, ...json }, JSON.stringify(json)).toMatchObject({
        ...{ exitCode: 5, status: 'rolled_back', undoError: null, error },
      });
      const record = listChanges(rootAt(root)).at(-1);
      expect(record).toMatchObject({ status: 'rolled_back', error });
      expect(record?.facts.baseline?.abilities).toMatchObject({
        'channel telegram': true,
        'channel telegram (work)': true,
      });
      expect(await ok('status')).toMatchObject({
        ...{ current: OLD, trial: null, gateway: { release: OLD, health: { version: OLD, ready: true } } },
      });
      await bothConnected();
    },
    3 * LONG_MS,
  );

  test(
    'the published release finds them where they were, and is verified',
    async () => {
      const { status } = await openclaw.ok('update', archive, '--settle', '3');
      expect(status).toBe('package_updated_restart_verified');
      expect((await openclaw.ok('status')).gateway.health).toMatchObject({ version: NEW, ready: true });
      await bothConnected();
    },
    2 * LONG_MS,
  );
});
