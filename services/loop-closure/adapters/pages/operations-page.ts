import type { Silence } from '../../../contracts/silence.ts';
import type { ParkedLetter } from '../../../platform/database/dead-letters.ts';
import { type Html, type HtmlPart, html } from '../../../platform/text/html.ts';
import {
  type Attention,
  needsAttention,
  type QueueStanding,
  type StageStanding,
  type SystemStanding,
  type Trouble,
} from '../../domain/operations.ts';
import { count, durationInWords, plain } from '../../domain/words.ts';
import {
  countdown,
  layout,
  live,
  moment,
  type Notice,
  noticePart,
  type PageContext,
  whoField,
} from './layout.ts';

/** How Tocsin itself is doing, on one page: for whoever is woken up. */
export const operationsPage = (context: PageContext, standing: SystemStanding, notice?: Notice): Html => {
  const needed = needsAttention(standing, context.now);
  return layout(
    context,
    needed.length === 0 ? 'Operations' : `(${needed.length}) Operations`,
    html`<h1>Operations</h1>
${noticePart(notice)}
${live('attention', attentionPart(needed, standing.version))}
${live('letters', lettersPart(context, standing))}
${live('timers', timersPart(context, standing))}
${live('outbox', queuesPart(context, standing.queues))}
${live('stages', stagesPart(context, standing.stages))}
${live('silences', silencesPart(context, standing))}
${live('rules', rulesPart(context, standing))}`,
  );
};

const attentionPart = (
  needed: readonly Attention[],
  version: string,
): Html => html`<section class="card notice ${needed.length > 0 && 'refused'}">
<h2>${needed.length === 0 ? 'All is well' : 'What needs attention'}</h2>
${
  needed.length === 0
    ? html`<p>Nothing is late, stuck or set aside.</p>`
    : html`<ul>${needed.map(
        ({ trouble, what }) =>
          html`<li>${TROUBLE_WORDS[trouble](what)} <span class="soft small">infra/runbooks/${RUNBOOKS[trouble]}</span></li>`,
      )}</ul>`
}
<p class="soft small">Tocsin ${version}. This page is read anew every 15 seconds. Further: <code>npx tocsin doctor</code> checks settings, rules, disk and data,
<code>npx tocsin ledger</code> accounts for every input, <a href="/metrics">/metrics</a> is for Prometheus.</p></section>`;

const TROUBLE_WORDS: Readonly<Record<Trouble, (what: string) => string>> = {
  not_ready: (why) => `This process cannot do its work: ${why}.`,
  rules_silent: (why) => `Action-management does not say which rules and silences are in force: ${why}.`,
  timers_late: (overdue) => `Deadlines are late: ${count(Number(overdue), 'timer')} overdue.`,
  stage_behind: (stage) => `${stage} is behind: its oldest input waits for more than five minutes.`,
  outbox_stuck: (queue) => `${queue}: the oldest waits for more than five minutes.`,
  dead_letters: (parked) => `${count(Number(parked), 'dead letter')} waiting for somebody.`,
  rules_refused: (folder) => `The rules of ${folder} are refused; those that were in force before judge.`,
  rule_quarantined: (rule) => `The rule ${rule} kept failing and is judged no more.`,
};

/** Files in `infra/runbooks`. */
export const RUNBOOKS: Readonly<Record<Trouble, string>> = {
  not_ready: 'consumer-dead.md',
  rules_silent: 'consumer-dead.md',
  timers_late: 'timers-late.md',
  stage_behind: 'consumer-lag.md',
  outbox_stuck: 'messages-stuck.md',
  dead_letters: 'dead-letters.md',
  rules_refused: 'rules-refused.md',
  rule_quarantined: 'rule-quarantined.md',
};

const lettersPart = (context: PageContext, { letters }: SystemStanding): Html => {
  const { counts, waiting, settled } = letters;
  return html`<section class="card"><h2>Dead letters: ${counts.parked} waiting for somebody</h2>
<p class="soft small">Records that could not be processed. They were set aside whole, and everything behind them went on.
Being retried: ${counts.retrying}; went well: ${counts.retried}; given up: ${counts.dropped}.</p>
${
  counts.parked > 1 &&
  html`<details class="action"><summary>Retry all ${counts.parked}</summary><form method="post" action="/operations/dead-letters/retry-all">${whoField(context)}
<label class="wide">What has changed since <input name="reason" maxlength="2000" size="36"></label><button>Retry all of them</button></form>
<p class="soft small">Those of one process or cause, or to give many up: <code>npx tocsin dlq retry --help</code></p></details>`
}
${waiting.map((letter) => letterPart(context, letter))}
${counts.parked + counts.retrying > waiting.length && html`<p class="soft">The oldest ${waiting.length} are shown. All of them: <code>npx tocsin dlq list --status parked</code></p>`}
${settled.length > 0 && html`<details class="action"><summary>Settled lately</summary><ul>${settled.map((letter) => settledItem(context, letter))}</ul></details>`}</section>`;
};

