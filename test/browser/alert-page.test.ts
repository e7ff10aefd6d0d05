import type { Browser, Page } from 'playwright-core';
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

test('an alert is taken, the contact logged and the loop closed by the forms of its page', async () => {
  // A browser notes every answer that is not a success, and a refusal is none.
  const page = await openAda({ expected: /409 \(Conflict\)/ });
  await picture(page, 'alert-open');
  await page.getByLabel('You are').fill('ana');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Acknowledge: I have it' }).click();
  await page
    .getByRole('status')
    .filter({ hasText: /acknowledged/i })
    .waitFor();
  expect(await wordsOf(page.locator('#head'))).toContain('acknowledged');
  expect(await wordsOf(page.locator('#history'))).toContain('Ana Kowalski');
  await picture(page, 'alert-acknowledged');

  await unfold(page, 'Close the loop');
  await page.getByLabel('Outcome').selectOption('saved');
  await page.getByLabel('Root cause').fill('price');
  await picture(page, 'alert-close-form');
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page
    .getByRole('alert')
    .filter({ hasText: /contact/i })
    .waitFor();
  await picture(page, 'alert-refused');

  await unfold(page, 'Log contact');
  await page.getByLabel('Did you speak to the customer?').selectOption('true');
  await page.getByRole('button', { name: 'Log contact' }).click();
  await page
    .locator('#history')
    .getByText(/contact/i)
    .first()
    .waitFor();
  await unfold(page, 'Close the loop');
  await page.getByLabel('Outcome').selectOption('saved');
  await page.getByLabel('Root cause').fill('price');
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.locator('#actions').getByText('Closed').first().waitFor();
  expect(await wordsOf(page.locator('#actions'))).toContain('price');
  await picture(page, 'alert-closed');
});

test('what a customer said stands there as it was said', async () => {
  const page = await openAda();
  const quote = page.locator('#why blockquote').first();
  expect(await wordsOf(quote)).toContain('price rise & wants to cancel the contract. Says <BetterNet>');
});

test('what others do appears without loading the page again, and a form that is open stays', async () => {
  const page = await openAda();
  await unfold(page, 'Snooze');
  await page.getByLabel('Why can it wait?').fill('the customer is travel');
  await fetch(`${page.url().replace('/alerts/', '/v1/alerts/')}/acknowledge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ by: 'chloe' }),
  });
  await page.locator('#history').getByText('Chloé Marchand').waitFor();
  expect(await page.getByLabel('Why can it wait?').inputValue()).toBe('the customer is travel');
});

/** Opens one of the forms under “Act”. */
const unfold = (page: Page, form: string): Promise<void> =>
  page.locator('#actions summary', { hasText: form }).click();

async function openAda(console: { readonly expected?: RegExp } = {}): Promise<Page> {
  await site.wantsToCancel('c-1', 'Ada Vance');
  const page = await openPage(browser, {}, console.expected);
  await page.goto(site.url);
  await page.locator('#queue tbody tr a').first().click();
  await page.waitForURL(/\/alerts\//);
  return page;
}
