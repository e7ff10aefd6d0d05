import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { expect, test } from 'vitest';
import { CHANGES, type Change, changed } from '../fault/distributed/controls/changes.ts';

// A control takes a mechanism out of the source as it stood when it was written. When that is no longer so, this shows
// it at once: the fault tests take too long for that.

test.each<[string, readonly Change[]]>(Object.entries(CHANGES))('"%s" fits the source', (_, changes) => {
  for (const file of new Set(changes.map((change) => change.file))) {
    const source = readFileSync(file, 'utf8');
    const here = changes.filter((change) => change.file === file);
    expect(() => stripTypeScriptTypes(changed(source, here))).not.toThrow();
  }
});
