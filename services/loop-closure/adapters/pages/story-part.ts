import { type Html, type HtmlPart, html, httpUrl } from '../../../platform/text/html.ts';
import type { StoryEntry } from '../../domain/story.ts';
import { alertPath, moment, type PageContext } from './layout.ts';

/** The story as a list, newest first: what happened last is what the agent is called about. */
export const storyPart = (context: PageContext, story: readonly StoryEntry[]): Html =>
  story.length === 0
    ? html`<p class="soft">Nothing is known yet.</p>`
    : html`<ol class="story">${story.toReversed().map((entry) => storyLine(entry, context))}</ol>`;

const storyLine = (entry: StoryEntry, context: PageContext): Html => html`<li class="${entry.who}">
<span class="soft small">${moment(entry.at, context)} · ${whoWords(entry)}</span><br>
${entry.words}${alertLink(entry)}${sourceLink(entry)}
${entry.quote === undefined ? undefined : html`<blockquote>${entry.quote}</blockquote>`}
${moodWords(entry)}
</li>`;

const WHO_WORDS = { customer: 'customer', person: 'us', tocsin: 'Tocsin' } as const;

const whoWords = (entry: StoryEntry): string => entry.actor ?? WHO_WORDS[entry.who];

const alertLink = (entry: StoryEntry): HtmlPart =>
  entry.alertId !== undefined && entry.label !== undefined
    ? html` · <a href="${alertPath(entry.alertId)}">${entry.label}</a>`
    : undefined;

const sourceLink = (entry: StoryEntry): HtmlPart => {
  const url = httpUrl(entry.url);
  return url === undefined
    ? undefined
    : html` · <a href="${url}" rel="noreferrer noopener" target="_blank">source</a>`;
};

/** Mood, wishes and risk in one line, each only where there is something to say. */
const moodWords = (entry: StoryEntry): HtmlPart => {
  const parts = [sentimentWords(entry), entry.wants?.join(', '), riskWords(entry)].filter(
    (part) => part !== undefined && part !== '',
  );
  return parts.length === 0 ? undefined : html`<span class="soft small">${parts.join(' · ')}</span>`;
};

const sentimentWords = ({ sentiment }: StoryEntry): string | undefined => {
  if (sentiment === undefined || sentiment.label === 'unknown') return undefined;
  const words = sentiment.words.map(({ word }) => `“${word}”`).join(', ');
  const score = sentiment.score === undefined ? '' : ` (${sentiment.score.toFixed(2)})`;
  return `${sentiment.label}${score}${words === '' ? '' : `: ${words}`}`;
};

const riskWords = ({ risk }: StoryEntry): string | undefined => {
  if (risk === undefined) return undefined;
  const moved = risk.before === undefined ? '' : ` (was ${Math.round(risk.before)})`;
  const because = risk.because.length === 0 ? '' : `: ${risk.because.join(', ')}`;
  return `risk ${Math.round(risk.score)} of 100${moved}${because}`;
};
