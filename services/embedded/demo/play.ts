import type { AlertEvent } from '../../contracts/alert.ts';
import type { Emit } from '../../platform/keyed-process/keyed-process.ts';
import { ALWAYS_OPEN, type Calendar } from '../../platform/time/business-time.ts';
import { DAY, HOUR } from '../../platform/time/clock.ts';
import { Agenda } from './agenda.ts';
import { type DemoCustomer, makeCustomers, profileRecord } from './company.ts';
import { everydayArrivals } from './everyday.ts';
import { seededRandom } from './random.ts';
import { Staff } from './staff.ts';
import type { Stage } from './stage.ts';
import { writeStorylines } from './storylines.ts';

export interface PlayOptions {
  readonly seed: number;
  readonly customers: number;
  readonly days: number;
  /** First instant of the story, epoch ms. */
  readonly start: number;
  /** Wall-clock length of the whole play in ms; 0 plays as fast as it can. */
  readonly paceMs: number;
  /** The hours in which the company's people work. */
  readonly calendar: Calendar | undefined;
  readonly onEvent: (event: AlertEvent) => void;
  readonly onFact?: (fact: Emit) => void;
  readonly stop?: AbortSignal;
}

/** What there was to see. */
export interface PlayResult {
  readonly customers: readonly DemoCustomer[];
  readonly records: number;
  /** Simulated end of the story, epoch ms. */
  readonly end: number;
}

/** Plays the made-up company's sixty days through the pipeline, moving the clock from one happening to the next. */
export async function play(stage: Stage, options: PlayOptions): Promise<PlayResult> {
  const random = seededRandom(options.seed);
  const customers = makeCustomers(options.customers, options.start, random);
  const storylines = writeStorylines(customers, options.start);
  const inStory = new Set(storylines.map((line) => line.customer.id));
  const agenda = new Agenda();
  const staff = new Staff(
    agenda,
    stage,
    storylines,
    options.calendar ?? ALWAYS_OPEN,
    seededRandom(options.seed + 1),
  );
  stage.onFact((fact) => {
    options.onFact?.(fact);
    if (fact.topic !== 'alerts') return;
    options.onEvent(fact.value);
    staff.hear(fact.value);
  });

  agenda.add(options.start, () =>
    stage.accept(
      'crm-records',
      customers.map((one) => profileRecord(one, options.start)),
    ),
  );
  const others = customers.filter((one) => !inStory.has(one.id));
  const arrivals = [
    ...everydayArrivals(others, options.start + 8 * HOUR, options.days, random),
    ...storylines.flatMap((line) => line.arrivals),
  ];
  for (const { at, source, record } of arrivals) agenda.add(at, () => stage.accept(source, [record]));

  const end = options.start + options.days * DAY;
  await perform(stage, agenda, { ...options, end });
  return { customers, records: arrivals.length + customers.length, end };
}

async function perform(
  stage: Stage,
  agenda: Agenda,
  options: PlayOptions & { readonly end: number },
): Promise<void> {
  const began = performance.now();
  const span = options.end - options.start;
  while (options.stop?.aborted !== true) {
    const due = await stage.nextDueAt();
    const next = Math.min(agenda.nextAt(), due ?? Number.POSITIVE_INFINITY);
    if (next > options.end) break;
    stage.clock.moveTo(Math.max(next, stage.clock.now()));
    await keepPace(began, ((stage.clock.now() - options.start) / span) * options.paceMs);
    for (const act of agenda.takeUntil(stage.clock.now())) await act();
    await stage.settle();
  }
  stage.clock.moveTo(options.end);
  await stage.settle();
}

async function keepPace(began: number, elapsedMs: number): Promise<void> {
  const early = elapsedMs - (performance.now() - began);
  if (early > 15) await new Promise((resume) => setTimeout(resume, early));
}