/** A record longer than this is for a shell. */
const SHOWN_CHARACTERS = 4_000;

const letterPart = (context: PageContext, letter: ParkedLetter): Html => html`<div class="letter">
<p><b>${plain(letter.reason)}</b> in ${letter.process}, from ${letter.topic}, <span class="nowrap">since ${moment(letter.at, context)}</span>${letter.attempts > 1 && `, tried ${letter.attempts} times`}${letter.status === 'retrying' && ', being retried now'}<br>
${letter.detail.split('\n')[0]}<br><span class="soft small id">${letter.id}</span>${decisionPart(context, letter)}</p>
<details class="action"><summary>The record</summary><pre>${letter.payload.slice(0, SHOWN_CHARACTERS)}</pre>
${letter.payload.length > SHOWN_CHARACTERS && html`<p class="soft small">The first ${SHOWN_CHARACTERS} characters are shown.</p>`}
<p class="soft small">To repair it: <code>npx tocsin dlq show '${letter.id}'</code>, then <code>npx tocsin dlq retry '${letter.id}' --payload FILE.json</code></p></details>
${
  letter.status === 'parked' &&
  html`<details class="action"><summary>Retry</summary>${letterForm(
    context,
    'retry',
    letter,
    html`<label class="wide">What has changed since <input name="reason" maxlength="2000" size="36"></label><button>Retry it</button>`,
  )}</details>
<details class="action"><summary>Give up</summary>${letterForm(
    context,
    'drop',
    letter,
    html`<label class="wide">Why it is not needed <input name="reason" required maxlength="2000" size="36"></label><button>Give it up</button>`,
  )}</details>`
}</div>`;

const letterForm = (context: PageContext, verb: 'retry' | 'drop', { id }: ParkedLetter, fields: Html): Html =>
  html`<form method="post" action="/operations/dead-letters/${verb}"><input type="hidden" name="id" value="${id}">${whoField(context)}${fields}</form>`;

const settledItem = (context: PageContext, letter: ParkedLetter): Html =>
  html`<li>${letter.status === 'dropped' ? 'Given up' : 'Retried, and went well'}: <span class="id">${letter.id}</span>, ${plain(letter.reason)}${decisionPart(context, letter)}</li>`;

const decisionPart = (context: PageContext, { decision }: ParkedLetter): HtmlPart =>
  decision !== undefined &&
  html`<br><span class="soft small">Decided by ${context.names.person(decision.by)}, ${moment(decision.at, context)}${decision.why !== undefined && `: “${decision.why}”`}</span>`;

const timersPart = (context: PageContext, { timers }: SystemStanding): Html => html`<section class="card">
<h2>Timers: ${timers.pending} set, ${timers.overdue} overdue</h2>
${
  timers.earliest.length === 0
    ? html`<p class="soft">No timer is set: no alert is open.</p>`
    : html`<p class="soft small">The earliest ones. One stays overdue for more than a minute only when the pipeline does not run or does not keep up.</p>
<table class="stacked"><thead><tr><th>Due</th><th>At</th><th>Process</th><th>For</th></tr></thead><tbody>${timers.earliest.map(
        ({ process, key, name, dueAt }) =>
          html`<tr><td>${countdown(dueAt, context.now)}</td><td>${moment(dueAt, context)}</td><td>${process}<br><span class="soft small">${name}</span></td><td class="id">${key}</td></tr>`,
      )}</tbody></table>`
}
${timers.pending > timers.earliest.length && html`<p class="soft small">More of them: <code>npx tocsin timers</code></p>`}</section>`;

const queuesPart = (
  context: PageContext,
  queues: readonly QueueStanding[],
): Html => html`<section class="card"><h2>Outbox</h2>
<table><thead><tr><th>What</th><th class="number">Waiting</th><th>The oldest</th></tr></thead><tbody>${queues.length === 0 && html`<tr><td colspan="3" class="soft">Nothing waits to be sent.</td></tr>`}${queues.map(
  ({ name, waiting, oldestSince }) =>
    html`<tr><td>${name}</td><td class="number">${waiting}</td><td>${oldestSince === undefined ? html`<span class="soft">–</span>` : html`wanted since ${moment(oldestSince, context)}`}</td></tr>`,
)}</tbody></table></section>`;

