import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { launchBrowser, openPage, picture, wordsOf } from './chromium.ts';
import { Site, withDeadLetter } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test('whoever is woken up sees what is wrong, gives a dead letter up with a reason, and ends a silence', async () => {
  const site = await Site.start(withDeadLetter);
  onTestFinished(() => site.stop());
  await site.silence('the warehouse moves');
  const page = await openPage(browser);
  await page.goto(site.url);
  await page.getByRole('link', { name: 'Operations' }).click();
  await page.getByRole('heading', { name: 'What needs attention' }).waitFor();
  expect(await page.title()).toContain('(1) Operations');
  await picture(page, 'operations');
  await page.getByLabel('You are').fill('ana');
  await page.getByRole('button', { name: 'Save' }).click();

  const letters = page.locator('#letters');
  await letters.locator('summary', { hasText: 'The record' }).click();
  expect(await wordsOf(letters.locator('pre'))).toContain('No name, <b>no</b> number');
  await letters.locator('summary', { hasText: 'Give up' }).click();
  await picture(page, 'operations-give-up');
  await page.getByLabel('Why it is not needed').fill('a test of the CRM');
  await page.getByRole('button', { name: 'Give it up' }).click();
  await page.getByRole('status').filter({ hasText: 'stays on record' }).waitFor();
  await page.getByRole('heading', { name: 'All is well' }).waitFor();
  await letters.locator('summary', { hasText: 'Settled lately' }).click();
  expect(await wordsOf(letters)).toContain('Decided by Ana Kowalski');
  expect(await wordsOf(letters)).toContain('“a test of the CRM”');
  await picture(page, 'operations-settled');

  await page.getByRole('button', { name: 'End it now' }).click();
  await page.locator('#silences').getByText('Nothing is silenced').waitFor();
});
