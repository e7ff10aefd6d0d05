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

test('an empty queue shows how to send the first record', async () => {
  const page = await openPage(browser);
  await page.goto(site.url);
  expect(await wordsOf(page.locator('main'))).toContain('No alert yet');
  expect(await wordsOf(page.locator('pre'))).toContain(`curl -X POST ${site.url}/v1/call-notes`);
  await picture(page, 'queue-empty');
});

test('a new alert appears by itself, and its deadline counts down', async () => {
  const page = await openPage(browser);
  await page.goto(site.url);
  await site.wantsToCancel('c-1', 'Ada Vance');
  const row = page.locator('#queue tbody tr');
  await row.waitFor();
  expect(await wordsOf(row)).toContain('Ada Vance');
  const left = row.locator('.countdown');
  const seen = [await wordsOf(left)];
  while (seen.length < 3) {
    await expect.poll(() => wordsOf(left), POLL).not.toBe(seen.at(-1));
    seen.push(await wordsOf(left));
  }
  const seconds = seen.map(secondsOf);
  expect(seconds[0]).toBeLessThanOrEqual(30 * 60);
  expect(seconds.toSorted((a, b) => b - a)).toEqual(seconds);
  await site.wantsToCancel('c-2', 'Tom Berg');
  await page.getByText('2 alerts').waitFor();
  await picture(page, 'queue');
});

test('the queue is filtered by its form, and the filter stands in the address', async () => {
  await site.wantsToCancel('c-1', 'Ada Vance');
  const page = await openPage(browser);
  await page.goto(site.url);
  await page.getByLabel('Severity').selectOption('P4');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByText('No alert matches this filter').waitFor();
  expect(page.url()).toContain('severity=P4');
  await picture(page, 'queue-nothing-matches');
});

/** A countdown that stands still for so long does not count. */
const POLL = { timeout: 5_000, interval: 50 };

/** `in 29 min 58 s` */
function secondsOf(countdown: string): number {
  const [, minutes, seconds] = /^in (\d+) min(?: (\d+) s)?$/.exec(countdown) ?? [];
  return Number(minutes) * 60 + Number(seconds ?? 0);
}
