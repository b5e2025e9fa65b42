import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { listChanges } from '../../src/ledger/ledger.js';
import { rootAt } from '../../src/store/root.js';
import { closeBrowser, orderUpdate, visit } from '../support/browser.js';
import { makePluginWorld, TOKEN } from '../support/plugin-world.js';

afterAll(closeBrowser);

const OLD = '2026.5.28';
const NEW = '2026.6.1';

describe('the page', () => {
  test('says what it waits for, and ends the wait or the change on request', async () => {
    const world = await makePluginWorld();
    for (const version of [OLD, NEW]) world.publish(version, { tellsActivity: true });
    const busy = join(world.env.OPENCLAW_STATE_DIR ?? '', 'busy');
    await world.start(OLD);
    await world.ok('stage', NEW);
    writeFileSync(busy, 'embedded-run\ntask');

    const visitor = await visit({ width: 360, height: 740, dark: true });
    const { page } = visitor;
    await page.goto(`${world.url}/releases#token=${TOKEN}`);
    const update = async () => {
      await orderUpdate(page, NEW);
      await page.locator('#change >> text=Restart announced at').waitFor({ timeout: 30_000 });
    };
    await update();
    await page.locator('#change >> text=waiting for 1 agent run').waitFor();
    await visitor.picture('waiting-phone-dark');
    await page.locator('#cancel').click();
    const failed = page.locator('#history li[data-status="package_update_failed"]');
    await failed.waitFor({ timeout: 30_000 });
    expect(await failed.innerText()).toContain('stopped');
    await failed.locator('summary').click();
    expect(await failed.innerText()).toContain(
      `Cancelled by somebody at the gateway; ${OLD} is current still`,
    );
    expect(await world.version()).toBe(OLD);

    await update();
    await page.locator('#restart-now').click();
    const verified = page.locator('#history li[data-status="package_updated_restart_verified"]').first();
    await verified.waitFor({ timeout: 40_000 });
    await verified.locator('summary').click();
    expect(await verified.innerText()).toContain('The restart cut off 1 agent run');
    expect(await world.version()).toBe(NEW);
    expect(listChanges(rootAt(world.root)).at(-1)?.facts.idle).toMatchObject({ outcome: 'skipped' });
    rmSync(busy);
  });
});
