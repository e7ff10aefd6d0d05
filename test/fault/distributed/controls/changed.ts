import { registerHooks } from 'node:module';
import { CHANGES, type Change, type ChangeName } from './changes.ts';

/** `node --import …/changed.ts`: loads a service with the changes that `CHANGES` names, separated by commas. */
const changes: readonly Change[] = (process.env.CHANGES ?? '')
  .split(',')
  // Set by a test, whose compiler knows the names.
  .flatMap((name) => CHANGES[name as ChangeName]);

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    const here = changes.filter(({ file }) => url.endsWith(file));
    if (here.length === 0) return loaded;
    let source = Buffer.from((loaded.source ?? '') as Uint8Array).toString();
    for (const { file, from, to } of here) {
      if (source.split(from).length !== 2) throw new Error(`${file} does not have once: ${from}`);
      source = source.replace(from, () => to);
    }
    return { ...loaded, source };
  },
});
