import { expect, test } from 'vitest';
import { observe } from './features.ts';
import { behaviourReader, type Reading } from './risk-model-reading.ts';

const NOW = Date.parse('2026-03-31T00:00:00Z');
const extra = {
  Fee: '12.50',
  Plan: 'XL',
  Day: 1,
  Night: 2.5,
  Asked: '01/03/2026 10:00',
  Answered: '01/03/2026 13:30',
  Order: '',
};
const seen = observe({ at: NOW, history: '', open: '', seen: '', attributes: { tenureMonths: 7, extra } });

test.each<[Reading, unknown]>([
  [{ number: 'Fee' }, 12.5],
  [{ number: 'Months', profile: 'tenure_months' }, 7],
  [{ number: 'Fee', profile: 'tenure_months' }, 12.5],
  [{ word: 'Plan' }, 'XL'],
  [{ word: 'Nothing' }, undefined],
  [{ filled: 'Plan' }, 'yes'],
  [{ filled: 'Order' }, 'no'],
  [{ sum: ['Day', 'Night'] }, 3.5],
  [{ sum: ['Day', 'Nothing'] }, undefined],
  [{ hours_between: ['Asked', 'Answered'], dates: 'day_first' }, 3.5],
  [{ hour: 'Answered', dates: 'day_first' }, 13],
  [{ weekday: 'Asked', dates: 'day_first' }, 7],
  [{ days_since: 'Asked', dates: 'day_first' }, 29],
])('%j reads %j', (reading, value) => {
  expect(behaviourReader(reading)(seen)).toBe(value);
});
