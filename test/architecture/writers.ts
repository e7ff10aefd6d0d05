import { TOPICS } from '../../services/contracts/topics.ts';
import { withoutComments } from './code-text.ts';
import { type SourceFile, serviceOf } from './source-tree.ts';

/** Where code appends to a topic: a fact of a step, or a call of `publish`. */
const WRITES = /(?:\btopic:\s*|\bpublish(?:<[^>]*>)?\(\s*)'([a-z-]+)'/g;

/** The assemblies hand over what services decided, and write in nobody's name but theirs. */
const ASSEMBLIES = ['embedded', 'cli'];

/** Writes by somebody who is not the topic's writer, each as `<file>: writes <topic>, …`. */
export function foreignWrites({ path, text }: SourceFile): readonly string[] {
  const service = serviceOf(path);
  if (service === undefined || ASSEMBLIES.includes(service)) return [];
  return [...withoutComments(text).matchAll(WRITES)].flatMap(([, topic = '']) => {
    const writer = (TOPICS as Readonly<Record<string, { readonly writer: string }>>)[topic]?.writer;
    const mayWrite = writer === undefined || writer === 'anyone' || writer === service;
    return mayWrite ? [] : [`${path}: writes ${topic}, which only ${writer} may`];
  });
}
