#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { formatProblem } from '../platform/config/yaml-file.ts';
import {
  RulesUnusable,
  type ServiceDefinition,
  startService,
} from '../platform/distributed/start-service.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { createAlertingMetrics } from './metrics.ts';
import { createAlertingProcesses } from './service.ts';

/** Alerting by itself: Kafka and PostgreSQL. */
export const alerting: ServiceDefinition<unknown> = {
  name: 'alerting',
  settings: z.object({}),
  create: ({ settings, registry, clock }) => {
    const loaded = loadSettings(settings.TOCSIN_RULES_DIR ?? SHIPPED_RULES);
    if (!loaded.ok) throw new RulesUnusable(loaded.problems.map(formatProblem).join('\n'));
    const { calendars, teams } = loaded.settings;
    const metrics = createAlertingMetrics(registry, { calendars, clock, teams: [...teams.byId.keys()] });
    return {
      processes: createAlertingProcesses(loaded.settings),
      observers: [{ onFact: (fact) => metrics.onFact(fact) }],
    };
  },
};

/** The rules that come with Tocsin. */
const SHIPPED_RULES = fileURLToPath(new URL('../../rules', import.meta.url));

if (import.meta.main) process.exit(await startService(alerting, process.env));
