import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { chromiumPath } from '../lanes/lanes.js';

export interface Visitor {
  page: Page;
  /** Every address that was asked for. */
  requests: string[];
  /** Output of the page on the console, and every error that nothing caught. */
  said: string[];
  /** Takes a picture where `OPENCLAW_RELEASES_SCREENSHOTS` names a directory for them. */
  picture(name: string): Promise<void>;
}

let browser: Promise<Browser> | undefined;

/** One browser for a test file; each visitor has a profile of its own. */
export async function visit(options: {
  width?: number;
  height?: number;
  dark?: boolean;
  reducedMotion?: boolean;
}): Promise<Visitor> {
  browser ??= chromium.launch({
    executablePath: chromiumPath() ?? '',
    // The page under test is ours; the sandbox needs what a container does not have.
    args: ['--no-sandbox'],
  });
  const { width = 1000, height = 900, dark = false, reducedMotion = false } = options;
  const context = await (await browser).newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
  });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const requests: string[] = [];
  const said: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  return {
    ...{ page, requests, said },
    async picture(name) {
      const directory = process.env.OPENCLAW_RELEASES_SCREENSHOTS;
      if (!directory) return;
      mkdirSync(directory, { recursive: true });
      await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
    },
  };
}

/** Orders an update to one of the published versions, as a person does. */
export async function orderUpdate(page: Page, version: string): Promise<void> {
  await page.locator('#choose:not([disabled])').click();
  await page.locator('#version').selectOption(version);
  await page.locator('#dialog-yes').click();
  await page.locator('dialog[open] >> text=The gateway restarts once').waitFor();
  await page.locator('#dialog-yes').click();
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}
