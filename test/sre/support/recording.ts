import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rulesIn, seriesNames } from '../../architecture/alert-rules.ts';
import { filesMatching } from '../../architecture/source-tree.ts';
import { freePort, startChildServer } from '../../bench-servers/child-server.ts';
import { run } from './run.ts';

const rules = filesMatching('infra/prometheus/*.rules.yaml').flatMap(rulesIn);
const WANTED = new Set(rules.flatMap(({ expr }) => seriesNames(expr)));

/** What a Prometheus would have scraped from our own `/metrics`, at instants that the test chooses. */
export class Recording {
  readonly #lines: string[] = [];
  #from = Number.POSITIVE_INFINITY;
  #to = 0;

  /** Adds a scrape of `instance`; without a text it did not answer. */
  add(instance: string, atMs: number, metrics: string | undefined, job = 'tocsin'): void {
    this.#from = Math.min(this.#from, atMs);
    this.#to = Math.max(this.#to, atMs);
    const place = `job="${job}",instance="${instance}"`;
    this.#lines.push(`up{${place}} ${metrics === undefined ? 0 : 1} ${atMs / 1000}`);
    for (const line of (metrics ?? '').split('\n')) {
      const [, name = '', , labels = '', value] = /^([a-z_:]+)(\{(.*)\})? (\S+)$/i.exec(line) ?? [];
      if (!WANTED.has(name)) continue;
      this.#lines.push(`${name}{${[place, labels].filter(Boolean).join(',')}} ${value} ${atMs / 1000}`);
    }
  }

  /** Asks a real Prometheus that holds these scrapes which alerts would have fired, and when. */
  async judge(): Promise<Verdict> {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-recording-'));
    try {
      writeFileSync(join(folder, 'scrapes'), `${this.#lines.join('\n')}\n# EOF\n`);
      run('promtool', [
        'tsdb',
        'create-blocks-from',
        'openmetrics',
        join(folder, 'scrapes'),
        join(folder, 'tsdb'),
      ]);
      return await this.#ask(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async #ask(folder: string): Promise<Verdict> {
    writeFileSync(join(folder, 'empty.yaml'), '{}');
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const prometheus = await startChildServer({
      name: 'Prometheus',
      command: 'prometheus',
      args: [
        `--config.file=${join(folder, 'empty.yaml')}`,
        `--storage.tsdb.path=${join(folder, 'tsdb')}`,
        // The scrapes are of a made-up day.
        '--storage.tsdb.retention.time=100y',
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      cwd: folder,
      logFile: join(folder, 'log'),
      answers: async () => {
        if (!(await fetch(`${url}/-/ready`)).ok) throw new Error('not ready');
      },
    });
    try {
      const fired = new Map<string, readonly Fired[]>();
      for (const rule of rules) {
        if (rule.alert === undefined) continue;
        const { result } = await query(url, inlined(rule.expr), this.#from, this.#to);
        fired.set(rule.alert, firings(result, secondsOf(rule.for)));
      }
      return new Verdict(fired);
    } finally {
      await prometheus.stop();
    }
  }
}

export interface Fired {
  readonly labels: Readonly<Record<string, string>>;
  readonly atMs: number;
}

export class Verdict {
  readonly #fired: ReadonlyMap<string, readonly Fired[]>;

  constructor(fired: ReadonlyMap<string, readonly Fired[]>) {
    this.#fired = fired;
  }

  /** Names of all alerts that fired before the instant, in order of name. */
  firedBefore(instantMs: number): readonly string[] {
    const names = [...this.#fired].filter(([, all]) => all.some(({ atMs }) => atMs < instantMs));
    return names.map(([name]) => name).toSorted();
  }

  /** Names of all alerts that fired at any time, without the one that always does. */
  get names(): readonly string[] {
    return this.firedBefore(Number.POSITIVE_INFINITY).filter((name) => name !== 'TocsinWatchdog');
  }

  of(alert: string): readonly Fired[] {
    return this.#fired.get(alert) ?? [];
  }
}

/** How often the rules are evaluated. */
const STEP_SECONDS = 30;

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

async function query(
  url: string,
  expr: string,
  from: number,
  to: number,
): Promise<{ result: readonly Series[] }> {
  const asked = new URLSearchParams({
    query: expr,
    start: String(from / 1000),
    end: String(to / 1000),
    step: String(STEP_SECONDS),
  });
  const answer = (await (await fetch(`${url}/api/v1/query_range?${asked}`)).json()) as {
    status: string;
    error?: string;
    data: { result: readonly Series[] };
  };
  if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error}`);
  return answer.data;
}

/** When each series had been there for as long as the rule waits. */
function firings(series: readonly Series[], waitSeconds: number): readonly Fired[] {
  return series.flatMap(({ metric, values }) => {
    let since: number | undefined;
    let before = Number.NaN;
    for (const [at] of values) {
      if (since === undefined || at - before > STEP_SECONDS) since = at;
      before = at;
      if (at - since >= waitSeconds) return [{ labels: metric, atMs: at * 1000 }];
    }
    return [];
  });
}

/** Recorded series are put in place: what was not evaluated at the time is evaluated now. */
function inlined(expr: string): string {
  return expr.replace(/\btocsin:[a-z0-9_:]+/g, (name) => {
    const recorded = rules.find(({ record }) => record === name);
    if (recorded === undefined) throw new Error(`nothing records ${name}`);
    return `(${inlined(recorded.expr)})`;
  });
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function secondsOf(duration = '0s'): number {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  return Number(count) * (SECONDS[unit] ?? Number.NaN);
}
