import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Route } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import { listChanges } from '../../src/ledger/ledger.js';
import { readPolicy } from '../../src/store/policy.js';
import { rootAt } from '../../src/store/root.js';
import { expectAccessible, expectNoSidewaysScrolling } from '../support/accessibility.js';
import { closeBrowser, orderUpdate, type Visitor, visit } from '../support/browser.js';
import { until } from '../support/place.js';
import { makePluginWorld, TOKEN } from '../support/plugin-world.js';
import type { World } from '../support/world.js';

afterAll(closeBrowser);

const OLD = '2026.5.28';
const NEW = '2026.6.1';
const VERDICT_MS = 40_000;

async function open(world: World, options: Parameters<typeof visit>[0] = {}): Promise<Visitor> {
  const visitor = await visit(options);
  await visitor.page.goto(`${world.url}/releases#token=${TOKEN}`);
  await visitor.page.locator('#now .big').waitFor();
  return visitor;
}

/** Nothing leaves the gateway, and the token is nowhere but in the header of requests. */
async function expectDiscreet(world: World, { page, requests, said }: Visitor): Promise<void> {
  const elsewhere = requests.filter((url) => new URL(url).origin !== world.url);
  expect(elsewhere).toEqual([]);
  // The first address is the typed one.
  for (const url of requests.slice(1)) expect(url).not.toContain(TOKEN);
  expect(page.url()).toBe(`${world.url}/releases`);
  expect(await page.content()).not.toContain(TOKEN);
  expect(said.join('\n')).not.toContain(TOKEN);
}

const changeThat = (visitor: Visitor, status: string) =>
  visitor.page.locator(`#history li[data-status="${status}"]`).first();

/** Keeps every text that the page shows, as often as it changes. */
const watchText = (visitor: Visitor) =>
  visitor.page.evaluate(`
    globalThis.seen = [];
    new MutationObserver(() => seen.push(document.body.innerText))
      .observe(document.body, { subtree: true, childList: true, characterData: true });
  `);
const textsOf = (visitor: Visitor) => visitor.page.evaluate('seen') as Promise<string[]>;

