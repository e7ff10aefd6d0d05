import { expect, test } from 'vitest';
import { escapeHtml, html, httpUrl, raw } from './html.ts';

test('text put into a template is escaped, in content and in attributes', () => {
  const said = `<img src=x onerror="alert('hi')"> & more`;
  expect(html`<p title="${said}">${said}</p>`.text).toBe(
    '<p title="&lt;img src=x onerror=&quot;alert(&#39;hi&#39;)&quot;&gt; &amp; more">' +
      '&lt;img src=x onerror=&quot;alert(&#39;hi&#39;)&quot;&gt; &amp; more</p>',
  );
});

test('a template inside a template is not escaped again, and lists are written one after the other', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`);
  expect(html`<ul>${items}</ul>`.text).toBe('<ul><li>a</li><li>&lt;b&gt;</li></ul>');
});

test('nothing is written for absent values, and zero is a value', () => {
  expect(html`[${undefined}${null}${false}${0}]`.text).toBe('[0]');
});

test('raw is taken as it stands', () => {
  expect(html`${raw('<hr>')}`.text).toBe('<hr>');
});

test('what HTML cannot hold becomes a replacement character', () => {
  expect(escapeHtml('a\0b\ud800c')).toBe('a\u{fffd}b\u{fffd}c');
});

test.each([
  ['https://example.com/a?b=1', 'https://example.com/a?b=1'],
  ['http://example.com', 'http://example.com/'],
  ['javascript:alert(1)', undefined],
  [' JaVaScRiPt:alert(1)', undefined],
  ['data:text/html,hi', undefined],
  ['/relative', undefined],
  [undefined, undefined],
])('of %j a browser may be sent to %j', (given, wanted) => {
  expect(httpUrl(given)).toBe(wanted);
});
