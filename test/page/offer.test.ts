import { afterAll, describe, expect, test } from 'vitest';
import { readPolicy } from '../../src/store/policy.js';
import { rootAt } from '../../src/store/root.js';
import { expectAccessible, expectNoSidewaysScrolling } from '../support/accessibility.js';
import { closeBrowser, type Visitor, visit } from '../support/browser.js';
import { makePluginWorld, TOKEN } from '../support/plugin-world.js';
import { slowness } from '../support/slowness.js';

afterAll(closeBrowser);

const [FIRST, SECOND, NEWEST] = ['2026.5.28', '2026.6.1', '2026.6.2'];

const LONG_PATH = `/srv/${'a-directory-with-a-long-name/'.repeat(12)}openclaw-agent.sqlite`;

describe('the page', () => {
  test(
    'offers a newer release with what it takes, and looks each version up before it asks',
    async () => {
      const world = await makePluginWorld(FIRST, SECOND);
      await world.start(FIRST);
      await world.ok('update', SECOND, '--settle', '0.5');
      world.publish(NEWEST);
      const { page, picture } = await open(world.url, {});
      const text = (section: string) => page.locator(`#${section}`).innerText();
      await page.locator('#updates >> text=has not been asked').waitFor();
      const asked = world.registry.requests.length;
      await page.locator('#automatic').waitFor();
      expect(world.registry.requests.length, 'a look asks no registry').toBe(asked);

      await page.locator('#check').click();
      await page.locator('#updates >> text=Update available').waitFor();
      expect(await text('updates')).toContain(`${SECOND} → ${NEWEST}`);
      expect(await text('updates')).toMatch(/About .*B to download/);
      expect(await text('updates')).toMatch(/Usually takes .*, with an outage of/);
      const notes = page.locator('#updates a').first();
      expect(await notes.getAttribute('href')).toContain(`/releases/tag/v${NEWEST}`);
      await page.locator('#health >> text=Ready').waitFor();
      await expectAccessible(page);
      await picture('available');

      const error = { code: 'registry_unreachable', message: 'It does not answer.' };
      await page.route(
        '**/releases/api/versions',
        (route) => route.fulfill({ status: 409, json: { ok: false, error } }),
        { times: 1 },
      );
      await page.locator('#choose').click();
      await page.locator('#notice >> text=registry_unreachable').waitFor();
      expect(await page.locator('dialog[open]').count()).toBe(0);
      await page.locator('#choose').click();
      const offered = page.locator('#version option');
      await offered.first().waitFor({ state: 'attached' });
      const [newest = '', ...others] = await offered.allInnerTexts();
      expect(newest).toMatch(new RegExp(`^${NEWEST} – latest, \\d{4}-`));
      expect(others).toEqual([expect.stringMatching(new RegExp(`^${FIRST} – .*staged$`))]);
      await expectAccessible(page);
      await picture('versions');
      await page.locator('#dialog-no').click();
      await page.locator('#update-newest').click();
      await page.locator('dialog[open] >> text=to download').waitFor();
      await expectAccessible(page);
      await picture('question');
      await page.locator('#dialog-no').click();

      await page.locator('#later').click();
      await page.locator('#updates >> text=offered again tomorrow').waitFor();
      await expectAccessible(page);
      await page.reload();
      await page.locator('#updates >> text=offered again tomorrow').waitFor();
      const stored = 'openclaw-releases-later';
      await page.evaluate(
        `localStorage.setItem('${stored}', JSON.stringify([${JSON.stringify(SECOND)}, Date.now() + 1e6]))`,
      );
      await page.reload();
      await page.locator('#later').waitFor();
      await page.locator('#later').click();
      await page.locator('#offer').click();
      await page.locator('#later').waitFor();

      const rows = page.locator('#history li[data-change]');
      const before = await rows.count();
      await page.locator('#only-failed').check();
      await page.locator('#history >> text=Nothing failed.').waitFor();
      expect([before > 1, await rows.count()]).toEqual([true, 0]);
      await expectAccessible(page);
      await page.locator('#only-failed').uncheck();
      await rows.first().waitFor();

      await page.locator('#skip').click();
      await page.locator('#unskip').waitFor();
      expect(readPolicy(rootAt(world.root)).schedule?.skip).toEqual([NEWEST]);
      await page.locator('#unskip').click();
      await page.locator('#skip').waitFor();

      // A gateway that answers as many requests as it may.
      await page.route(
        '**/releases/api/verify',
        (route) => route.fulfill({ status: 503, headers: { 'retry-after': '1' }, json: { ok: false } }),
        { times: 1 },
      );
      await page.locator(`#more-${escaped(FIRST)}`).click();
      await page.locator(`#verify-${escaped(FIRST)}`).click();
      await page.locator(`#notice >> text=Every file of ${FIRST}`).waitFor();
      await page.locator(`#remove-${escaped(FIRST)}`).click();
      await page.locator('#dialog-yes').click();
      await page.locator('#notice >> text=is needed: previous').waitFor();
      await world.ok('stage', NEWEST);
      await page.locator(`#more-${escaped(NEWEST)}`).click();
      await page.locator(`#remove-${escaped(NEWEST)}`).click();
      await page.locator('#dialog-yes').click();
      await page.locator(`[data-release="${NEWEST}"]`).waitFor({ state: 'detached' });

      await page.locator('#prune').click();
      await page.locator('#notice >> text=nothing to remove').waitFor();
      await world.ok('stage', NEWEST);
      await world.ok('retention', '--releases', '0');
      await page.locator(`[data-release="${NEWEST}"]`).waitFor();
      await page.locator('#prune').click();
      await page.locator('dialog[open] >> text=What stays').click();
      await page.locator('dialog[open] >> text=: current').waitFor();
      await expectAccessible(page);
      await picture('prune');
      await page.locator('#dialog-yes').click();
      await page.locator('#notice >> text=What nothing needs is removed').waitFor();
      await page.locator(`[data-release="${NEWEST}"]`).waitFor({ state: 'detached' });

      for (const options of [
        { dark: true },
        { width: 375, height: 740 },
        { width: 375, height: 740, dark: true },
      ]) {
        const visitor = await open(world.url, options);
        await visitor.page.locator('#automatic').waitFor();
        await visitor.page.evaluate(
          `document.querySelector('#now p.soft').append(' ', ${JSON.stringify(LONG_PATH)})`,
        );
        await expectNoSidewaysScrolling(visitor.page);
        await expectAccessible(visitor.page);
      }
      const phone = await open(world.url, { width: 375, height: 740 });
      await phone.page.locator('#automatic').waitFor();
      await phone.picture('phone');
    },
    120_000 * slowness,
  );
});

async function open(url: string, options: Parameters<typeof visit>[0]): Promise<Visitor> {
  const visitor = await visit(options);
  await visitor.page.goto(`${url}/releases#token=${TOKEN}`);
  await visitor.page.locator('#now .big').waitFor();
  return visitor;
}

function escaped(id: string): string {
  return id.replaceAll('.', '\\.');
}
