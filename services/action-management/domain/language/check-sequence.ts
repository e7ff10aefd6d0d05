import { didYouMean } from '../../../platform/config/yaml-file.ts';
import { DAY } from '../../../platform/time/clock.ts';
import type { Absence, Captured, Condition, Sequence, SequenceStep } from './ast.ts';
import { type Check, type Path, shown } from './check.ts';
import { captured, readCondition, windowScope } from './check-condition.ts';
import { ALWAYS, durationWords, readElapsed, readTimeBox } from './duration.ts';
import { LIMITS } from './limits.ts';
import type { AbsentStepFile, EventStepFile, SequenceStepFile, SpecFile } from './rule-file.ts';

/** Reads the sequence of a rule, or reports what is wrong with it and returns nothing. */
export function readSequence(spec: SpecFile, path: Path, check: Check): Sequence | undefined {
  const files = spec.sequence ?? [];
  const names = stepNames(files);
  const [first, ...later] = files.map((file, index) =>
    'event' in file
      ? readStep(file, index, names, [...path, index], check)
      : readAbsence(file, index, names, spec, [...path, index], check, files.length - 1),
  );
  checkNames(names, path, check);
  if (first === undefined || !isStep(first)) {
    if (first !== undefined)
      check.report([...path, 0], 'nothing can be missed before something happened; begin with an event');
    return undefined;
  }
  const unheard = first.of.filter((type) => !spec.listen.includes(type));
  if (unheard.length > 0) {
    check.report(
      [...path, 0, 'event'],
      `the rule does not listen to ${unheard.join(', ')}; add it to listen`,
    );
  }
  if (later.some((step) => step === undefined)) return undefined;
  const absence = later.find((step): step is Absence => step !== undefined && !isStep(step));
  const steps = later.filter((step): step is SequenceStep => step !== undefined && isStep(step));
  return { steps: [first, ...steps], ...(absence === undefined ? {} : { absence }) };
}

/** What the steps are called, in their order. A step without a name is called by its place. */
export const stepNames = (files: readonly SequenceStepFile[]): readonly string[] =>
  files.flatMap((file, index) => ('event' in file ? [file.as ?? `step${index + 1}`] : []));

const isStep = (step: SequenceStep | Absence): step is SequenceStep => 'name' in step;

function checkNames(names: readonly string[], path: Path, check: Check): void {
  for (const [index, name] of names.entries()) {
    if (['event', 'profile', 'rule'].includes(name)) {
      check.report(
        [...path, index, 'as'],
        `a step cannot be called "${name}": conditions use the word otherwise`,
      );
    } else if (names.indexOf(name) < index) {
      check.report([...path, index, 'as'], `two steps are called "${name}"`);
    }
  }
}

function readStep(
  file: EventStepFile,
  index: number,
  names: readonly string[],
  path: Path,
  check: Check,
): SequenceStep | undefined {
  const taking = readTaking(file.where, names.slice(0, index), path, check);
  const withinMs = index === 0 ? undefined : readWithin(file.within, path, check);
  if (index === 0 && file.within !== undefined) {
    check.report([...path, 'within'], 'the first step follows nothing; remove within');
  }
  if (taking === undefined || (index > 0 && withinMs === undefined)) return undefined;
  return {
    name: names[index] ?? '',
    of: asList(file.event),
    ...taking,
    ...(withinMs === undefined ? {} : { withinMs }),
    at: check.place(path),
  };
}

function readWithin(text: string | undefined, path: Path, check: Check): number | undefined {
  if (text === undefined) {
    return check.report(
      path,
      'without "within" the step would be waited for without end; add for example within: 3d',
    );
  }
  const read = readElapsed(text);
  if (!read.ok) return check.report([...path, 'within'], read.message);
  if (read.value > 0 && read.value <= LIMITS.absenceMs) return read.value;
  const message = `got "${text}"; a step is waited for ${durationWords(LIMITS.absenceMs)} at most`;
  return check.report([...path, 'within'], message);
}

function readAbsence(
  file: AbsentStepFile,
  index: number,
  names: readonly string[],
  spec: SpecFile,
  path: Path,
  check: Check,
  last: number,
): Absence | undefined {
  if (index > 0 && index !== last) check.report(path, 'what must not come stands at the end of the sequence');
  const taking = readTaking(file.where, names.slice(0, index), path, check);
  const calendar = file.calendar ?? spec.timebox.calendar;
  const known = [...new Set([...check.names.calendars, ALWAYS])];
  if (!known.includes(calendar)) {
    return check.report(
      [...path, 'calendar'],
      `unknown calendar "${calendar}"${didYouMean(calendar, known)}`,
    );
  }
  const length = readTimeBox(file.for, calendar);
  if (!length.ok) return check.report([...path, 'for'], length.message);
  const { amount, unit } = length.value;
  if (unit === 'ms' ? amount > LIMITS.absenceMs : amount > LIMITS.absenceBusinessDays) {
    const message = `got "${file.for}"; at most ${LIMITS.absenceBusinessDays}bd or ${LIMITS.absenceMs / DAY}d are waited for`;
    return check.report([...path, 'for'], message);
  }
  if (taking === undefined) return undefined;
  return { of: asList(file.absent), ...taking, for: length.value, calendar, at: check.place(path) };
}

type Type = SequenceStep['of'][number];
const asList = (of: Type | readonly Type[]): readonly Type[] => (typeof of === 'string' ? [of] : of);

/** `{complaint_id: "{c.complaint_id}", channel: social, satisfaction: {lte: 2}}`: references, values, conditions. */
function readTaking(
  where: Readonly<Record<string, unknown>> | undefined,
  earlier: readonly string[],
  path: Path,
  check: Check,
): Pick<SequenceStep, 'where' | 'same'> | undefined {
  const same: SequenceStep['same'][number][] = [];
  const plain: Record<string, unknown> = {};
  let isGood = true;
  for (const [name, value] of Object.entries(where ?? {})) {
    const [, reference] = (typeof value === 'string' && /^\{([^{}]*)\}$/.exec(value)) || [];
    if (reference === undefined) {
      plain[name] = typeof value === 'object' && value !== null ? value : { eq: value };
      continue;
    }
    const read = readReference(name, reference, earlier, [...path, 'where', name], check);
    if (read === undefined) isGood = false;
    else same.push(read);
  }
  if (Object.keys(plain).length === 0) return isGood ? { same } : undefined;
  const condition: Condition | undefined = readCondition(plain, [...path, 'where'], windowScope, check);
  return condition === undefined || !isGood ? undefined : { same, where: condition };
}

function readReference(
  name: string,
  reference: string,
  earlier: readonly string[],
  path: Path,
  check: Check,
): SequenceStep['same'][number] | undefined {
  const operand = windowScope.find(name);
  if (operand === undefined || operand.from !== 'remembered') {
    const hint =
      windowScope.elsewhere(name) ?? `unknown field "${name}"${didYouMean(name, windowScope.allowed)}`;
    return check.report(path, hint, 'key');
  }
  const as: Captured | undefined = captured(reference, earlier);
  if (as === undefined) {
    const known = earlier.flatMap((step) => windowScope.allowed.map((field) => `${step}.${field}`));
    return check.report(
      path,
      `unknown placeholder ${shown(`{${reference}}`)}${didYouMean(reference, known)}`,
    );
  }
  if (as.field.type !== operand.field.type) {
    return check.report(
      path,
      `${name} is a ${operand.field.type}, ${reference} a ${as.field.type}; they are never the same`,
    );
  }
  return { name, field: operand.field, as };
}
