#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Alert } from '../contracts/alert.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import {
  RulesUnusable,
  type ServiceDefinition,
  startService,
} from '../platform/distributed/start-service.ts';
import { loadSettings } from '../settings/load-settings.ts';
import type { AlertState } from './domain/alert-state.ts';
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
      states: {
        keySpace: 'alert',
        without: '"status":"closed"',
        begun: () => metrics.restoring(),
        // The slot of that name is written by the process of that name only.
        found: ({ alerting: state }) => metrics.restore(openAlertsIn(state as AlertState | undefined)),
        complete: () => metrics.restored(),
        lost: (isLost) => metrics.forget(isLost),
      },
    };
  },
};

const openAlertsIn = (state: AlertState | undefined): readonly Alert[] =>
  state?.alert === undefined ? [] : [state.alert];

/** The rules that come with Tocsin. */
const SHIPPED_RULES = fileURLToPath(new URL('../../rules', import.meta.url));

if (import.meta.main) process.exit(await startService(alerting, process.env));
