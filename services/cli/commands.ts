import { alertsCommands } from './alerts.ts';
import { backupCommand } from './backup.ts';
import { benchCommand } from './bench.ts';
import { benchDistributedCommand } from './bench-distributed.ts';
import { benchNotificationsCommand, benchTimersCommand } from './bench-parts.ts';
import { benchRulesCommand } from './bench-rules.ts';
import { benchSentimentCommand } from './bench-sentiment.ts';
import type { Command } from './command.ts';
import { demoCommand } from './demo.ts';
import { dlqCommands } from './dlq.ts';
import { doctorCommand } from './doctor.ts';
import { evaluateDriftCommand } from './evaluate.ts';
import { evaluateRiskCommand } from './evaluate-risk.ts';
import { evaluateSentimentCommand } from './evaluate-sentiment.ts';
import { explainCommand } from './explain.ts';
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

/** Every verb of the command line, in the order in which a newcomer meets them. */
export const COMMANDS: readonly Command[] = [
  demoCommand,
  startCommand,
  importCommand,
  ...alertsCommands(),
  explainCommand,
  rulesLintCommand,
  rulesTestCommand,
  rulesExplainCommand,
  ...silenceCommands,
  rulesMutateCommand,
  rulesReloadCommand,
  rulesQuarantineCommand,
  rulesReplayCommand,
  rulesDiffCommand,
  rulesSchemaCommand,
  evaluateSentimentCommand,
  sentimentFitCommand,
  riskAggregateCommand,
  riskFitCommand,
  evaluateRiskCommand,
  evaluateDriftCommand,
  backupCommand,
  ledgerCommand,
  ...dlqCommands,
  timersCommand,
  doctorCommand,
  benchCommand,
  benchRulesCommand,
  benchSentimentCommand,
  benchDistributedCommand,
  benchTimersCommand,
  benchNotificationsCommand,
  ...kafkaCommands,
  ...schemasCommands,
  migrateCommand,
];
