import emoji from 'sentiment/build/emoji.json' with { type: 'json' };
import afinn from 'sentiment/languages/en/labels.json' with { type: 'json' };
import { z } from 'zod';
import { INTENTS, type Intent } from '../../contracts/assessment.ts';
import { didYouMean, type Locate, type Problem, parseYamlFile } from '../../platform/config/yaml-file.ts';
import { ENGLISH_WORDS, FOREIGN_WORDS } from './language.ts';
import { addPhrase, emptyNode } from './phrases.ts';
import { withoutContraction } from './tokenise.ts';
import {
  type Gap,
  maskOf,
  type Phrase,
  type PhraseNode,
  type PhraseStarts,
  type Vocabulary,
  type Word,
} from './vocabulary.ts';

const words = z.array(z.string().min(1).max(60));
const phrases = z.array(z.string().min(1).max(400));
const effect = z.number().min(-5).max(5);

/** `rules/lexicon.yaml`, as people write it. */
const lexiconSchema = z.strictObject({
  apiVersion: z.literal('tocsin/v1'),
  kind: z.literal('Lexicon'),
  version: z.string().min(1).max(40),
  language: z.literal('en'),
  groups: z.record(z.string(), words).default({}),
  aliases: z.record(z.string(), z.string()).default({}),
  words: z.record(z.string(), words).default({}),
  negators: words.default([]),
  degrees: z.record(z.string(), words).default({}),
  turns: words.default([]),
  concessions: words.default([]),
  wishes: words.default([]),
  reliefs: words.default([]),
  interjections: words.default([]),
  phrases: z.array(z.strictObject({ effect, any: phrases })).default([]),
  sarcasm: phrases.default([]),
  guards: phrases.default([]),
  intents: z
    .partialRecord(
      z.enum(INTENTS),
      z.strictObject({ effect: effect.default(0), any: phrases, unless: phrases.default([]) }),
    )
    .default({}),
});
type LexiconFile = z.output<typeof lexiconSchema>;

export type LexiconResult =
  | { readonly ok: true; readonly value: Vocabulary }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Compiles `lexicon.yaml` on top of AFINN, as the `sentiment` package ships it.
 *
 * A word that the file names replaces AFINN's. `version` of the result is the file's version and `stamp`,
 * so that an edit without a new version still shows.
 */
export function compileLexicon(file: string, text: string, stamp = ''): LexiconResult {
  const parsed = parseYamlFile(file, text, lexiconSchema);
  if (!parsed.ok) return parsed;
  const problems: Problem[] = [];
  const value = build(parsed.value, stamp, parsed.at, problems);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value };
}

interface Draft {
  text: string;
  effect: number;
  negator: boolean;
  factor: number;
  turn: boolean;
  concession: boolean;
  wish: boolean;
  relief: boolean;
  interjection: boolean;
  english: boolean;
  foreign: boolean;
  symbols: number[];
  mask: number;
  moodStarts: PhraseStarts | undefined;
  intentStarts: PhraseStarts | undefined;
}

/** Collects words while compiling; every word has a symbol of its own, every group one more. */
class Drafts {
  readonly words = new Map<string, Draft>();
  #symbols = 0;

  nextSymbol(): number {
    return this.#symbols++;
  }

  of(spelling: string): Draft {
    const text = canonical(spelling);
    let draft = this.words.get(text);
    if (draft === undefined) {
      draft = blank(text, this.nextSymbol());
      this.words.set(text, draft);
    }
    return draft;
  }
}

const blank = (text: string, symbol: number): Draft => ({
  text,
  effect: 0,
  negator: false,
  factor: 1,
  turn: false,
  concession: false,
  wish: false,
  relief: false,
  interjection: false,
  english: false,
  foreign: false,
  symbols: [symbol],
  mask: maskOf(symbol),
  moodStarts: undefined,
  intentStarts: undefined,
});

/** The spelling under which the tokeniser looks a word up. */
function canonical(word: string): string {
  const folded = word.toLowerCase().trim();
  return folded.includes("'") && /^[a-z]/.test(folded) ? withoutContraction(folded) : folded;
}

function build(lexicon: LexiconFile, stamp: string, at: Locate, problems: Problem[]): Vocabulary {
  const drafts = new Drafts();
  const moods = emptyNode();
  const intents = emptyNode();
  const afinnPhrases = addAfinn(drafts);
  for (const word of ENGLISH_WORDS) drafts.of(word).english = true;
  addWords(lexicon, drafts, at, problems);
  addRoles(lexicon, drafts, at, problems);
  for (const word of FOREIGN_WORDS) if (!drafts.words.has(word)) drafts.of(word).foreign = true;
  const number = drafts.of('<number>');
  const groups = addGroups(lexicon, drafts, number);
  const writer = new PhraseWriter(drafts, groups, at, problems);
  for (const [phrase, value] of afinnPhrases) writer.add(moods, phrase, { effect: value }, []);
  addMoods(lexicon, writer, moods);
  addIntents(lexicon, writer, intents);
  countNumbers(drafts, number);
  for (const draft of drafts.words.values()) {
    draft.moodStarts = startsOf(draft, moods);
    draft.intentStarts = startsOf(draft, intents);
  }
  // After everything that creates words: an alias shares the word it stands for.
  addAliases(lexicon, drafts);
  return {
    version: stamp === '' ? lexicon.version : `${lexicon.version}-${stamp}`,
    words: drafts.words satisfies ReadonlyMap<string, Word>,
    number,
  };
}

