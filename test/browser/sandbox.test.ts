import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
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
  expect(await wordsOf(message)).toContain('Taken by you');
  expect(await message.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0);
  await picture(page, 'sandbox-acknowledged');

  await message.getByRole('link', { name: 'Log contact' }).click();
  await message.getByLabel('reach', { exact: false }).selectOption('yes');
  await picture(page, 'sandbox-contact-form');
  await message.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').filter({ hasText: 'Contact logged' }).waitFor();

  await message.getByRole('link', { name: 'Close' }).click();
  await message.getByLabel('Outcome').selectOption('saved');
  await message.getByLabel('Root cause').fill('price');
  await message.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').filter({ hasText: 'Closed' }).waitFor();
  expect(await wordsOf(message)).toContain('saved, because of price');
  await picture(page, 'sandbox-closed');
});
