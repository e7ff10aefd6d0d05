#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { formatProblem } from '../platform/config/yaml-file.ts';
import {
  RulesUnusable,
  type ServiceDefinition,
  startService,
} from '../platform/distributed/start-service.ts';
import { createScoringMetrics } from './metrics.ts';
import { createScorer, createScoringProcesses } from './service.ts';
import { loadScoringSettings } from './settings.ts';

/** Scoring by itself: Kafka and PostgreSQL. */
export const scoring: ServiceDefinition<unknown> = {
  name: 'scoring',
  settings: z.object({}),
  create: ({ settings, registry }) => {
    const loaded = loadScoringSettings(settings.TOCSIN_RULES_DIR ?? SHIPPED_RULES);
    if (!loaded.ok) throw new RulesUnusable(loaded.problems.map(formatProblem).join('\n'));
    const metrics = createScoringMetrics(registry);
    metrics.modelsLoaded(loaded.value);
    return {
      processes: createScoringProcesses(loaded.value, metrics.timed(createScorer(loaded.value))),
      quiet: ['customer'],
      observers: [{ onFact: (fact) => metrics.onFact(fact) }],
    };
  },
};

/** The rules that come with Tocsin. */
const SHIPPED_RULES = fileURLToPath(new URL('../../rules', import.meta.url));

if (import.meta.main) process.exit(await startService(scoring, process.env));
