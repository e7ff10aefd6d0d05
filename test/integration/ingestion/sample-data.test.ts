import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Source } from '../../../services/contracts/sources.ts';
import { importFile } from '../../../services/ingestion/import/import-file.ts';
import { parseMapping } from '../../../services/ingestion/import/mapping-file.ts';
import { formatProblem } from '../../../services/platform/config/yaml-file.ts';
import { NOW, openWorld, temporaryFolder } from './world.ts';

/** Folder with the public tables for which `schemas/mappings` has mappings. They are not part of the project. */
const DATA = process.env.TOCSIN_SAMPLE_DATA ?? '../shared/data';

const TABLES: readonly (readonly [name: string, source: Source])[] = [
  ['airline_tweets', 'social-posts'],
  ['twcs', 'social-posts'],
  ['tweeteval_sentiment', 'social-posts'],
  ['cfpb_complaints', 'complaints'],
  ['comcast_complaints', 'complaints'],
  ['deepcsat', 'call-notes'],
  ['tweetsumm_notes', 'call-notes'],
  ['multidogo_customer_turns', 'call-notes'],
  ['telco_ibm', 'crm-records'],
  ['bigml_churn', 'crm-records'],
];

test.each(TABLES)('the mapping of %s is for %s', (name, source) => {
  expect(mappingOf(name).source).toBe(source);
});

function mappingOf(name: string) {
  const file = `schemas/mappings/${name}.yaml`;
  const parsed = parseMapping(file, readFileSync(file, 'utf8'));
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed.value;
}

describe.skipIf(!existsSync(DATA))(`with the tables of TOCSIN_SAMPLE_DATA (${DATA})`, () => {
  test.each(TABLES)('%s is taken whole as %s, and the second time nothing is new', async (name, source) => {
    const { gateway } = openWorld();
    const run = () =>
      importFile({
        source,
        file: join(DATA, `${name}.csv`),
        mapping: mappingOf(name),
        accept: gateway.accept,
        rejectedPath: join(temporaryFolder(), 'rejected.ndjson'),
        importedAt: NOW,
      });
    const [first, second] = [await run(), await run()];
    if (!first.ok || !second.ok) throw new Error(JSON.stringify([first, second]));
    const { rows, accepted, repeated, ignored, rejected } = first.summary;
    expect(accepted + repeated + ignored + rejected).toBe(rows);
    expect(rejected).toBe(0);
    expect(accepted).toBeGreaterThan(0);
    expect(second.summary).toMatchObject({
      rows,
      accepted: 0,
      repeated: accepted + repeated,
      ignored,
      rejected: 0,
    });
  });
});
