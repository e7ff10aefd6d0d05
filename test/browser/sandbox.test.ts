import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { launchBrowser, openPage, picture, wordsOf } from './chromium.ts';
import { Site } from './site.ts';

let browser: Browser;
let site: Site;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  site = await Site.start();
  // What is asked for later comes first: pages are closed before their server ends.
  onTestFinished(() => site.stop());
});

test('an empty sandbox says what will come here', async () => {
  const page = await openPage(browser);
  await page.goto(`${site.url}/sandbox`);
  expect(await wordsOf(page.locator('main'))).toContain('When a rule raises an alert');
  await picture(page, 'sandbox-empty');
});

test('the buttons of a message in the sandbox work, and the message is updated in place', async () => {
  await site.wantsToCancel('c-1', 'Ada Vance');
  const page = await openPage(browser);
  await page.goto(`${site.url}/sandbox?channel=%23retention`);
  const message = page.locator('article').filter({ hasText: 'Ada Vance' });
  await message.getByText('Open, nobody has taken it yet').waitFor();
  await picture(page, 'sandbox-open');
  await message.getByRole('button', { name: 'Acknowledge' }).click();
  await page.getByRole('status').filter({ hasText: 'Acknowledged' }).waitFor();
  // The message follows when it is sent, and the page shows it when it next reloads itself.
  await message.getByText('Taken by you').first().waitFor();
  expect(await message.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0);
  await picture(page, 'sandbox-acknowledged');

  await openForm(message, 'Log contact');
  await message.getByLabel('reach', { exact: false }).selectOption('yes');
  await picture(page, 'sandbox-contact-form');
  await message.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').filter({ hasText: 'Contact logged' }).waitFor();

  await openForm(message, 'Close');
  await message.getByLabel('Outcome').selectOption('saved');
  await message.getByLabel('Root cause').fill('price');
  await message.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').filter({ hasText: 'Closed' }).waitFor();
  await message.getByText('saved, because of price').first().waitFor();
  await picture(page, 'sandbox-closed');
});

/** A page that reloads itself just when a link is clicked forgets the click, as it would for a person. */
const openForm = (message: Locator, link: string): Promise<void> =>
  vi.waitFor(
    async () => {
      await message.getByRole('link', { name: link }).click();
      await message.getByRole('button', { name: 'Save' }).waitFor({ timeout: 2_000 });
    },
    { timeout: 20_000 },
  );
