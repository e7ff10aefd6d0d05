import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, openPage, PHONE, picture } from './chromium.ts';
import { Site, withDeadLetter } from './site.ts';

let browser: Browser;
let site: Site;
let alertPath: string;
let mailPath: string;
beforeAll(async () => {
  browser = await launchBrowser();
  site = await Site.start(withDeadLetter);
  await site.silence('the warehouse moves');
  await site.wantsToCancel('c-1', 'Ada Vance');
  await site.wantsToCancel(
    'a-customer-number-of-a-length-that-nobody-would-have-thought-of',
    'Maximiliane von Hohenlohe-Langenburg',
  );
  const { alerts } = (await (await fetch(`${site.url}/v1/alerts`)).json()) as {
    alerts: { alertId: string }[];
  };
  const alertId = alerts[0]?.alertId ?? '';
  alertPath = `/alerts/${encodeURIComponent(alertId)}`;
  mailPath = site.mailLink(alertId);
});
afterAll(async () => {
  await browser.close();
  await site.stop();
});

const PAGES = [
  '/',
  '<alert>',
  '<link of a mail>',
  '/customers/c-1',
  '/kpis',
  '/held',
  '/audit',
  '/operations',
  '/sandbox',
  '/sandbox?channel=mail',
];
const pathOf = (page: string): string =>
  page === '<alert>' ? alertPath : page === '<link of a mail>' ? mailPath : page;
const nameOf = (page: string): string => page.replaceAll(/[^a-z]+/g, '-').replace(/^-$/, 'queue');

test.each(PAGES)('%s fits a phone without scrolling sideways', async (path) => {
  const page = await openPage(browser, { viewport: PHONE, isMobile: true, hasTouch: true });
  await page.goto(`${site.url}${pathOf(path)}`);
  await picture(page, `phone${nameOf(path)}`);
  expect({
    width: await page.evaluate('look.width()'),
    because: await page.evaluate('look.tooWide()'),
  }).toMatchObject({
    width: PHONE.width,
  });
});

test.each(PAGES)('%s is readable in the dark', async (path) => {
  const page = await openPage(browser, { colorScheme: 'dark' });
  await page.goto(`${site.url}${pathOf(path)}`);
  await picture(page, `dark${nameOf(path)}`);
  expect(await page.evaluate('look.contrast()')).toBeGreaterThan(120);
});

test.each(PAGES)('%s can be used with the keyboard alone: who has the focus is seen', async (path) => {
  const page = await openPage(browser);
  await page.goto(`${site.url}${pathOf(path)}`);
  for (let stop = 0; stop < 8; stop += 1) {
    await page.keyboard.press('Tab');
    const focus = await page.evaluate('look.focus()');
    // A page with little on it ends; the focus then goes on to the window.
    if (focus === 'nothing has the focus' && stop >= 3) return;
    expect(focus).toBe('seen');
  }
});

test.each(PAGES)('%s has one heading of the first rank, a title and a language', async (path) => {
  const page = await openPage(browser);
  await page.goto(`${site.url}${pathOf(path)}`);
  await picture(page, `desk${nameOf(path)}`);
  expect(await page.locator('h1').count()).toBe(1);
  expect(await page.title()).toContain('Tocsin');
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  expect(await page.evaluate('look.unnamedFields()')).toEqual([]);
});
