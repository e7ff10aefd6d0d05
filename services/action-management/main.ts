#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { formatProblem } from '../platform/config/yaml-file.ts';
import {
  RulesUnusable,
  type ServiceDefinition,
  startService,
} from '../platform/distributed/start-service.ts';
import { serveOpenApi } from '../platform/http/openapi.ts';
import { operatorSettings } from '../platform/http/operators-only.ts';
import { crashPoint } from '../platform/process/crash-point.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { checkInThread } from './adapters/check-folder.thread.ts';
import { keepRuleSets, RULES_POSTGRES_MIGRATIONS } from './adapters/kept-rule-sets.postgres.ts';
import { ACTION_MANAGEMENT_API } from './adapters/openapi.ts';
import { registerRules } from './adapters/rules.fastify.ts';
import { registerSilences } from './adapters/silences.fastify.ts';
import { noRules } from './domain/read-rule-set.ts';
import { loadRuleSet, namesIn } from './load-rules.ts';
import { createActionManagementMetrics } from './metrics.ts';
import { RulesRefused, RulesReload } from './rules-reload.ts';
import { createActionManagementProcesses, quarantineLogger, RuleSetHolder } from './service.ts';
import { SilenceBook } from './silences.ts';

/** Action-management by itself: Kafka and PostgreSQL. Edited rules come into force in each instance for itself. */
export const actionManagement: ServiceDefinition<z.output<typeof operatorSettings>> = {
  name: 'action-management',
  settings: operatorSettings,
  create: async ({ settings, registry, clock, log, lifecycle }) => {
    const folder = settings.TOCSIN_RULES_DIR ?? SHIPPED_RULES;
    const loaded = loadSettings(folder);
    if (!loaded.ok) throw new RulesUnusable(loaded.problems.map(formatProblem).join('\n'));
    const started = loaded.settings;
    crashPoint('cp9');
    const rules = await loadRuleSet(folder, namesIn(started));
    const metrics = createActionManagementMetrics(registry);
    const holder = new RuleSetHolder(noRules(), quarantineLogger(log));
    metrics.watchQuarantine(holder);
    // Known before the first signal is judged: processes run only after `attach`.
    let known: SilenceBook | undefined;
    return {
      processes: createActionManagementProcesses({
        ruleSet: holder,
        calendars: started.calendars,
        onEvaluation: metrics.onEvaluation,
        judge: metrics.judge,
        silences: () => known?.all() ?? [],
      }),
      migrations: RULES_POSTGRES_MIGRATIONS,
      quiet: ['customer'],
      observers: [{ onFact: (fact) => metrics.onFact(fact) }],
      attach: async ({ app, service }) => {
        const silences = new SilenceBook(service.eventLog);
        known = silences;
        await service.follow('silences', {
          from: 'beginning',
          learn: ({ value }) => silences.learn(value),
        });
        metrics.watchSilences(() => silences.active(clock.now()).length);
        const info = {
          title: 'Tocsin: rules and silences',
          version: manifest.version,
          description: 'Of this instance.',
        };
        serveOpenApi(app, info, [ACTION_MANAGEMENT_API]);
        registerSilences(app, { silences, clock, rules: holder, opsKeys: settings.TOCSIN_OPS_KEYS });
        const check = checkInThread(CHECK);
        const kept = keepRuleSets(service.postgres);
        const reload = new RulesReload({ folder, started, holder, metrics, clock, log, check, kept });
        await reload.start(rules).catch((error: unknown) => {
          throw error instanceof RulesRefused ? new RulesUnusable(error.message) : error;
        });
        registerRules(app, reload, settings.TOCSIN_OPS_KEYS);
        lifecycle.onClose('watch of the rules folder', reload.watch());
        return undefined;
      },
    };
  },
};

/** Plays the tests beside the rules through all services that they speak of: those of the embedded mode. */
const CHECK = new URL('../embedded/rules-reload/check-worker.ts', import.meta.url);

/** The rules that come with Tocsin. */
const SHIPPED_RULES = fileURLToPath(new URL('../../rules', import.meta.url));

if (import.meta.main) process.exit(await startService(actionManagement, process.env));
