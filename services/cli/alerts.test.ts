import { expect, test } from 'vitest';
import { alertsCommands } from './alerts.ts';
import type { Answer } from './client.ts';
import { UsageError } from './command.ts';

const SUMMARY = {
  alertId: 'repeat:c-1#1',
  alertKey: 'repeat:c-1',
  label: 'T-7Q4MX',
  cycle: 1,
  status: 'open',
  stage: 'live',
  severity: 'P1',
  ruleId: 'repeat',
  ruleTitle: 'Complains again',
  subject: 'c-1',
  customerName: 'Ada Example',
  team: 'retention',
  openedAt: '2026-03-27T09:00:00.000Z',
  why: 'complaints in 14 days: 2',
  evidenceCount: 1,
  answerOn: 'email',
  rung: 0,
  next: { deadline: 'ack_by', dueAt: '2026-03-27T09:30:00.000Z', words: 'acknowledge in 25 min' },
  overdue: false,
  contactAttempts: 0,
};

const DETAIL = {
  ...SUMMARY,
  because: ['complaints in 14 days: 2'],
  evidence: [],
  deadlines: [],
  playbook: ['Call first'],
  closeRequires: [],
  outcomes: [],
  riskContributions: [],
  cycles: [],
  history: [],
  story: [
    {
      at: '2026-03-27T09:00:00.000Z',
      who: 'customer',
      words: 'complained',
      quote: 'I want\nto leave',
      ref: 's-1',
    },
  ],
};

/** Runs a command line against an API that gives this answer; shows what was asked and what was written. */
const run = async (args: readonly string[], answer: Answer) => {
  const asked: { method: string; path: string; body: unknown; headers: unknown }[] = [];
  const written = { out: '', err: '' };
  const io = {
    out: (text: string) => {
      written.out += text;
    },
    err: (text: string) => {
      written.err += text;
    },
    interactive: false,
    env: { USER: 'ops' },
  };
  const commands = alertsCommands(async () => ({
    request: async (method, path, body, headers) => {
      asked.push({ method, path, body, headers });
      return answer;
    },
    close: async () => undefined,
  }));
  const command = commands.find(({ name }) => name === `alerts ${args[0]}`);
  const code = await command?.run(args.slice(1), io);
  return { asked, ...written, code };
};

test('list shows a table of what is unfinished', async () => {
  const { asked, out, code } = await run(['list', '--team', 'retention', '--late'], {
    status: 200,
    body: { alerts: [SUMMARY] },
  });
  expect(asked[0]?.path).toBe('/v1/alerts?team=retention&status=unfinished&overdue=true');
  expect(out.split('\n')).toEqual([
    'ALERT    SEV  STATUS  NEXT                   OWNER           CUSTOMER     WHY',
    'T-7Q4MX  P1   open    acknowledge in 25 min  team retention  Ada Example  Complains again: complaints in 14 days: 2',
    '',
  ]);
  expect(code).toBe(0);
});

test('list --json is the answer of the API, on one line', async () => {
  const body = { alerts: [SUMMARY] };
  const { out } = await run(['list', '--json'], { status: 200, body });
  expect(JSON.parse(out)).toEqual(body);
});

test('show tells why, what to do and the whole story', async () => {
  const { out, asked } = await run(['show', 'repeat:c-1#1'], { status: 200, body: DETAIL });
  expect(asked[0]?.path).toBe('/v1/alerts/repeat%3Ac-1%231');
  expect(out).toContain('Call first');
  expect(out).toContain('customer: complained  “I want to leave”');
});

test.each([
  [['ack', 'T-1'], 'acknowledge', { by: 'ops' }],
  [
    ['contact', 'T-1', '--channel', 'phone', '--not-reached', '--by', 'anna'],
    'contact',
    { channel: 'phone', reached: false, by: 'anna' },
  ],
  [
    ['snooze', 'T-1', '--for', '2h', '--reason', 'later'],
    'snooze',
    { for: '2h', reason: 'later', by: 'ops' },
  ],
  [['reassign', 'T-1', '--to', 'team/billing'], 'reassign', { to: 'team/billing', by: 'ops' }],
  [
    ['close', 'T-1', '--outcome', 'saved', '--root-cause', 'outage'],
    'close',
    { outcome: 'saved', rootCause: 'outage', by: 'ops' },
  ],
])('%j is an order', async (args, verb, body) => {
  const { asked, code, out } = await run(args, { status: 200, body: { ...SUMMARY, status: 'acknowledged' } });
  expect(asked).toMatchObject([
    { method: 'POST', path: `/v1/alerts/T-1/${verb}`, body, headers: { 'tocsin-via': 'cli' } },
  ]);
  expect(out).toBe('T-7Q4MX is acknowledged, owner team retention; next: acknowledge in 25 min.\n');
  expect(code).toBe(0);
});

test('a refusal is said in words, with exit code 1', async () => {
  const body = {
    type: 'urn:tocsin:problem:x',
    title: 'Refused',
    status: 409,
    detail: 'Closing needs a contact.',
  };
  const args = ['close', 'T-1', '--outcome', 'saved', '--root-cause', 'outage'];
  const { code, err, out } = await run(args, { status: 409, body });
  expect([code, err, out]).toEqual([1, 'tocsin alerts close: Closing needs a contact.\n', '']);
});

test.each([
  [['ack'], 'expected an alert'],
  [['ack', 'T-1', 'T-2'], 'unexpected "T-2"'],
  [['contact', 'T-1', '--channel', 'phone'], 'expected --reached or --not-reached'],
  [['contact', 'T-1', '--channel', 'phone', '--reached', '--not-reached'], 'not both'],
  [['snooze', 'T-1', '--reason', 'later'], 'expected --for or --until'],
  [['close', 'T-1', '--outcome', 'saved'], 'expected --root-cause'],
  [['close', 'T-1', '--outcom', 'saved'], '--outcom'],
])('%j is a wrong use: %s', async (args, message) => {
  const attempt = run(args, { status: 200, body: SUMMARY });
  await expect(attempt).rejects.toThrow(UsageError);
  await expect(attempt).rejects.toThrow(message);
});
