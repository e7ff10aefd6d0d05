import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readRuleSet } from '../../action-management/domain/read-rule-set.ts';
import { createActionManagementProcesses, RuleSetHolder } from '../../action-management/service.ts';
import { openEmbeddedStore } from '../../platform/database/embedded-store.ts';
import { Runner } from '../../platform/keyed-process/runner.ts';
import { Topology } from '../../platform/keyed-process/topology.ts';
import { ManualClock } from '../../platform/time/clock.ts';
import { TEMPLATES } from '../../settings/templates.ts';
import { RulesBroken } from '../rules-folder.ts';
import { benchEvents } from './rules-bench-set.ts';

/** A rule about segments, on disk, with as many segments as asked for. */
export interface SegmentFigures {
  readonly segmentKeys: number;
  readonly segmentSignalsPerSecond: number;
  /** CPU time of a signal when all segments are known, over that of the first ones. */
  readonly segmentCostRatioManyKeys: number;
  /** On disk, with its share of the log of signals. */
  readonly diskBytesPerSegment: number;
}

const RULE = `apiVersion: tocsin/v1
kind: Rule
metadata: {id: spike, title: Spike, owner: team/bench, stage: live}
spec:
  listen: [complaint.received]
  scope: segment
  key: [product, region]
  windows:
    now_1h: {of: complaint.received, fn: count, over: 1h}
    people_1h: {of: complaint.received, fn: distinct, field: customer_id, over: 1h}
  when: {now_1h: {gte: 15}, people_1h: {gte: 10}}
  timebox: {calendar: 24x7, ack_by: 15m}
  route: [{to: team/bench}]
  escalate: [{at: opened, notify: ["slack:#bench"]}]
`;

/** Records handed to the log at a time. */
const BATCH = 500;
/** The part at the beginning and at the end by which the cost of few and of many keys is compared. */
const COMPARED = 10;

/** One signal in each segment, through the log, both processes and the commit. */
export async function benchSegments(options: {
  readonly dir: string;
  readonly segments: number;
  readonly seed: number;
}): Promise<SegmentFigures> {
  const { dir, segments, seed } = options;
  const read = readRuleSet([{ name: 'spike.rule.yaml', text: RULE }], {
    teams: ['bench'],
    calendars: [],
    templates: TEMPLATES,
  });
  if (!read.ok) throw new RulesBroken(read.problems);
  const clock = new ManualClock('2026-03-02T08:00:00Z');
  const store = openEmbeddedStore(dir, clock, []);
  const runner = new Runner({
    topology: new Topology(createActionManagementProcesses({ ruleSet: new RuleSetHolder(read.ruleSet) }), [
      'segment-entries',
    ]),
    store: store.partition('segment-bench', new Map()),
    openFeed: store.openFeed,
    clock,
    observers: [],
  });
  const templates = benchEvents(BATCH, seed);
  const micros: number[] = [];
  const began = performance.now();
  for (let from = 0; from < segments; from += BATCH) {
    const before = process.cpuUsage();
    const batch = templates.slice(0, Math.min(BATCH, segments - from)).map((event, n) => {
      const id = `s${from + n}`;
      // Spread, so that neighbours in time are no neighbours on disk.
      const segment = ((from + n) * SPREAD) % segments;
      const signal = {
        ...event.signal,
        id,
        type: 'complaint.received' as const,
        product: `product-${segment % PRODUCTS}`,
        region: `region-${Math.floor(segment / PRODUCTS)}`,
        occurredAt: clock.now(),
        receivedAt: clock.now(),
      };
      return { id, key: event.customerId, value: { ...event, id, assessedAt: clock.now(), signal } };
    });
    await store.log.publish('assessments', batch);
    await runner.drain();
    const { user, system } = process.cpuUsage(before);
    micros.push((user + system) / batch.length);
  }
  const seconds = (performance.now() - began) / 1000;
  store.close();
  const part = Math.max(1, Math.floor(micros.length / COMPARED));
  return {
    segmentKeys: segments,
    segmentSignalsPerSecond: Math.round(segments / seconds),
    segmentCostRatioManyKeys: Number(
      (mean(micros.slice(-part)) / mean(micros.slice(part, 2 * part))).toFixed(2),
    ),
    diskBytesPerSegment: Math.round(bytesIn(dir) / segments),
  };
}

const PRODUCTS = 1_000;
/** A prime that divides no round number of segments, so that each segment gets its one signal. */
const SPREAD = 7_919;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

const bytesIn = (dir: string): number =>
  readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