describe('the page', () => {
  test('shows an update through the restart of the gateway that it comes from, and success only once it is verified', async () => {
    const world = await makePluginWorld(OLD, NEW);
    await world.start(OLD);
    const visitor = await open(world);
    const { page } = visitor;
    await watchText(visitor);
    await orderUpdate(page, NEW);
    // Which one depends on the moment at which the page looks.
    await page.locator('#change [data-phase][data-state="doing"]').first().waitFor();
    await expectAccessible(page);
    await visitor.picture('update-active');
    await changeThat(visitor, 'package_updated_restart_verified').waitFor({ timeout: VERDICT_MS });
    expect(await page.locator('#now .big').innerText()).toBe(NEW);
    expect(await world.version()).toBe(NEW);
    expect(await page.locator('#connection').innerText()).toMatch(/^As of/);
    await page.locator(`[data-release="${OLD}"] >> text=reads today`).waitFor();
    await visitor.picture('update-verified');
    const seen = await textsOf(visitor);
    const verified = seen.findIndex((text) => text.includes(`${OLD} → ${NEW} verified`));
    expect(verified).toBeGreaterThan(0);
    expect(seen.slice(0, verified).some((text) => text.includes('Active for'))).toBe(true);
    const change = listChanges(rootAt(world.root)).at(-1);
    expect(change).toMatchObject({
      status: 'package_updated_restart_verified',
      plan: { initiator: 'gateway' },
    });
    await expectDiscreet(world, visitor);
  });

  test('says since when there is no answer, keeps what it knew, and continues automatically', async () => {
    const world = await makePluginWorld(OLD);
    const supervisor = await world.start(OLD);
    const visitor = await open(world, { reducedMotion: true });
    const { page } = visitor;
    supervisor.kill('SIGTERM');
    await page.locator('#connection.lost').waitFor();
    const line = page.locator('#connection');
    await until('the page says so', async () =>
      /^No answer since \d\d:\d\d:\d\d/.test(await line.innerText()),
    );
    expect(await line.innerText()).toContain('as of');
    expect(await page.locator('#now .big').innerText()).toBe(OLD);
    expect(await page.locator('#choose').isDisabled()).toBe(true);
    await visitor.picture('no-answer');
    await supervisor.ended;
    await world.supervise();
    await page.locator('#connection:not(.lost)').waitFor({ timeout: 20_000 });
    expect(await page.locator('#choose').isDisabled()).toBe(false);
  });

  test('reports a failed update and the next command, in the dark, and says that a host is held', async () => {
    const world = await makePluginWorld(OLD);
    world.publish(NEW, { crashAtStart: true });
    await world.start(OLD);
    const visitor = await open(world, { dark: true });
    const { page } = visitor;
    await watchText(visitor);
    await page.locator('#hold').click();
    await page.locator('#hold-for').selectOption('1 week');
    await page.locator('#hold-why').fill('holidays');
    await visitor.picture('hold-dark');
    await page.locator('#dialog-yes').click();
    await page.locator('#unhold').waitFor();
    const { hold } = readPolicy(rootAt(world.root));
    expect(hold).toMatchObject({ why: 'holidays' });
    expect(Date.parse(hold?.until ?? '') - Date.now()).toBeGreaterThan(6 * 24 * 3_600_000);
    expect(await page.locator('#now').innerText()).toContain('holidays');
    await visitor.picture('held-dark');
    await page.locator('#unhold').click();
    await page.locator('#hold').waitFor();
    await orderUpdate(page, NEW);
    const failed = changeThat(visitor, 'rolled_back');
    await failed.waitFor({ timeout: VERDICT_MS });
    const { error } = listChanges(rootAt(world.root)).at(-1) ?? {};
    expect(await failed.innerText()).toContain(error?.message);
    expect(await failed.innerText()).toContain(error?.hint);
    expect(await failed.locator('button').first().innerText()).toBe('Copy');
    expect(await page.locator('#now .big').innerText()).toBe(OLD);
    expect((await textsOf(visitor)).filter((text) => /\bverified\b/.test(text))).toEqual([]);
    await expectAccessible(page);
    await visitor.picture('failed-dark');
    await expectDiscreet(world, visitor);
  });

  test('rolls back by the keyboard alone and on a phone, after it asked about what is lost', async () => {
    const world = await makePluginWorld(OLD, NEW);
    await world.start(OLD);
    await world.ok('update', NEW, '--settle', '0.5');
    const visitor = await open(world, { width: 360, height: 740 });
    const { page } = visitor;
    const { keyboard } = page;
    /** Element with the keyboard focus; it must be visible there. */
    const focused = () => page.evaluate('document.activeElement.id') as Promise<string>;
    const tabTo = async (id: string) => {
      for (let tabs = 0; (await focused()) !== id; tabs++) {
        if (tabs > 40) throw new Error(`Tab does not lead to ${id}.`);
        await keyboard.press('Tab');
      }
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
      expect(outline).toBe('solid');
    };
    await tabTo('rollback');
    await keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    await visitor.picture('phone-dialog');
    // The focus is in the dialog, and stays there.
    const within =
      'document.querySelector("dialog").contains(document.activeElement) || document.activeElement === document.body';
    for (let tabs = 0; tabs < 5; tabs++) {
      expect(await page.evaluate(within)).toBe(true);
      await keyboard.press('Tab');
    }
    // The closing of a dialog is told with the next frame.
    const nextFrame = 'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))';
    for (const sayNo of [() => keyboard.press('Escape'), () => page.locator('#dialog-no').click()]) {
      if (!(await page.locator('dialog[open]').count())) await keyboard.press('Enter');
      await page.locator('dialog[open]').waitFor();
      await sayNo();
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
      await page.evaluate(nextFrame);
      expect(await focused()).toBe('rollback');
      expect(visitor.requests.filter((url) => url.endsWith('/rollback'))).toEqual([]);
    }

    await keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    // Closed and asked anew at once.
    await page.evaluate(`
      document.querySelector('dialog').close();
      document.getElementById('rollback').click();
      ${nextFrame};
    `);
    await tabTo('dialog-yes');
    await keyboard.press('Enter');
    await page.locator('#history li[data-change*="rollback"]').waitFor({ timeout: VERDICT_MS });
    expect(await page.locator('#now .big').innerText()).toBe(OLD);
    const made = listChanges(rootAt(world.root)).map(({ plan }) => plan.kind);
    expect(made.filter((kind) => kind === 'rollback')).toHaveLength(1);
    await expectNoSidewaysScrolling(page);
    await visitor.picture('phone-rolled-back');
    await expectDiscreet(world, visitor);
  });

  test('without the token it shows nothing at all, and takes it from a form', async () => {
    const world = await makePluginWorld(OLD);
    await world.start(OLD);
    const visitor = await visit({ width: 360, height: 740 });
    const { page } = visitor;
    await page.goto(`${world.url}/releases`);
    await page.locator('#token-field').waitFor();
    expect(await page.locator('main').innerText()).not.toContain(OLD);
    await visitor.picture('phone-token');
    const refused = page.waitForResponse((response) => response.status() === 401);
    await page.locator('#token-field').fill('another one');
    await page.keyboard.press('Enter');
    await refused;
    await page.locator('#token-refused >> text=refused').waitFor();
    await expectAccessible(page);
    await visitor.picture('phone-token-refused');
    expect(await page.locator('main').innerText()).not.toContain(OLD);
    // A look with a wrong token that takes long does not stand in the way of the right one.
    let typed = () => {};
    const isTyped = new Promise<void>((resolve) => {
      typed = resolve;
    });
    const slowly = async (route: Route) => {
      await isTyped;
      await route.continue();
    };
    await page.route('**/releases/api/picture', slowly, { times: 1 });
    const asked = page.waitForRequest('**/releases/api/picture');
    await page.locator('#token-field').fill('yet another one');
    await page.keyboard.press('Enter');
    await asked;
    await page.locator('#token-field').fill(TOKEN);
    await page.keyboard.press('Enter');
    typed();
    await page.locator('#now .big').waitFor();
    await expectDiscreet(world, visitor);
    const ledgers = listChanges(rootAt(world.root)).map(({ id }) =>
      join(world.root, 'changes', `${id}.json`),
    );
    for (const path of ledgers) expect(readFileSync(path, 'utf8')).not.toContain(TOKEN);
  });
});
