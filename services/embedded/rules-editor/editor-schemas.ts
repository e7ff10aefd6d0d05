import { z } from 'zod';
import { EVENT_FIELDS, PROFILE_FIELDS } from '../../action-management/domain/language/fields.ts';
import { defaultsFileSchema, ruleFileSchema } from '../../action-management/domain/language/rule-file.ts';
import { calendarsSchema } from '../../settings/calendars.ts';
import { CALENDARS_FILE, TEAMS_FILE } from '../../settings/load-settings.ts';
import { teamsSchema } from '../../settings/teams.ts';
import { ruleTestSchema } from '../rules-test/story-file.ts';
import {
  conditionDefinitions,
  conditionRef,
  described,
  type JsonSchema,
  windowConditionRef,
} from './condition-schema.ts';
import { HOVER } from './hover.ts';

/** A JSON Schema by which an editor completes and checks the files of a kind while they are written. */
export interface EditorSchema {
  /** For example `rule.schema.json`. */
  readonly file: string;
  /** Which files of the folder it is for. */
  readonly concerns: RegExp;
  readonly schema: JsonSchema;
  /** Paths of keys that have no text for the pointer, and texts of keys that are gone. Both should be empty. */
  readonly untold: readonly string[];
  readonly gone: readonly string[];
}

/**
 * The schemas of a rules folder, made of the definitions by which the files are read, so that an editor and
 * `tocsin rules lint` cannot disagree about keys. Names of teams, calendars and windows are left to lint.
 */
export function editorSchemas(): readonly EditorSchema[] {
  return [
    editorSchema('rule', /\.rule\.yaml$/, ruleFileSchema, 'A rule of Tocsin', conditionDefinitions()),
    editorSchema(
      'rule-test',
      /\.test\.yaml$/,
      ruleTestSchema,
      'Stories about rules, and what is to come of them',
    ),
    editorSchema(
      'defaults',
      /^_defaults\.yaml$/,
      defaultsFileSchema,
      'What holds for every rule of a folder',
    ),
    editorSchema('calendars', CALENDARS_FILE, calendarsSchema, 'When teams work'),
    editorSchema('teams', TEAMS_FILE, teamsSchema, 'Who works alerts and who is told'),
  ];
}

/** The schema as it is stored: two spaces, one line at the end. */
export const schemaText = ({ schema }: EditorSchema): string => `${JSON.stringify(schema, undefined, 2)}\n`;

/** The comment by which editors with a YAML language server find the schema of a file. */
export const schemaComment = ({ file }: EditorSchema): string => `# yaml-language-server: $schema=./${file}`;

function editorSchema(
  kind: keyof typeof HOVER,
  concerns: RegExp,
  source: z.ZodType,
  title: string,
  definitions?: JsonSchema,
): EditorSchema {
  const { $schema, ...plain } = z.toJSONSchema(source, { io: 'input', target: 'draft-07' });
  const texts = new Map<string, string>(Object.entries(HOVER[kind]));
  const untold: string[] = [];
  const tell: Tell = (path, schema) => {
    const text = texts.get(path.join('.')) ?? fieldText(path);
    if (text !== undefined) return described(text, schema);
    if (path.at(-1) !== '*') untold.push(path.join('.'));
    return schema;
  };
  const told = new Set<string>();
  const schema = improve(plain as JsonSchema, [], (path, part) => {
    told.add(path.join('.'));
    return tell(path, part);
  });
  return {
    file: `${kind}.schema.json`,
    concerns,
    schema: {
      $schema,
      title,
      $comment: 'Generated: npx tocsin rules schema --write',
      ...schema,
      ...(definitions === undefined ? {} : { definitions }),
    },
    untold,
    gone: [...texts.keys()].filter((path) => !told.has(path)),
  };
}

/** Fields of a story are those of rules, and are called the same. */
function fieldText(path: Path): string | undefined {
  const [owner, , name = ''] = path.slice(-3);
  if (owner === 'profiles') return PROFILE_FIELDS.get(name)?.label;
  return owner === 'events' ? EVENT_FIELDS.get(name)?.label : undefined;
}

type Path = readonly string[];
type Tell = (path: Path, schema: JsonSchema) => JsonSchema;

/** Walks down, gives every key its text, puts real conditions where the reader only sees a mapping. */
function improve(schema: JsonSchema, path: Path, tell: Tell): JsonSchema {
  if (isCondition(schema)) return conditionAt(path);
  const improved: Record<string, unknown> = { ...schema };
  if (isSchema(schema.properties)) improved.properties = improveKeys(schema.properties, path, tell);
  if (isSchema(schema.items)) improved.items = improve(schema.items, [...path, '*'], tell);
  if (isSchema(schema.additionalProperties)) {
    improved.additionalProperties = tell(
      [...path, '*'],
      improve(schema.additionalProperties, [...path, '*'], tell),
    );
  }
  for (const choice of ['anyOf', 'oneOf', 'allOf']) {
    const list = schema[choice];
    if (Array.isArray(list)) improved[choice] = list.map((one: JsonSchema) => improve(one, path, tell));
  }
  return improved;
}

/** A step of a sequence takes plain values and references too; lint tells which. */
function conditionAt(path: Path): JsonSchema {
  if (path.at(-1) !== 'where') return conditionRef;
  return path.includes('sequence') ? { type: 'object', minProperties: 1 } : windowConditionRef;
}

/** A key that the reader refuses in words is not offered by the editor. */
function improveKeys(properties: JsonSchema, path: Path, tell: Tell): JsonSchema {
  const offered = Object.entries(properties).filter(([, schema]) => !isNever(schema));
  return Object.fromEntries(
    offered.map(([key, schema]) => {
      const inner = [...path, key];
      return [key, isSchema(schema) ? tell(inner, improve(schema, inner, tell)) : schema];
    }),
  );
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A mapping with any keys and any values is how the reader takes a condition, which is then checked by hand. */
const isCondition = ({ type, additionalProperties }: JsonSchema): boolean =>
  type === 'object' && isSchema(additionalProperties) && Object.keys(additionalProperties).length === 0;

const isNever = (schema: unknown): boolean =>
  isSchema(schema) && isSchema(schema.not) && Object.keys(schema.not).length === 0;