/** "5" has a word of its own where some phrase says "5 stars", and is a number all the same. */
function countNumbers(drafts: Drafts, number: Draft): void {
  for (const draft of drafts.words.values()) {
    if (draft === number || !/^\d/.test(draft.text)) continue;
    draft.symbols.push(...number.symbols);
    draft.mask |= number.mask;
  }
}

function startsOf(draft: Draft, root: PhraseNode): PhraseStarts | undefined {
  const nodes = draft.symbols.flatMap((symbol) => root.edges?.get(symbol) ?? []);
  if (nodes.length === 0) return undefined;
  return {
    nodes,
    mask: nodes.reduce((mask, node) => mask | node.mask, 0),
    needsNext: nodes.every(({ phrase, gap, wideGap }) => (phrase ?? gap ?? wideGap) === undefined),
  };
}

function addAfinn(drafts: Drafts): readonly (readonly [string, number])[] {
  const phrases: [string, number][] = [];
  for (const [word, value] of Object.entries(afinn)) {
    if (word.includes(' ')) {
      phrases.push([word, value]);
      continue;
    }
    const draft = drafts.of(word);
    draft.effect = value;
    draft.english = true;
    // The tokeniser reads hyphens as blanks.
    if (word.includes('-')) phrases.push([word.replaceAll('-', ' '), value]);
  }
  for (const [symbol, value] of Object.entries(emoji)) drafts.of(symbol).effect = value;
  return phrases;
}

function addWords(lexicon: LexiconFile, drafts: Drafts, at: Locate, problems: Problem[]): void {
  for (const [strength, list] of Object.entries(lexicon.words)) {
    const value = numberBetween(strength, -5, 5);
    if (value === undefined) {
      problems.push(
        at(['words', strength], `words: got "${strength}", expected an effect from -5 to 5`, 'key'),
      );
      continue;
    }
    for (const word of list) {
      const draft = drafts.of(word);
      draft.effect = value;
      draft.english = true;
    }
  }
}

function addRoles(lexicon: LexiconFile, drafts: Drafts, at: Locate, problems: Problem[]): void {
  const mark = (list: readonly string[], set: (draft: Draft) => void) => {
    for (const word of list) {
      const draft = drafts.of(word);
      draft.english = true;
      set(draft);
    }
  };
  mark(lexicon.negators, (draft) => {
    draft.negator = true;
    draft.effect = 0;
  });
  mark(lexicon.turns, (draft) => {
    draft.turn = true;
  });
  mark(lexicon.concessions, (draft) => {
    draft.concession = true;
  });
  mark(lexicon.wishes, (draft) => {
    draft.wish = true;
  });
  mark(lexicon.reliefs, (draft) => {
    draft.relief = true;
  });
  mark(lexicon.interjections, (draft) => {
    draft.interjection = true;
  });
  for (const [strength, list] of Object.entries(lexicon.degrees)) {
    const factor = numberBetween(strength, 0.1, 3);
    if (factor === undefined) {
      problems.push(
        at(['degrees', strength], `degrees: got "${strength}", expected a factor from 0.1 to 3`, 'key'),
      );
      continue;
    }
    mark(list, (draft) => {
      draft.factor = factor;
    });
  }
}

function numberBetween(text: string, least: number, most: number): number | undefined {
  const value = Number(text);
  return Number.isFinite(value) && value >= least && value <= most ? value : undefined;
}

function addGroups(lexicon: LexiconFile, drafts: Drafts, number: Draft): ReadonlyMap<string, number> {
  const groups = new Map<string, number>([['number', number.symbols[0] ?? 0]]);
  for (const [name, members] of Object.entries(lexicon.groups)) {
    // What a lexicon names <number> is in it beside the digits.
    const symbol = groups.get(name) ?? drafts.nextSymbol();
    groups.set(name, symbol);
    for (const member of members) {
      const draft = drafts.of(member);
      draft.english = true;
      draft.symbols.push(symbol);
      draft.mask |= maskOf(symbol);
    }
  }
  return groups;
}

