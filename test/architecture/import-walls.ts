import { type Import, importsOf } from './imports.ts';
import { isTest, type SourceFile, serviceOf } from './source-tree.ts';

/** Folders of `services/` that any service may import, beside npm packages. */
const SHARED = ['contracts', 'platform', 'settings'];
/** Folders of `services/` that put services together, and may import all of them. */
const ASSEMBLIES = ['embedded', 'cli'];

/** Imports that a wall forbids, each as `<file> → <target>: <the rule>`. */
export function wallBreaches(file: SourceFile): readonly string[] {
  return importsOf(file).flatMap((imported) => {
    const rule = forbiddenBecause(file, imported);
    return rule === undefined ? [] : [`${file.path} → ${imported.target}: ${rule}`];
  });
}

function forbiddenBecause(file: SourceFile, imported: Import): string | undefined {
  if (imported.kind !== 'file') return forbiddenOutside(file, imported);
  const from = serviceOf(file.path);
  const to = serviceOf(imported.target);
  if (from === undefined) return undefined;
  if (!isTest(file) && isTest({ path: imported.target }))
    return 'what runs in production uses nothing of the tests';
  if (to === undefined) {
    const allowed = isTest(file) || imported.target === 'package.json';
    return allowed
      ? undefined
      : 'what runs in production imports nothing outside services/, save package.json';
  }
  return forbiddenBetween(from, to) ?? forbiddenAdapter(file, imported, from);
}

function forbiddenBetween(from: string, to: string): string | undefined {
  if (from === to || ASSEMBLIES.includes(from)) return undefined;
  if (from === 'contracts') return 'contracts import nothing but contracts';
  if (from === 'platform') return to === 'contracts' ? undefined : 'platform imports contracts only';
  if (SHARED.includes(to)) return undefined;
  return `services import ${SHARED.join(', ')} and npm packages, never each other`;
}

function forbiddenOutside(file: SourceFile, { target }: Import): string | undefined {
  return serviceOf(file.path) === 'contracts' && !isTest(file)
    ? `contracts import nothing, not even ${target}`
    : undefined;
}

const TECHNOLOGY = /\/adapters\/|\.(sqlite|postgres|kafka|fastify|slack|email|sandbox)\.ts$/;

/** Which technology is used is decided in one place, so that embedded and distributed run the same code. */
function forbiddenAdapter(file: SourceFile, { target, typeOnly }: Import, from: string): string | undefined {
  if (typeOnly || !TECHNOLOGY.test(target) || SHARED.includes(from) || ASSEMBLIES.includes(from))
    return undefined;
  if (isTest(file) || TECHNOLOGY.test(file.path) || file.path === `services/${from}/main.ts`)
    return undefined;
  return 'only main.ts chooses adapters';
}
