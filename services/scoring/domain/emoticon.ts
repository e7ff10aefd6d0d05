import { isPlainWordCharacter } from './character-class.ts';

/** Where an emoticon such as `:-)` or `<3` that begins here ends; 0 when there is none. */
export function emoticonEnd(text: string, start: number): number {
  const eyes = text.charAt(start);
  if (eyes === '<') return text.charAt(start + 1) === '3' ? start + 2 : 0;
  if (eyes !== ':' && eyes !== ';' && eyes !== '=') return 0;
  let position = start + 1;
  // The tear of `:'-(` and the nose.
  if (text.charAt(position) === "'") position++;
  if (NOSES.includes(text.charAt(position) || ' ')) position++;
  const found = MOUTHS.includes(text.charAt(position) || ' ');
  return found && !isPlainWordCharacter(text.charCodeAt(position + 1)) ? position + 1 : 0;
}

const NOSES = '-^o';
const MOUTHS = ')(dp/\\|[]*3';

/** Emoticons have many spellings; the lexicon knows four: `:)`, `:(`, `:/` and `<3`. */
export function emoticonWord(text: string, start: number, end: number): string {
  if (text.charAt(start) === '<') return '<3';
  const mouth = text.charAt(end - 1);
  if (mouth === '(' || mouth === '[') return ':(';
  return mouth === '/' || mouth === '\\' || mouth === '|' ? ':/' : ':)';
}
