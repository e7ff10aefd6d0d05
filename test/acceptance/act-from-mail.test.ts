import { expect, test } from 'vitest';
import type { ReadMail } from '../support/world/read-mail.ts';
import { openWorld, type World } from '../support/world/world.ts';
import { adaHasComplainedTwice } from './cast.ts';

const env = {
  TOCSIN_MAIL_LINK_SECRET: 'a secret of this story alone',
  TOCSIN_PUBLIC_URL: 'https://tocsin.example.com',
};

/** Nobody has taken Ada's alert, so its team's lead is told by mail. */
async function petraIsTold(world: World): Promise<ReadMail> {
  await adaHasComplainedTwice(world);
  await world.advance('30m');
  world.slack.person('petra').expects('Not acknowledged');
  world.slack.person('chloe').expects('New alert');
  return world.mail.expects(
    'petra',
    'Not acknowledged',
    'Ada Vance',
    'Acknowledge: https://',
    'Close: https://',
  );
}

/** The link of that name, as a path with its token. */
function linkIn({ text }: ReadMail, name: string): { readonly path: string; readonly t: string } {
  const url = new URL(new RegExp(`^${name}: (\\S+)$`, 'm').exec(text)?.[1] ?? '');
  return { path: `${url.pathname}${url.search}`, t: url.searchParams.get('t') ?? '' };
}

test('whoever lives in mail takes an alert, logs the contact and closes the loop from there', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00', env });
  const mail = await petraIsTold(world);
  const [take, log, close] = ['Acknowledge', 'Log contact', 'Close'].map((name) => linkIn(mail, name));
  if (take === undefined || log === undefined || close === undefined) throw new Error('a link is missing');

  // A scanner of mail fetches every link, often more than once.
  for (const { path } of [take, log, close, take])
    expect(await world.get(path)).toMatchObject({ status: 200 });
  expect(await world.theAlert()).toMatchObject({ status: 'open' });

  expect((await world.get(take.path)).body).toContain('Petra Lindqvist');
  expect(await world.submit('/mail/act', { t: take.t })).toMatchObject({ status: 200 });
  const taken = await world.theAlert();
  expect(taken).toMatchObject({ status: 'acknowledged', acknowledgedBy: 'petra' });
  expect(taken.history.at(-1)).toMatchObject({ actor: { kind: 'person', id: 'petra' }, via: 'email' });
  const again = await world.submit('/mail/act', { t: take.t });
  expect([again.status, again.body]).toEqual([409, expect.stringContaining('nothing was changed now')]);

  // Refused, as nobody has spoken to Ada; that does not spend the link.
  const fields = { t: close.t, outcome: 'saved', rootCause: 'outage' };
  const early = await world.submit('/mail/act', fields);
  expect([early.status, early.body]).toEqual([409, expect.stringContaining('Closing needs a contact')]);
  const contact = { t: log.t, channel: 'phone', reached: 'yes', note: 'a technician comes today' };
  expect(await world.submit('/mail/act', contact)).toMatchObject({ status: 200 });
  expect(await world.submit('/mail/act', { ...contact, note: 'another' })).toMatchObject({ status: 409 });
  expect(await world.submit('/mail/act', fields)).toMatchObject({ status: 200 });
  expect(await world.alerts()).toEqual([]);
  const [closed] = await world.alerts('status=closed');
  expect(closed).toMatchObject({
    closedBy: 'petra',
    outcome: 'saved',
    rootCause: 'outage',
    contactAttempts: 0,
  });
});

test('a link that is a week old is refused in words, and so is one that was tampered with', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00', env });
  const { path, t } = linkIn(await petraIsTold(world), 'Acknowledge');
  const forged = await world.submit('/mail/act', { t: `${t.slice(0, -1)}${t.endsWith('A') ? 'B' : 'A'}` });
  expect([forged.status, forged.body]).toEqual([403, expect.stringContaining('not whole')]);
  const { alertId } = await world.theAlert();
  await world.order(alertId, 'acknowledge', { by: 'ben' });
  await world.order(alertId, 'contact', { by: 'ben', channel: 'phone', reached: true });
  await world.order(alertId, 'close', { by: 'ben', outcome: 'saved', rootCause: 'outage' });
  await world.advance('7d');
  for (const answer of [await world.get(path), await world.submit('/mail/act', { t })]) {
    expect([answer.status, answer.body]).toEqual([
      410,
      expect.stringContaining('worked until Tue 10 Mar, 09:30 CET'),
    ]);
  }
});

test('without a secret mails have no links to act by, and nothing answers there', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00' });
  await adaHasComplainedTwice(world);
  await world.advance('30m');
  world.slack.person('petra').expects('Not acknowledged');
  world.slack.person('chloe').expects('New alert');
  expect(world.mail.expects('petra', 'Not acknowledged').text).not.toContain('/mail/act');
  expect(await world.get('/mail/act?t=x')).toMatchObject({ status: 404 });
});
