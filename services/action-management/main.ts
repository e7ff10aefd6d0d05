#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { formatProblem } from '../platform/config/yaml-file.ts';
import {
  RulesUnusable,
  type ServiceDefinition,
  startService,
} from '../platform/distributed/start-service.ts';
import { crashPoint } from '../platform/process/crash-point.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { TEMPLATES } from '../settings/templates.ts';
import { loadRuleSet } from './load-rules.ts';
import { createActionManagementMetrics } from './metrics.ts';
import { createActionManagementProcesses, RuleSetHolder } from './service.ts';

/** Action-management by itself: Kafka and PostgreSQL. Rules are read at the start; new ones need a new start. */
export const actionManagement: ServiceDefinition<unknown> = {
  name: 'action-management',
  settings: z.object({}),
  create: async ({ settings, registry, clock }) => {
    const folder = settings.TOCSIN_RULES_DIR ?? SHIPPED_RULES;
    const loaded = loadSettings(folder);
    if (!loaded.ok) throw new RulesUnusable(loaded.problems.map(formatProblem).join('\n'));
    const { teams, calendars } = loaded.settings;
    crashPoint('cp9');
    const rules = await loadRuleSet(folder, {
      teams: [...teams.byId.keys()],
      calendars: [...calendars.keys()],
      templates: TEMPLATES,
      people: [...teams.people.keys()],
    });
    if (!rules.ok) throw new RulesUnusable(rules.problems.map(formatProblem).join('\n'));
    const metrics = createActionManagementMetrics(registry);
    metrics.rulesLoaded(rules.ruleSet, clock.now());
    const ruleSet = new RuleSetHolder(rules.ruleSet);
    metrics.watchQuarantine(ruleSet);
    return {
      processes: createActionManagementProcesses({
        ruleSet,
        calendars,
        onEvaluation: metrics.onEvaluation,
        judge: metrics.judge,
      }),
      observers: [{ onFact: (fact) => metrics.onFact(fact) }],
    };
  },
};

/** The rules that come with Tocsin. */
const SHIPPED_RULES = fileURLToPath(new URL('../../rules', import.meta.url));

if (import.meta.main) process.exit(await startService(actionManagement, process.env));
