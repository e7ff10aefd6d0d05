import { watchFolder } from '../platform/config/watch-folder.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { describeError } from '../platform/process/run-process.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { Settings } from '../settings/load-settings.ts';
import { type LoadedRules, readRuleSet } from './domain/read-rule-set.ts';
import { loadRuleSet, namesIn } from './load-rules.ts';
import type { ActionManagementMetrics } from './metrics.ts';
import type { CheckFolder, KeptRuleSet, KeptRuleSets } from './ports.ts';
import type { QuarantinedRule, RuleSetHolder } from './service.ts';
import { fingerprintOf, SHIPPED_FINGERPRINT } from './shipped-rules.ts';

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
  /** The latest attempt since the start, when there was one; the start itself, when it refused the folder. */
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
  readonly kept: KeptRuleSets;
}

/** The rules of the folder must not come into force, and no set that was in force before can be taken instead. */
export class RulesRefused extends Error {
  override readonly name = 'RulesRefused';
  readonly problems: readonly string[];
  constructor(problems: readonly string[], why: string) {
    super([...problems, why].join('\n'));
    this.problems = problems;
  }
}

/**
 * Takes rules into force, at the start and, edited, while Tocsin runs: as a whole or not at all.
 *
 * A set that cannot be read, has an error as a set, or fails a test beside it is refused and the one before stays, with
 * a log line, a metric and the answer to whoever asks. The check runs in a thread of its own, and files that changed are read
 * one at a time, so that signals do not wait (`test/load/reload.ts`). Rules and `_defaults.yaml` are reloaded; calendars, teams, lexicon
 * and risk model are those of the start, and the names in rules are checked against them.
 */
export class RulesReload {
  readonly #deps: RulesReloadDeps;
  #last: ReloadResult | undefined;
  #running: Promise<ReloadResult> | undefined;
  #next: Promise<ReloadResult> | undefined;
  /** Hash of the folder as the start read it. */
  #seen: string | undefined;

  constructor(deps: RulesReloadDeps) {
    this.#deps = deps;
  }

  /**
   * Decides which rules are in force from the start on; call it before anything is judged, with what the folder holds.
   *
   * The set that was in force last is taken as it is, and so are the rules that come with Tocsin. Another one must stand
   * the check first, as in a reload; when it does not, the one that was in force last stays, as loudly as after a refused
   * reload. Where there is none that can be used, rejects with `RulesRefused`. `trusted` rules come into force unchecked.
   */
  async start(read: LoadedRules, { trusted = false } = {}): Promise<void> {
    const { folder, holder, metrics, clock, log, kept } = this.#deps;
    this.#seen = hashIn(read);
    const last = await kept.last();
    const known =
      trusted || hashIn(read) === last?.hash || (await fingerprintOf(folder)) === SHIPPED_FINGERPRINT;
    const problems = read.ok && known ? [] : await this.#problemsOf(read);
    if (read.ok && problems.length === 0) {
      await kept.keep(read.ruleSet, clock.now());
      holder.replace(read.ruleSet);
      metrics.rulesLoaded(read.ruleSet, clock.now());
      return;
    }
    const stays = this.#readAgain(last, problems);
    holder.replace(stays.ruleSet);
    metrics.rulesLoaded(stays.ruleSet, stays.since);
    metrics.reloadFailed();
    log.error(
      { folder, hash: stays.ruleSet.hash, problems },
      'the rules are refused; those in force last stay',
    );
    this.#done('refused', problems);
  }

  async #problemsOf(read: LoadedRules): Promise<readonly string[]> {
    if (!read.ok) return read.problems.map(formatProblem);
    const { folder, check } = this.#deps;
    const { problems, hash } = await check(folder, 'starting');
    if (problems.length > 0 || hash === read.hash) return problems;
    return [`${folder}: the files changed while they were checked`];
  }

  /** Teams and calendars may be others today, and so may the version. */
  #readAgain(last: KeptRuleSet | undefined, problems: readonly string[]) {
    const { folder, started } = this.#deps;
    if (last === undefined) {
      const why = `No other rules were in force here before. Correct them (tocsin rules lint ${folder}, tocsin rules test ${folder}) and start again.`;
      throw new RulesRefused(problems, why);
    }
    const again = readRuleSet(last.source.files, namesIn(started));
    if (again.ok) return { ruleSet: again.ruleSet, since: last.since };
    const reasons = again.problems.map(formatProblem).join('; ');
    throw new RulesRefused(
      problems,
      `The rules that were in force last (${last.hash}) cannot stay: ${reasons}`,
    );
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

  /** The set that was in force at `from`, and those after it until `until`. */
  between(from: number, until: number): Promise<readonly KeptRuleSet[]> {
    return this.#deps.kept.between(from, until);
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
    void loadRuleSet(folder, namesIn(started), holder.current).then((read) => {
      if (hashIn(read) !== this.#seen) void this.reload();
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
    const checked = await check(folder, 'running');
    if (checked.problems.length > 0) return checked.problems;
    const read = await loadRuleSet(folder, namesIn(started), holder.current);
    if (!read.ok) return read.problems.map(formatProblem);
    if (read.hash !== checked.hash)
      return [`${folder}: the files changed while they were checked; reload again`];
    metrics.rulesLoaded(read.ruleSet, clock.now());
    if (read.hash === holder.current.hash) return 'unchanged';
    const before = holder.current.hash;
    await kept.keep(read.ruleSet, clock.now());
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

/** Nothing where the files cannot be read as a set. */
const hashIn = (read: LoadedRules): string | undefined => (read.ok ? read.hash : undefined);

const CONCERNS = /(\.rule|\.test|^_defaults)\.yaml$/;
