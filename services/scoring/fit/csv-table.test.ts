import { expect, test } from 'vitest';
import { readCsvTable } from './csv-table.ts';

const TABLE = { columns: ['remark, free', 'stars'], rows: [['late,\nagain', '1']] };

test.each<[string, string | Buffer]>([
  ['commas', '"remark, free",stars\n"late,\nagain",1\n'],
  ['semicolons, though a name has more commas', '"remark, free";stars\r\n"late,\nagain";1\r\n'],
  ['tabs and a byte order mark', '\ufeffremark, free\tstars\n"late,\nagain"\t1'],
  ['bars', 'remark, free|stars\n"late,\nagain"|1'],
  ['a delimiter said in the first line', 'sep=;\r\nremark, free;stars\r\n"late,\nagain";1'],
  ['UTF-16', Buffer.from('\ufeff"remark, free",stars\n"late,\nagain",1\n', 'utf16le')],
])('%s are found out', (_, text) => {
  expect(readCsvTable(Buffer.from(text as string))).toEqual({ ok: true, value: TABLE, uneven: 0 });
});

test('older spreadsheets are read as Windows-1252', () => {
  const read = readCsvTable(Buffer.from('n\nGrüße', 'latin1'));
  expect(read.ok && read.value.rows).toEqual([['Grüße']]);
});

test('a quote within a cell is just a quote', () => {
  const read = readCsvTable(Buffer.from('size,n\n5" pipe,2\n'));
  expect(read.ok && read.value.rows).toEqual([['5" pipe', '2']]);
});

test('rows of another width are counted', () => {
  const read = readCsvTable(Buffer.from('a,b\n1\n1,2\n1,2,3\n'));
  expect(read.ok && read.uneven).toBe(2);
});

test.each([
  ['', 'the file is empty'],
  ['a,b,a\n1,2,3\n', 'two columns are called "a"'],
  ['a,b\n1,"my secret\n', 'a quote is opened and not closed by the end of the file'],
])('%j is refused in words that show no cell', (text, problem) => {
  expect(readCsvTable(Buffer.from(text))).toEqual({ ok: false, problem });
});
