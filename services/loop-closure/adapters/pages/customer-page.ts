import { subjectInWords } from '../../../contracts/identity.ts';
import { type Html, html } from '../../../platform/text/html.ts';
import { plain } from '../../domain/words.ts';
import type { CustomerFile } from '../../service.ts';
import { alertPath, layout, live, moment, type PageContext, ruleName, severityBadge } from './layout.ts';
import { storyPart } from './story-part.ts';

/** One customer: the whole story, and every alert there was about them. */
export const customerPage = (context: PageContext, file: CustomerFile): Html => {
  const name = file.profile?.name ?? subjectInWords(file.customerId);
  return layout(
    context,
    name,
    html`<h1>${name}</h1>
<p class="soft">${headWords(file)}</p>
<section class="card"><h2>Alerts</h2>${live('alerts', alertsPart(context, file))}</section>
<section class="card"><h2>The whole story</h2>${live('story', storyPart(context, file.story))}</section>`,
  );
};

const headWords = ({ customerId, profile, riskScore }: CustomerFile): string =>
  [
    customerId,
    profile?.valueTier,
    riskScore === undefined ? undefined : `risk ${Math.round(riskScore)} of 100`,
    profile?.contract === undefined ? undefined : `contract ${plain(profile.contract)}`,
    profile?.product,
    profile?.timezone === undefined ? undefined : `lives by ${profile.timezone} time`,
  ]
    .filter((part) => part !== undefined)
    .join(' · ');

const alertsPart = (context: PageContext, { alerts }: CustomerFile): Html =>
  alerts.length === 0
    ? html`<p class="soft">There was never an alert about this customer.</p>`
    : html`<table><tbody>${alerts.map(
        (
          row,
        ) => html`<tr><td class="nowrap"><a href="${alertPath(row.alertId)}">${row.label}</a> ${severityBadge(row.severity)}</td>
<td>${ruleName({ title: row.ruleTitle, id: row.ruleId })}</td><td>${row.status}${row.outcome === undefined ? undefined : html`: ${plain(row.outcome)}`}</td>
<td class="nowrap">${moment(row.openedAt, context)}</td></tr>`,
      )}</tbody></table>`;
