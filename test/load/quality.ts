import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { argv, env, exit, stderr } from 'node:process';
import { riskSection } from './quality/risk.ts';
import { sentimentSection } from './quality/sentiment.ts';

/**
 * `npx node test/load/quality.ts [SECTION …]`: measures the scores on public tables and writes the figures to
 * `infra/quality.md`, each section anew, the others as they are.
 *
 * The tables are no part of the project. TOCSIN_SAMPLE_DATA names the folder that has them.
 */
const SECTIONS: Readonly<Record<string, (folder: string) => string>> = {
  sentiment: sentimentSection,
  risk: riskSection,
};

const PAGE = 'infra/quality.md';
const HEAD = `# How good the scores are

Measured on public tables that are no part of the project, by \`npx node test/load/quality.ts\` with TOCSIN_SAMPLE_DATA naming
their folder. What was fitted is judged by cross-validation or on rows kept aside, never on what it learnt from. Speeds
are of the machine that wrote this page.
`;

const folder = env.TOCSIN_SAMPLE_DATA ?? '../shared/data';
if (!existsSync(folder)) {
  stderr.write(`no tables at ${folder}; set TOCSIN_SAMPLE_DATA to the folder that has them\n`);
  exit(1);
}
const asked = argv.length > 2 ? argv.slice(2) : Object.keys(SECTIONS);
let page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : HEAD;
for (const name of asked) {
  const measure = SECTIONS[name];
  if (measure === undefined) {
    stderr.write(`no section "${name}"; there are ${Object.keys(SECTIONS).join(', ')}\n`);
    exit(2);
  }
  stderr.write(`${name} …\n`);
  page = replaceSection(page, name, measure(folder));
}
writeFileSync(PAGE, page);

/** Between its two marks; a section that is not there yet goes to the end. */
function replaceSection(text: string, name: string, body: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const section = `${begin}\n${body.trim()}\n${end}`;
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) return `${text.trimEnd()}\n\n${section}\n`;
  return `${text.slice(0, from)}${section}${text.slice(to + end.length)}`;
}
