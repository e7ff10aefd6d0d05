import { alertsCommands } from './alerts.ts';
import { backupCommand } from './backup.ts';
import { benchCommand } from './bench.ts';
import { benchDistributedCommand } from './bench-distributed.ts';
import { benchNotificationsCommand, benchTimersCommand } from './bench-parts.ts';
import { benchRulesCommand } from './bench-rules.ts';
import { benchSentimentCommand } from './bench-sentiment.ts';
import type { Command } from './command.ts';
import { customerCommands } from './customer.ts';
import { demoCommand } from './demo.ts';
import { dlqCommands } from './dlq.ts';
import { doctorCommand } from './doctor.ts';
import { evaluateDriftCommand } from './evaluate.ts';
import { evaluateRiskCommand } from './evaluate-risk.ts';
import { evaluateSentimentCommand } from './evaluate-sentiment.ts';
import { explainCommand } from './explain.ts';
import { historyPullCommand } from './history-pull.ts';
import { importCommand } from './import.ts';
import { kafkaCommands } from './kafka.ts';
import { ledgerCommand } from './ledger.ts';
import { migrateCommand } from './migrate.ts';
import { riskAggregateCommand } from './risk-aggregate.ts';
import { riskFitCommand } from './risk-fit.ts';
import { rulesDiffCommand } from './rules-diff.ts';
import { rulesExplainCommand } from './rules-explain.ts';
import { rulesLintCommand } from './rules-lint.ts';
import { rulesMutateCommand } from './rules-mutate.ts';
import { rulesQuarantineCommand } from './rules-quarantine.ts';
import { rulesReloadCommand } from './rules-reload.ts';
import { rulesReplayCommand } from './rules-replay.ts';
import { rulesSchemaCommand } from './rules-schema.ts';
import { rulesTestCommand } from './rules-test.ts';
import { schemasCommands } from './schemas.ts';
import { sentimentFitCommand } from './sentiment-fit.ts';
import { silenceCommands } from './silence.ts';
import { startCommand } from './start.ts';
import { timersCommand } from './timers.ts';

export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly Command[];
}

/** Every verb of the command line by what it is for, in the order in which a newcomer meets them. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  { title: 'Try it and run it', commands: [demoCommand, startCommand, importCommand] },
  { title: 'Work on alerts', commands: [...alertsCommands(), explainCommand] },
  {
    title: 'Rules',
    commands: [
      rulesLintCommand,
      rulesTestCommand,
      rulesExplainCommand,
      rulesMutateCommand,
      rulesReplayCommand,
      rulesDiffCommand,
      rulesReloadCommand,
      rulesQuarantineCommand,
      rulesSchemaCommand,
      ...silenceCommands,
    ],
  },
  {
    title: 'Scores',
    commands: [
      evaluateSentimentCommand,
      sentimentFitCommand,
      riskAggregateCommand,
      riskFitCommand,
      evaluateRiskCommand,
      evaluateDriftCommand,
    ],
  },
  {
    title: 'Keep it well',
    commands: [
      doctorCommand,
      ledgerCommand,
      ...dlqCommands,
      timersCommand,
      backupCommand,
      ...customerCommands,
    ],
  },
  {
    title: 'Measure it',
    commands: [
      benchCommand,
      benchRulesCommand,
      benchSentimentCommand,
      benchTimersCommand,
      benchNotificationsCommand,
      benchDistributedCommand,
    ],
  },
  {
    title: 'Many machines',
    commands: [...kafkaCommands, ...schemasCommands, migrateCommand, historyPullCommand],
  },
];

export const COMMANDS: readonly Command[] = COMMAND_GROUPS.flatMap(({ commands }) => commands);
