import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of this machine. Without one nothing can be said about the pages, so that is a failure. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = [process.env.CHROMIUM_PATH ?? '', ...PLACES].find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error(
      `the browser tests need Chromium: none at ${PLACES.join(', ')}; install it (apt install chromium), or name it in CHROMIUM_PATH`,
    );
  }
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-extensions'],
  });
}

/**
 * A page in a browser that knows nothing yet. Every script must run, and nothing but what is `expected` may
 * stand on the console.
 */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
  expected?: RegExp,
): Promise<Page> {
  const context = await browser.newContext({ viewport: DESK, ...options });
  await context.addInitScript({ path: IN_PAGE });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(complaints.filter((complaint) => expected?.test(complaint) !== true)).toEqual([]);
  });
  return page;
}

const IN_PAGE = fileURLToPath(new URL('in-page.js', import.meta.url));

/** The words of an element, hidden ones as well. */
export const wordsOf = async (element: Locator): Promise<string> => (await element.textContent()) ?? '';

const DESK = { width: 1280, height: 900 };
/** A phone of the smaller kind. */
export const PHONE = { width: 390, height: 844 };

/** Keeps a picture of the whole page, when somebody wants to look: `SCREENSHOTS=/tmp/shots npm run test:browser`. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