const stagesPart = (
  context: PageContext,
  stages: readonly StageStanding[],
): Html => html`<section class="card"><h2>Stages</h2>
<table class="stacked"><thead><tr><th>Stage</th><th>Waiting</th><th class="number">Handled</th><th class="number">Skipped</th><th class="number">Set aside</th></tr></thead>
<tbody>${stages.map(
  (
    stage,
  ) => html`<tr><td>${stage.name}<br><span class="soft small">${stage.reads.join(', ')}</span></td><td>${lagCell(context, stage)}</td>
<td class="number">${stage.handled} <span class="phone soft small">handled</span></td><td class="number">${stage.skipped} <span class="phone soft small">skipped</span></td><td class="number">${stage.setAside} <span class="phone soft small">set aside</span></td></tr>`,
)}</tbody></table>
<p class="soft small">Counted since the beginning. Skipped is what does not concern a stage, or what it had before.</p></section>`;

const lagCell = (context: PageContext, { waiting, waitingSince }: StageStanding): HtmlPart => {
  if (waiting === undefined) return html`<span class="soft">its own <code>/metrics</code> say</span>`;
  if (waitingSince === undefined) return waiting === 0 ? 'nothing' : String(waiting);
  return html`${waiting}, the oldest for ${durationInWords(Math.max(0, context.now - waitingSince))}`;
};

const silencesPart = (context: PageContext, standing: SystemStanding): Html => {
  const { silences } = standing;
  if (silences === undefined) {
    return html`<section class="card"><h2>Silences</h2><p>Action-management keeps them. ${notAsked(standing)}</p></section>`;
  }
  return html`<section class="card"><h2>Silences: ${silences.length}</h2>
${silences.length === 0 ? html`<p class="soft">Nothing is silenced.</p>` : silences.map((silence) => silencePart(context, silence))}
<p class="soft small">To add one: <code>npx tocsin silence add --help</code></p></section>`;
};

const silencePart = (context: PageContext, silence: Silence): Html => html`<div class="letter">
<p><b>${silence.reason}</b><br>${coversInWords(silence)}, by ${context.names.person(silence.by)}<br>
${silence.startsAt > context.now ? html`from ${moment(silence.startsAt, context)} ` : 'in force '}until ${moment(silence.endsAt, context)}
<span class="soft small">${silence.id}</span></p>
<form method="post" action="/operations/silences/end"><input type="hidden" name="id" value="${silence.id}">${whoField(context)}<button class="plain">End it now</button></form></div>`;

const coversInWords = ({ rule, subject, product, region }: Silence): string =>
  Object.entries({ rule, customer: subject, product, region })
    .flatMap(([what, which]) => (which === undefined ? [] : [`${what} ${which}`]))
    .join(', ');

const notAsked = ({ silent }: SystemStanding): Html =>
  silent === undefined
    ? html`This page asks it where <code>TOCSIN_ACTION_MANAGEMENT_URL</code> says how to reach it.`
    : html`It does not answer.`;

const rulesPart = (context: PageContext, standing: SystemStanding): Html => {
  if (standing.rules === undefined) {
    return html`<section class="card"><h2>Rules</h2><p>Action-management judges by them. ${notAsked(standing)}</p></section>`;
  }
  const { hash, folder, rules, quarantined, lastReload } = standing.rules;
  return html`<section class="card"><h2>Rules in force: ${rules.length}</h2>
<p>Set <b class="id">${hash}</b><br><span class="soft small id">${folder}</span>${
    lastReload !== undefined &&
    html`<br><span class="${lastReload.outcome === 'refused' && 'late'}">Last read ${moment(lastReload.at, context)}: ${plain(lastReload.outcome)}</span>`
  }</p>
${lastReload !== undefined && lastReload.problems.length > 0 && html`<pre>${lastReload.problems.join('\n')}</pre>`}
${quarantined.map(
  ({ rule, errors, error }) =>
    html`<p class="late">${rule} is in quarantine after ${errors} errors: ${error}<br><span class="soft small">To judge by it again: <code>npx tocsin rules quarantine release ${rule}</code></span></p>`,
)}
<table class="stacked"><thead><tr><th>Rule</th><th>Stage</th></tr></thead><tbody>${rules.map(
    ({ id, title, stage }) =>
      html`<tr><td>${title} <span class="soft small id">${id}</span></td><td>${stage}</td></tr>`,
  )}</tbody></table></section>`;
};
