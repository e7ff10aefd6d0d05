import type { Tokens } from './tokenise.ts';

/** "Do not …", "please don't …", "never …" before something that is done to customers, at the head of a clause. */
export function forbids(tokens: Tokens, negator: number): boolean {
  if (!DONE_TO_CUSTOMERS.has(tokens.words[negator + 1]?.text ?? '')) return false;
  let head = negator;
  const word = tokens.words[negator]?.text;
  if (word === 'not') {
    head--;
    if (tokens.words[head]?.text !== 'do') return false;
  } else if (word !== 'dont' && word !== 'never') return false;
  const before = head - 1;
  return (
    before < 0 ||
    tokens.clauses[before] !== tokens.clauses[head] ||
    BEFORE_A_COMMAND.has(tokens.words[before]?.text ?? '')
  );
}

const DONE_TO_CUSTOMERS: ReadonlySet<string> = new Set(
  'make give send tell say do let lie cheat waste harass fool loot play ask put keep charge overcharge cancel close delay take sell deliver ship provide force ignore blame show lose break mislead misguide'.split(
    ' ',
  ),
);
const BEFORE_A_COMMAND: ReadonlySet<string> = new Set('please so and but then also just'.split(' '));
