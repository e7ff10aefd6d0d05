import { registerHooks } from 'node:module';
import { CHANGES, type Change, type ChangeName, changed } from './changes.ts';

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
    const source = Buffer.from((loaded.source ?? '') as Uint8Array).toString();
    return { ...loaded, source: changed(source, here) };
  },
});
