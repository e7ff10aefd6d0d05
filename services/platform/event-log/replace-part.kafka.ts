import { createRequire } from 'node:module';

/** The client whose inner functions are known; any other keeps its own. */
const KNOWN_CLIENT = '2.2.4';
const require = createRequire(import.meta.url);

/**
 * Puts a function in the place of one that kafkajs keeps in a file of its own. Answers whether it did: not in another version of the
 * client. Only for what the client loads later: it keeps hold of what it has loaded already.
 */
export function replacePart(file: string, part: unknown): boolean {
  const { version } = require('kafkajs/package.json') as { readonly version: string };
  if (version !== KNOWN_CLIENT) return false;
  const place = require.resolve(`kafkajs/src/${file}`);
  require(place);
  const found = require.cache[place];
  if (found === undefined) return false;
  found.exports = part;
  return true;
}
