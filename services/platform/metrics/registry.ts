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