function addMoods(lexicon: LexiconFile, writer: PhraseWriter, root: PhraseNode): void {
  for (const [index, entry] of lexicon.phrases.entries()) {
    for (const [position, phrase] of entry.any.entries()) {
      writer.add(root, phrase, { effect: entry.effect }, ['phrases', index, 'any', position]);
    }
  }
  for (const [index, phrase] of lexicon.sarcasm.entries()) {
    writer.add(root, phrase, { sarcasm: true }, ['sarcasm', index]);
  }
  for (const [index, phrase] of lexicon.guards.entries()) {
    writer.add(root, phrase, { guard: true }, ['guards', index]);
  }
}

function addIntents(lexicon: LexiconFile, writer: PhraseWriter, root: PhraseNode): void {
  for (const [name, entry] of Object.entries(lexicon.intents)) {
    // The schema admits only intents as keys.
    const intent = name as Intent;
    for (const [index, phrase] of entry.any.entries()) {
      writer.add(root, phrase, { effect: entry.effect, intents: [intent] }, ['intents', name, 'any', index]);
    }
    for (const [index, phrase] of entry.unless.entries()) {
      writer.add(root, phrase, { hides: [intent] }, ['intents', name, 'unless', index]);
    }
  }
}

function say(text: string, what: Partial<Phrase>): Phrase {
  return { text, effect: 0, intents: [], guard: false, hides: [], sarcasm: false, ...what };
}

function addAliases(lexicon: LexiconFile, drafts: Drafts): void {
  for (const [alias, word] of Object.entries(lexicon.aliases)) {
    drafts.words.set(alias.toLowerCase(), drafts.of(word));
  }
}

/** A phrase may be written in at most this many ways; more is a mistake in brackets. */
const MAX_WAYS = 1000;
/** Words in a phrase. Bounds the work per token. */
const MAX_WORDS = 10;

type Slot = readonly (number | Gap | 'none')[];

/**
 * Puts phrases into the trie.
 *
 * `word` itself · `<group>` any word of the group · `a|b` either · a trailing `?` may be left out ·
 * `~` up to three words of any kind · `~~` up to eight.
 */
class PhraseWriter {
  readonly #drafts: Drafts;
  readonly #groups: ReadonlyMap<string, number>;
  readonly #at: Locate;
  readonly #problems: Problem[];

  constructor(drafts: Drafts, groups: ReadonlyMap<string, number>, at: Locate, problems: Problem[]) {
    this.#drafts = drafts;
    this.#groups = groups;
    this.#at = at;
    this.#problems = problems;
  }

  add(root: PhraseNode, text: string, what: Partial<Phrase>, path: readonly PropertyKey[]): void {
    const phrase = say(text, what);
    const slots = text
      .trim()
      .split(/\s+/)
      .map((slot) => this.#slot(slot, path));
    if (slots.length > MAX_WORDS) {
      this.#problems.push(
        this.#at(path, `a phrase has at most ${MAX_WORDS} words; "${text}" has ${slots.length}`),
      );
      return;
    }
    const ways = combinations(slots);
    if (ways === undefined) {
      this.#problems.push(
        this.#at(path, `"${text}" can be written in more than ${MAX_WAYS} ways; use a group`),
      );
      return;
    }
    for (const way of ways) this.#addWay(root, way, phrase, path);
  }

  #addWay(
    root: PhraseNode,
    way: readonly (number | Gap)[],
    phrase: Phrase,
    path: readonly PropertyKey[],
  ): void {
    if (typeof way[0] !== 'number' || typeof way.at(-1) !== 'number') {
      this.#problems.push(this.#at(path, `"${phrase.text}" must begin and end with a word`));
      return;
    }
    addPhrase(root, way, phrase);
  }

  #slot(slot: string, path: readonly PropertyKey[]): Slot {
    if (slot === '~') return ['gap'];
    if (slot === '~~') return ['wideGap'];
    const optional = slot.endsWith('?');
    const body = optional ? slot.slice(0, -1) : slot;
    const symbols: Slot = body.split('|').map((word) => this.#symbol(word, path));
    return optional ? [...symbols, 'none'] : symbols;
  }

  #symbol(word: string, path: readonly PropertyKey[]): number {
    const group = /^<(.+)>$/.exec(word)?.[1];
    if (group === undefined) {
      const draft = this.#drafts.of(word);
      draft.english ||= /^[a-z]{2,}$/.test(draft.text);
      return draft.symbols[0] ?? 0;
    }
    const symbol = this.#groups.get(group);
    if (symbol === undefined) {
      const hint = didYouMean(group, [...this.#groups.keys()]);
      this.#problems.push(this.#at(path, `unknown group "${group}"${hint}`));
    }
    return symbol ?? 0;
  }
}

function combinations(slots: readonly Slot[]): readonly (readonly (number | Gap)[])[] | undefined {
  let ways: (number | Gap)[][] = [[]];
  for (const slot of slots) {
    ways = ways.flatMap((way) => slot.map((symbol) => (symbol === 'none' ? way : [...way, symbol])));
    if (ways.length > MAX_WAYS) return undefined;
  }
  return ways;
}
