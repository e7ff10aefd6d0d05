import { watchFolder } from '../platform/config/watch-folder.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { describeError } from '../platform/process/run-process.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { Settings } from '../settings/load-settings.ts';
import { loadRuleSet, namesIn } from './load-rules.ts';
import type { ActionManagementMetrics } from './metrics.ts';
import type { CheckFolder, KeptRuleSets } from './ports.ts';
import type { QuarantinedRule, RuleSetHolder } from './service.ts';

/** What became of an attempt to take the rules of the folder into force. */
export interface ReloadResult {
  readonly at: number;
  readonly outcome: 'in_force' | 'unchanged' | 'refused';
  /** The set that is in force afterwards. */
  readonly hash: string;
  /** Why it was refused, a line each. */
  readonly problems: readonly string[];
}

export interface RulesStatus {
  readonly folder: string;
  readonly hash: string;
  readonly rules: readonly { readonly id: string; readonly stage: string; readonly title: string }[];
  readonly quarantined: readonly QuarantinedRule[];
  /** The latest attempt since the start, when there was one. */
  readonly lastReload?: ReloadResult;
}

export interface RulesReloadDeps {
  readonly folder: string;
  /** As read at the start: calendars, teams and people stay those until the next start. */
  readonly started: Settings;
  readonly holder: RuleSetHolder;
  readonly metrics: Pick<ActionManagementMetrics, 'rulesLoaded' | 'reloadFailed'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly check: CheckFolder;
  readonly kept?: KeptRuleSets;
}

/**
 * Takes edited rules into force while Tocsin runs: as a whole or not at all.
 *
 * A set that cannot be read, has an error as a set, or fails a test beside it is refused and the one before stays, with
 * a log line, a metric and the answer to whoever asks. The check runs in a thread of its own, and the files are read one at a
 * time, so that signals do not wait: 500 rules keep them for 65 ms of CPU time at most. Rules and `_defaults.yaml` are reloaded; calendars, teams, lexicon
 * and risk model are those of the start, and the names in rules are checked against them.
 */
export class RulesReload {
  readonly #deps: RulesReloadDeps;
  #last: ReloadResult | undefined;
  #running: Promise<ReloadResult> | undefined;
  #next: Promise<ReloadResult> | undefined;

  constructor(deps: RulesReloadDeps) {
    this.#deps = deps;
  }

  status(): RulesStatus {
    const { folder, holder } = this.#deps;
    const { hash, rules } = holder.current;
    return {
      folder,
      hash,
      rules: rules.map(({ id, stage, title }) => ({ id, stage, title })),
      quarantined: holder.quarantined(),
      ...(this.#last === undefined ? {} : { lastReload: this.#last }),
    };
  }

  /** Lets a rule that kept throwing be judged again. Answers whether it was in quarantine. */
  release(rule: string): boolean {
    const { holder, log } = this.#deps;
    const released = holder.release(rule);
    if (released) log.info({ rule }, 'a rule is judged again');
    return released;
  }

  /** Reads the folder again. Whoever asks while an attempt is under way gets the answer of the one after it. */
  reload(): Promise<ReloadResult> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  /** Reloads whenever a rule, its test or the defaults change, since they were read too. Answers how to stop. */
  watch(): () => void {
    const { folder, started, holder, log } = this.#deps;
    void loadRuleSet(folder, namesIn(started)).then((read) => {
      if (!read.ok || read.hash !== holder.current.hash) void this.reload();
    });
    return watchFolder({
      folder,
      concerns: (name) => CONCERNS.test(name),
      onChange: () => void this.reload(),
      onUnwatched: (error) =>
        log.warn({ error: describeError(error) }, 'changes of the rules folder are seen a little later'),
    });
  }

  #begin(): Promise<ReloadResult> {
    const attempt = this.#attempt().finally(() => {
      this.#running = undefined;
    });
    this.#running = attempt;
    return attempt;
  }

  async #attempt(): Promise<ReloadResult> {
    const { folder, holder, metrics, log } = this.#deps;
    const problems = await this.#take().catch((error: unknown) => [`${folder}: ${describeError(error)}`]);
    if (Array.isArray(problems) && problems.length > 0) {
      metrics.reloadFailed();
      log.error({ hash: holder.current.hash, problems }, 'the rules are refused; those in force stay');
      return this.#done('refused', problems);
    }
    return this.#done(problems === 'unchanged' ? 'unchanged' : 'in_force', []);
  }

  /** Checks, reads and replaces; answers what is wrong. */
  async #take(): Promise<readonly string[] | 'unchanged'> {
    const { folder, started, holder, metrics, clock, log, check, kept } = this.#deps;
    const checked = await check(folder);
    if (checked.problems.length > 0) return checked.problems;
    const read = await loadRuleSet(folder, namesIn(started));
    if (!read.ok) return read.problems.map(formatProblem);
    if (read.hash !== checked.hash)
      return [`${folder}: the files changed while they were checked; reload again`];
    metrics.rulesLoaded(read.ruleSet, clock.now());
    if (read.hash === holder.current.hash) return 'unchanged';
    const before = holder.current.hash;
    kept?.keep(read.ruleSet, clock.now());
    holder.replace(read.ruleSet);
    log.info({ hash: read.hash, before, rules: read.ruleSet.rules.length }, 'other rules are in force');
    return [];
  }

  #done(outcome: ReloadResult['outcome'], problems: readonly string[]): ReloadResult {
    const { clock, holder } = this.#deps;
    this.#last = { at: clock.now(), outcome, hash: holder.current.hash, problems };
    return this.#last;
  }
}

const CONCERNS = /(\.rule|\.test|^_defaults)\.yaml$/;
