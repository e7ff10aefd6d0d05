import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../services/platform/time/clock.ts';
import { fitSentiment } from '../../services/scoring/fit/sentiment/fit-sentiment.ts';
import { writeSentimentModel } from '../../services/scoring/fit/sentiment/write-model.ts';
import { loadScoringSettings } from '../../services/scoring/settings.ts';
import { openStage, type Stage } from '../fault/support/stage.ts';
import { Recording } from './support/recording.ts';

// A model that was fitted on as many glad as angry customers, and then all are angry. What our own metrics show, and when
// our own rule would have called somebody.

const THINGS = ['bill', 'router', 'order', 'parcel', 'phone', 'contract', 'invoice', 'app'];
const GLAD = [
  'great help with my',
  'the agent was friendly about the',
  'very happy with the',
  'thanks for the quick',
];
const ANGRY = [
  'terrible trouble with my',
  'nobody answers about the',
  'very angry about the',
  'you lost the',
];
const textsOf = (words: readonly string[]): readonly string[] =>
  words.flatMap((said) => THINGS.map((thing) => `${said} ${thing}`));

/** Prometheus forgets a series that is not seen for five minutes. */
const EVERY = 4 * MINUTE;

test('texts that are no longer those that the model was fitted on', async () => {
  const stage = await stageWithFittedModel();
  const recording = new Recording();
  const goOn = async (ms: number, texts: readonly string[] = []): Promise<void> => {
    for (let passed = 0; passed < ms; passed += EVERY) {
      await say(stage, texts);
      stage.clock.advance(EVERY);
      await stage.settle();
      recording.add('a', stage.clock.now(), (await stage.tocsin.app.inject('/metrics')).payload);
    }
  };
  await goOn(EVERY);
  await goOn(HOUR, [...textsOf(GLAD), ...textsOf(ANGRY)]);
  await goOn(7 * HOUR);
  const shifted = stage.clock.now();
  await goOn(2 * HOUR, [...textsOf(ANGRY), ...textsOf(ANGRY)]);
  await goOn(5 * HOUR);
  const fired = (await recording.judge()).of('TocsinScoreDrift');
  expect(fired.map(({ labels }) => labels)).toEqual([{ model: 'sentiment' }]);
  expect(fired[0]?.atMs).toBeGreaterThan(shifted + 6 * HOUR);
}, 120_000);

async function stageWithFittedModel(): Promise<Stage> {
  const stage = await openStage();
  const settings = loadScoringSettings(stage.rulesFolder);
  if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
  const texts = [
    ...textsOf(GLAD).map((text) => ({ text, mood: 'positive' as const })),
    ...textsOf(ANGRY).map((text) => ({ text, mood: 'negative' as const })),
  ];
  const fitted = fitSentiment(texts, settings.value.lexicon, { seed: 1, onProgress: () => undefined });
  if (!fitted.ok) throw new Error(fitted.reason);
  await stage.stop();
  writeFileSync(join(stage.rulesFolder, 'sentiment-model.yaml'), writeSentimentModel(fitted.model));
  await stage.start();
  return stage;
}

async function say(stage: Stage, texts: readonly string[]): Promise<void> {
  const { log } = stage.tocsin.pipeline.store;
  const occurredAt = stage.clock.now();
  const records = texts.map((text, index) => {
    const id = `${occurredAt}-${index}`;
    return { id, key: id, value: { id, customerId: id, occurredAt, text } };
  });
  if (records.length > 0) await log.publish('complaints', records);
}
