import { afterAll, describe, expect, test } from 'vitest';
import { listChanges } from '../../src/ledger/ledger.js';
import { rootAt } from '../../src/store/root.js';
import { expectAccessible } from '../support/accessibility.js';
import { closeBrowser, visit } from '../support/browser.js';
import { TOKEN, withPlugin } from '../support/plugin-world.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { memoryOf, say } from '../support/state.js';
import { makeWorld, QUICK } from '../support/world.js';

afterAll(closeBrowser);

const OLDER = '2026.9.2';
const NEWER = '2026.9.6';

describe('the page', () => {
  test('asks again, in plain words, before a rollback displaces newer state', async () => {
    const world = withPlugin(await makeWorld(undefined, { node: await sqliteNode() }));
    const older = { state: 15, agent: 19 };
    const newer = { state: 18, agent: 23 };
    world.publish(OLDER, { migratesTo: older, schemaVersions: older });
    world.publish(NEWER, { migratesTo: newer, schemaVersions: newer });
    await world.start(OLDER, '--stop-timeout', '2');
    await say(world, 'to older');
    await world.ok('update', NEWER, ...QUICK);
    await say(world, 'to newer');

    const visitor = await visit({});
    const { page } = visitor;
    await page.goto(`${world.url}/releases#token=${TOKEN}`);
    await page.locator('#rollback').click();
    await page.locator('#dialog-yes').click();
    const question = page.locator('dialog[open] >> text=set aside, not deleted');
    await question.waitFor({ timeout: 30_000 });
    expect(await page.locator('dialog').innerText()).toContain(OLDER);
    await expectAccessible(page);
    await visitor.picture('confirmation');
    // A no is a no.
    await page.keyboard.press('Escape');
    expect(await world.version()).toBe(NEWER);

    await page.locator('#rollback:not([disabled])').click();
    await page.locator('#dialog-yes').click();
    await question.waitFor({ timeout: 30_000 });
    await page.locator('#dialog-yes').click();
    const done = '#history li[data-change*="rollback"][data-status="package_updated_restart_verified"]';
    await page.locator(done).waitFor({ timeout: 40_000 });
    expect(await world.version()).toBe(OLDER);
    expect((await memoryOf(world)).said.map(({ text }) => text)).not.toContain('to newer');
    expect(listChanges(rootAt(world.root)).at(-1)?.plan).toMatchObject({
      kind: 'rollback',
      state: 'restore',
    });
  });
});
