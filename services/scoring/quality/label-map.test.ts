import { expect, test } from 'vitest';
import { parseLabelMap } from './label-map.ts';

test.each([
  [undefined, 'Negative', 'negative'],
  [undefined, 'bad', undefined],
  ['1=negative,2=negative,*=positive', '2', 'negative'],
  ['1=negative,2=negative,*=positive', '5', 'positive'],
  ['<-0.5=negative,>0.5=positive,*=neutral', '-0.7', 'negative'],
  ['<-0.5=negative,>0.5=positive,*=neutral', '0.5', 'neutral'],
  ['<3=negative', '', undefined],
])('the map %s takes %s for %s', (map, label, mood) => {
  const parsed = parseLabelMap(map);
  expect(parsed.ok && parsed.value(label)).toBe(mood);
});

test('a map with a wrong mood says what is allowed', () => {
  expect(parseLabelMap('1=bad')).toEqual({
    ok: false,
    problem: 'got "1=bad", expected value=negative|neutral|positive',
  });
});
