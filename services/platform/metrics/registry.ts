import { Counter, collectDefaultMetrics, Registry } from 'prom-client';

/** A registry with the process's own figures. One per process; tests make one each. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // Gauges whose names end like a counter's; `promtool check metrics` refuses them.
  for (const kind of ['handles', 'requests', 'resources'])
    registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  return registry;
}

/**
 * Counts in plain numbers, to be handed to a counter when it is scraped: looking labels up costs more than most of
 * what is counted.
 */
export class Tally<K> {
  readonly #counts = new Map<K, number>();

  add(key: K): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Hands over what has come since the last time. */
  drain(take: (key: K, count: number) => void): void {
    for (const [key, count] of this.#counts) take(key, count);
    this.#counts.clear();
  }
}

/**
 * Wraps a gauge's `collect` so that one that fails does not take the whole scrape with it.
 *
 * The failure is counted instead; the gauge keeps its last value.
 */
export function guardedCollect<G>(
  registry: Registry,
  name: string,
  collect: (this: G) => void | Promise<void>,
) {
  const failures = collectorErrors(registry);
  failures.inc({ metric: name }, 0);
  return async function guarded(this: G): Promise<void> {
    try {
      await collect.call(this);
    } catch {
      failures.inc({ metric: name });
    }
  };
}

const ERRORS = 'tocsin_collector_errors_total';

function collectorErrors(registry: Registry): Counter<'metric'> {
  // A registry gives back what was registered under the name, and this is the only place that does.
  const known = registry.getSingleMetric(ERRORS) as Counter<'metric'> | undefined;
  return (
    known ??
    new Counter({
      name: ERRORS,
      help: 'Scrapes in which a metric could not be computed.',
      labelNames: ['metric'],
      registers: [registry],
    })
  );
}
