import { type Html, html, raw } from '../../platform/text/html.ts';
import type { RiskFigures } from './risk-figures.ts';

export interface RiskReport {
  readonly title: string;
  readonly label: string;
  readonly figures: RiskFigures;
  readonly probabilities: Float64Array;
  readonly labels: Uint8Array;
  /** Strongest first; none where only judged. */
  readonly drivers: readonly ReportDriver[];
}

export interface ReportDriver {
  readonly feature: string;
  /** Mean absolute weight, log-odds. */
  readonly strength: number;
  readonly bins: readonly { readonly weight: number; readonly words: string }[];
}

/** One page without scripts or anything from elsewhere: figures, ROC, lift, calibration and what drives the risk. */
export function riskReport({ title, label, figures, probabilities, labels, drivers }: RiskReport): string {
  const { interval95 } = figures;
  const ranked = curves(probabilities, labels);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>${STYLE}</head><body>
<h1>${title}</h1>
<p>${figures.n} customers, of whom ${figures.outcomes} had <code>${label}</code>.</p>
<table>
<tr><th>AUC</th><td>${figures.auc}</td><td>95 %: ${interval95.auc.join(' to ')}</td><td>chance that one who left stands above one who stayed</td></tr>
<tr><th>Lift, top tenth</th><td>${figures.liftTop10}</td><td>95 %: ${interval95.liftTop10.join(' to ')}</td><td>times as many leavers as in a tenth drawn by lot</td></tr>
<tr><th>Brier</th><td>${figures.brier}</td><td>95 %: ${interval95.brier.join(' to ')}</td><td>${figures.brierIfRecalibrated} if redrawn to fit these very rows</td></tr>
</table>
<div class="charts">
${chart('ROC', 'stayed, wrongly alarmed', 'left, found', ranked.roc, true)}
${chart('Gain', 'customers, riskiest first', 'left, found', ranked.gain, true)}
${chart('Calibration', 'foreseen', 'happened', reliabilityPoints(figures), true)}
</div>
<h2>Reliability</h2>
<table><tr><th>customers</th><th>foreseen</th><th>happened</th></tr>
${figures.reliability.map(({ rows, foreseen, happened }) => html`<tr><td>${rows}</td><td>${percent(foreseen)}</td><td>${percent(happened)}</td></tr>`)}
</table>
${drivers.length === 0 ? undefined : html`<h2>What drives the risk</h2>${drivers.slice(0, MAX_DRIVERS).map(driver)}`}
</body></html>
`.text;
}

/** Beyond these the effects are too small to look at. */
const MAX_DRIVERS = 20;
/** Bins of a driver that are shown; the model file has all. */
const MAX_BINS = 24;

function driver({ feature, strength, bins }: ReportDriver): Html {
  const most = Math.max(0.1, ...bins.map(({ weight }) => Math.abs(weight)));
  const shown = bins.slice(0, MAX_BINS);
  return html`<h3>${feature} <small>moves the log-odds by ${strength.toFixed(2)} on average</small></h3>
<table class="bars">${shown.map(
    ({ weight, words }) =>
      html`<tr><td>${words}</td><td class="n">${weight > 0 ? '+' : ''}${weight}</td><td>${bar(weight / most)}</td></tr>`,
  )}</table>`;
}

function bar(share: number): Html {
  const width = Math.abs(share) * 100;
  const x = share < 0 ? 100 - width : 100;
  return html`<svg width="200" height="12" role="img"><rect x="${x.toFixed(1)}" y="1" width="${width.toFixed(1)}" height="10" class="${share < 0 ? 'good' : 'bad'}"/></svg>`;
}

type Point = readonly [x: number, y: number];

function chart(title: string, x: string, y: string, points: readonly Point[], diagonal: boolean): Html {
  const at = ([px, py]: Point): string => `${(30 + px * 200).toFixed(1)},${(210 - py * 200).toFixed(1)}`;
  return html`<figure><figcaption>${title}</figcaption><svg viewBox="0 0 250 240" width="250" height="240" role="img" aria-label="${title}">
<rect x="30" y="10" width="200" height="200" class="frame"/>
${diagonal ? raw('<line x1="30" y1="210" x2="230" y2="10" class="chance"/>') : undefined}
<polyline points="${points.map(at).join(' ')}" class="curve"/>
<text x="130" y="232" text-anchor="middle">${x}</text><text x="12" y="110" text-anchor="middle" transform="rotate(-90 12 110)">${y}</text>
</svg></figure>`;
}

const reliabilityPoints = ({ reliability }: RiskFigures): readonly Point[] =>
  reliability.map(({ foreseen, happened }) => [foreseen, happened]);

/** Points of a curve; more would not be seen. */
const POINTS = 100;

/** Walks from the riskiest customer down. */
function curves(
  probabilities: Float64Array,
  labels: Uint8Array,
): { roc: readonly Point[]; gain: readonly Point[] } {
  const order = [...probabilities.keys()].sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0));
  const outcomes = labels.reduce((sum, label) => sum + label, 0);
  const roc: Point[] = [[0, 0]];
  const gain: Point[] = [[0, 0]];
  const every = Math.max(1, Math.floor(order.length / POINTS));
  let found = 0;
  for (const [index, row] of order.entries()) {
    found += labels[row] ?? 0;
    if ((index + 1) % every !== 0 && index + 1 !== order.length) continue;
    roc.push([(index + 1 - found) / (order.length - outcomes), found / outcomes]);
    gain.push([(index + 1) / order.length, found / outcomes]);
  }
  return { roc, gain };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const STYLE = raw(`<style>
body { font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733; }
table { border-collapse: collapse; margin: 0.5rem 0 1rem; } th, td { text-align: left; padding: 0.15rem 0.9rem 0.15rem 0; }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; } figcaption { font-weight: 600; }
.frame { fill: none; stroke: #b8c2cc; } .chance { stroke: #b8c2cc; stroke-dasharray: 4; }
.curve { fill: none; stroke: #1f5fbf; stroke-width: 2; } svg text { font-size: 11px; fill: #51606e; }
.bars td { padding: 0 0.8rem 0 0; } .bars .n { text-align: right; font-variant-numeric: tabular-nums; }
.bad { fill: #c4472f; } .good { fill: #2b8a57; } small { color: #51606e; font-weight: normal; }
</style>`);
